// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"
#include "qbound/quantize.hpp"

#include <string>
#include <string_view>

/// The words that stand for enumerators in reports and on the command line. Stable.
namespace qbound::internal {

[[nodiscard]] std::string_view word(Rounding rounding) noexcept;           ///< round, floor
[[nodiscard]] std::string_view word(Ties ties) noexcept;                   ///< even, away
[[nodiscard]] std::string_view word(Granularity granularity) noexcept;     ///< tensor, channel, network
[[nodiscard]] std::string_view word(FanInConvention convention) noexcept;  ///< grouped, paper

/// A quantizer's rule in words, without its bits: "round to nearest (ties to even), symmetric, one step per tensor, biases kept".
[[nodiscard]] std::string describe(const Quantizer& quantizer);
/// The same without its rounding: "symmetric, one step per tensor, biases kept".
[[nodiscard]] std::string describe_grid(const Quantizer& quantizer);

}  // namespace qbound::internal
