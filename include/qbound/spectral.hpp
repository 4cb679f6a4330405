// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"
#include "qbound/rounding.hpp"
#include "qbound/tensor.hpp"

#include <optional>
#include <vector>

namespace qbound {

/// Certified upper bound on ‖T‖_2, T the linear map u ↦ W u of a weight layer with its stride, dilation, groups and zero padding.
///
///   ‖T‖_2 ≤ result ≤ (1 + s)(1 + 1e-6)·max over groups and frequencies of σ_max(K(ω))
///
/// K(ω) is the transfer matrix on the smallest torus that holds image and padding; s = 0 on that torus, or at most kSamplingSlack
/// where a coarser grid of frequencies serves (large images). Dense and 1×1 layers: ‖W‖_2 itself, s = 0.
///
/// Shape     `weight` in the layer's shape (W, W' or any other tensor for the layer's geometry), m × c/groups × kh × kw.
/// Covers    all rounding, twiddle factors, underflow; the entries are taken as exact reals.
/// Errors    none: a NaN or infinite entry, or an overflow, gives +∞; beyond kMaxSpectralOperations the result is cheap_norm_up's.
/// Cost      spectral_operations; memory about (taps/2 + 2)·order² doubles per group and 64 MiB. Same bits for any `threads`.
/// Source    docs/theory.md S1–S9.
[[nodiscard]] Upper spectral_norm_up(const WeightLayer& layer, const Tensor& weight, int threads);

/// The same for W − W' in real arithmetic (fl(W − W') is covered): ‖T_W − T_W'‖_2. Source docs/theory.md S11.
[[nodiscard]] Upper delta_spectral_norm_up(const WeightLayer& layer, const Tensor& weight, const Tensor& quantized, int threads);

/// min(√(‖T‖_1‖T‖_∞), Frobenius norm of Σ|W_tap|): a certified upper bound on ‖T‖_2 in one pass over W, within √(taps·channels) or
/// so. Source docs/theory.md S10.
[[nodiscard]] Upper cheap_norm_up(const WeightLayer& layer, const Tensor& weight);

/// Certified upper bounds on the rows' 2-norms (Σ_j W_ij²)^{1/2}, one per output channel: together the 2→∞ norm of the layer is at
/// most the largest. The rows of W − W' are taken in real arithmetic. Cost: one pass. Source docs/theory.md S11.
[[nodiscard]] std::vector<double> row_norms2_up(const Tensor& weight);
[[nodiscard]] std::vector<double> delta_row_norms2_up(const Tensor& weight, const Tensor& quantized);

/// Looseness that spectral_norm_up may trade for fewer frequencies.
inline constexpr double kSamplingSlack = 1e-3;
/// Multiply-adds per layer beyond which the certificate is given up.
inline constexpr double kMaxSpectralOperations = 1e13;

/// Multiply-adds of one spectral_norm_up, from the shapes alone.
[[nodiscard]] double spectral_operations(const WeightLayer& layer);

/// 2-norms of one layer for θ, θ' and their difference.
struct LayerSpectralNorms {
    Upper two;                 ///< ≥ ‖T_W‖_2: does not depend on the quantizer, so callers keep it between bit widths
    Upper two_quantized;       ///< ≥ ‖T_W'‖_2
    Upper two_delta;           ///< ≥ ‖T_W − T_W'‖_2
    std::vector<double> rows;  ///< ≥ the rows' 2-norms, one per output channel: of W,
    std::vector<double> rows_quantized;  ///< of W',
    std::vector<double> rows_delta;      ///< and of W − W'
};

/// `known` is the layer's `two` from an earlier call, if any. ‖W'‖ ≤ ‖W‖ + ‖ΔW‖ serves where that is as tight as a computation.
[[nodiscard]] LayerSpectralNorms layer_spectral_norms(const WeightPair& pair, std::size_t layer, std::optional<Upper> known,
                                                      int threads);

}  // namespace qbound
