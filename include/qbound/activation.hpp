// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qbound {

enum class ActivationFunction {
    relu,
    clip,
    leaky_relu,
    prelu,
    sigmoid,
    tanh,
    hard_sigmoid,
    softplus,
    softsign,
    elu,
    selu,
    erf,
    hard_swish,
    silu,
    gelu,
    gelu_tanh,
    mish,
};

/// An activation ρ applied entrywise. Its parameters are those of ONNX: `alpha` and `beta` of LeakyRelu, HardSigmoid, Elu, Selu
/// (beta holds Selu's gamma); `lower` and `upper` of Clip; `slopes` of PRelu, one per channel or one for all.
struct Activation {
    ActivationFunction function = ActivationFunction::relu;
    double alpha = 0;
    double beta = 0;
    double lower = -std::numeric_limits<double>::infinity();
    double upper = std::numeric_limits<double>::infinity();
    std::vector<double> slopes = {};
    friend bool operator==(const Activation&, const Activation&) = default;
};

/// A closed interval of reals that contains the exact value in question.
struct Interval {
    double lower;
    double upper;
};

enum class Monotonicity {
    rising,   ///< never falls
    falling,  ///< never rises
    valley,   ///< falls up to a point of [turn_lower, turn_upper], rises after it
};

/// What bounds may know of an activation with its parameters fixed. Every number is rounded outward; each fact is proved in
/// docs/theory.md (V2–V9) and tested in multiprecision. No method branches on an activation's name.
struct ActivationFacts {
    double lipschitz;    ///< κ ≥ sup |ρ(s) − ρ(t)| / |s − t|
    double slope_lower;  ///< every difference quotient lies in [slope_lower, slope_upper]
    double slope_upper;
    double growth;     ///< |ρ(t) − ρ(0)| ≤ growth·|t|
    Interval at_zero;  ///< encloses ρ(0)
    double cap;        ///< |ρ| ≤ cap everywhere (+∞ if unbounded)
    double spread;     ///< sup ρ − inf ρ ≤ spread (+∞ if unbounded)
    double clip_distance;  ///< |ρ(t)| ≤ max(|t|, clip_distance) where that is sharper than growth·|t| + |ρ(0)|; +∞ if no such fact
    Monotonicity monotonicity;
    double turn_lower;  ///< valley: brackets the turning point
    double turn_upper;
    double minimum;         ///< valley: ≤ the smallest value of ρ
    double identity_lower;  ///< on [identity_lower, identity_upper] ρ(t) − ρ(s) = t − s exactly; empty if lower > upper
    double identity_upper;
    bool fixes_zero;  ///< ρ(0) = 0 exactly
    bool contracts;   ///< 1-Lipschitz and |ρ(t)| ≤ |t|: the hypothesis of the two papers
};

/// One row of the activation table.
struct ActivationRow {
    ActivationFunction function;
    std::string_view op;  ///< ONNX operator name
    /// Value in double, for evaluation: rounded, no guarantee.
    double (*approx_value)(const Activation&, double slope, double t);
    /// Derivative in double (a subgradient at kinks), for ascent: no guarantee.
    double (*approx_derivative)(const Activation&, double slope, double t);
    /// Encloses ρ(t) for a finite t, or its limit for an infinite one; a NaN gives the whole line (docs/theory.md V1).
    Interval (*enclose)(const Activation&, double slope, double t);
    ActivationFacts (*facts)(const Activation&, double slope);
    /// See activation_defect.
    std::optional<std::string> (*defect)(const Activation&);
};

/// The row of `function`.
[[nodiscard]] const ActivationRow& activation_row(ActivationFunction function) noexcept;

/// All rows, in the order of the table in docs/theory.md.
[[nodiscard]] const std::vector<ActivationRow>& activation_table() noexcept;

/// The slope parameter of channel `channel` (PRelu; LeakyRelu's alpha otherwise), which the row's functions take.
[[nodiscard]] double activation_slope(const Activation& activation, std::int64_t channel) noexcept;

/// Why the parameters are refused: NaN or infinite ones, an empty Clip, Elu or Selu with a negative parameter, a Selu whose
/// gamma·max(1, alpha) overflows, a PRelu without slopes. Empty if the activation is fine. The table's functions and facts hold for
/// activations without a defect.
[[nodiscard]] std::optional<std::string> activation_defect(const Activation& activation);

/// Encloses {ρ(t) : t ∈ range}, by the row's monotonicity facts (docs/theory.md V5). Ends may be infinite; a range that is empty or
/// has a NaN gives the whole line.
[[nodiscard]] Interval enclose_range(const Activation& activation, double slope, const ActivationFacts& facts, Interval range);

}  // namespace qbound
