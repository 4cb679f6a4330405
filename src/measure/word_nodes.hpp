// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measure/words.hpp"
#include "qbound/network.hpp"

/// Node kinds on tensors of balls (docs/theory.md E6–E9).
namespace qbound::internal {

/// W u + b with the middle's products by `forward_layer`, exactly. Precondition: fan-in·2^(2β−2) ≤ 2^53.
/// Cost    words of W × words of u forward passes of the layer; memory a 64-bit integer per output and word.
[[nodiscard]] Words layer_words(const WeightLayer& layer, std::span<const double> weight, std::span<const double> bias,
                                const Dims& in, const Dims& out, const Words& u, const WordFormat& format);
/// scale_c·t + shift_c.
[[nodiscard]] Words diagonal_words(std::span<const double> scale, std::span<const double> shift, const Dims& dims, const Words& t,
                                   const WordFormat& format);
[[nodiscard]] Words activation_words(const Activation& activation, const Dims& dims, Words t, const WordFormat& format);
[[nodiscard]] Words concat_words(const Concat& concat, const std::vector<const Words*>& inputs, const std::vector<Dims>& in,
                                 const Dims& out, const WordFormat& format);
[[nodiscard]] Words max_pool_words(const MaxPool& pool, const Dims& in, const Dims& out, const Words& t, const WordFormat& format);
[[nodiscard]] Words average_pool_words(const AveragePool& pool, const Dims& in, const Dims& out, const Words& t,
                                       const WordFormat& format);
[[nodiscard]] Words select_words(const Select& select, const Dims& in, const Dims& out, const Words& t, const WordFormat& format);

}  // namespace qbound::internal
