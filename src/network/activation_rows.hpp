// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/activation_interval.hpp"
#include "qbound/activation.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

/// The rows of the activation table, one function each; facts are proved in docs/theory.md, section V.
namespace qbound::internal {

[[nodiscard]] ActivationRow relu_row();
[[nodiscard]] ActivationRow clip_row();
[[nodiscard]] ActivationRow leaky_relu_row();
[[nodiscard]] ActivationRow prelu_row();
[[nodiscard]] ActivationRow hard_sigmoid_row();
[[nodiscard]] ActivationRow hard_swish_row();

[[nodiscard]] ActivationRow sigmoid_row();
[[nodiscard]] ActivationRow tanh_row();
[[nodiscard]] ActivationRow softplus_row();
[[nodiscard]] ActivationRow softsign_row();
[[nodiscard]] ActivationRow elu_row();
[[nodiscard]] ActivationRow selu_row();
[[nodiscard]] ActivationRow erf_row();

[[nodiscard]] ActivationRow silu_row();
[[nodiscard]] ActivationRow gelu_row();
[[nodiscard]] ActivationRow gelu_tanh_row();
[[nodiscard]] ActivationRow mish_row();

/// The enclosure of a row: `Enclose`, and the whole line for a NaN.
template <Interval (*Enclose)(const Activation&, double, double)>
Interval nan_safe(const Activation& activation, double slope, double t) {
    return std::isnan(t) ? Interval{-kInfinity, kInfinity} : Enclose(activation, slope, t);
}

/// The defect of a row without parameters.
[[nodiscard]] inline std::optional<std::string> no_defect(const Activation&) {
    return std::nullopt;
}

/// `reason`, unless `fine`.
[[nodiscard]] inline std::optional<std::string> refuse_unless(bool fine, const char* reason) {
    return fine ? std::nullopt : std::optional<std::string>(reason);
}

/// Facts of a rising function with difference quotients in [slope_lower, slope_upper] and ρ(0) = 0, about which nothing else is
/// known: unbounded, nowhere the identity. Rows refine it. The growth is the Lipschitz constant, which always serves.
[[nodiscard]] inline ActivationFacts rising_through_zero(double slope_lower, double slope_upper) noexcept {
    const double lipschitz = std::max(std::abs(slope_lower), std::abs(slope_upper));
    return ActivationFacts{.lipschitz = lipschitz,
                           .slope_lower = slope_lower,
                           .slope_upper = slope_upper,
                           .growth = lipschitz,
                           .at_zero = point(0),
                           .cap = kInfinity,
                           .spread = kInfinity,
                           .clip_distance = kInfinity,
                           .monotonicity = Monotonicity::rising,
                           .turn_lower = 0,
                           .turn_upper = 0,
                           .minimum = -kInfinity,
                           .identity_lower = kInfinity,
                           .identity_upper = -kInfinity,
                           .fixes_zero = true,
                           .contracts = lipschitz <= 1};
}

/// Facts of a function that falls to `minimum`, reached within [turn_lower, turn_upper], and rises after it, with ρ(0) = 0.
[[nodiscard]] inline ActivationFacts valley_through_zero(double slope_lower, double slope_upper, Interval turn,
                                                         double minimum) noexcept {
    ActivationFacts facts = rising_through_zero(slope_lower, slope_upper);
    facts.monotonicity = Monotonicity::valley;
    facts.turn_lower = turn.lower;
    facts.turn_upper = turn.upper;
    facts.minimum = minimum;
    return facts;
}

}  // namespace qbound::internal
