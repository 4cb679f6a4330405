// SPDX-License-Identifier: Apache-2.0
// Activations that are piecewise polynomials: no transcendental, so enclosures are exact or one unit in the last place wide.
#include "network/activation_rows.hpp"

namespace qbound::internal {
namespace {

// ---- Relu: max(t, 0) ----------------------------------------------------------------------------------------------------------

double relu(const Activation&, double, double t) {
    return t < 0 ? 0 : t;
}

double relu_derivative(const Activation&, double, double t) {
    return t > 0 ? 1 : 0;
}

Interval enclose_relu(const Activation&, double, double t) {
    return point(std::max(0.0, t));
}

ActivationFacts relu_facts(const Activation&, double) {
    ActivationFacts facts = rising_through_zero(0, 1);
    facts.identity_lower = 0;
    facts.identity_upper = kInfinity;
    return facts;
}

// ---- Clip: the point of [lower, upper] nearest to t -----------------------------------------------------------------------------

double clip(const Activation& a, double, double t) {
    return std::clamp(t, a.lower, a.upper);
}

double clip_derivative(const Activation& a, double, double t) {
    return t > a.lower && t < a.upper ? 1 : 0;
}

Interval enclose_clip(const Activation& a, double, double t) {
    return point(std::clamp(t, a.lower, a.upper));
}

ActivationFacts clip_facts(const Activation& a, double) {
    const bool unlimited = a.lower == -kInfinity && a.upper == kInfinity;
    ActivationFacts facts = rising_through_zero(unlimited ? 1 : 0, a.lower == a.upper ? 0 : 1);
    facts.at_zero = point(std::clamp(0.0, a.lower, a.upper));
    facts.cap = std::max(std::abs(a.lower), std::abs(a.upper));
    facts.spread = enclose_sum(a.upper, -a.lower).upper;
    facts.clip_distance = std::abs(facts.at_zero.upper);
    facts.identity_lower = a.lower;
    facts.identity_upper = a.upper;
    facts.fixes_zero = a.lower <= 0 && a.upper >= 0;
    facts.contracts = facts.fixes_zero;
    return facts;
}

std::optional<std::string> clip_defect(const Activation& a) {
    if (!(a.lower < kInfinity) || !(a.upper > -kInfinity)) return "a Clip limit is NaN or excludes every number";
    return refuse_unless(a.lower <= a.upper, "the lower Clip limit exceeds the upper one");
}

// ---- LeakyRelu, PRelu: t for t ≥ 0, slope·t for t < 0 ---------------------------------------------------------------------------

double leaky_relu(const Activation&, double slope, double t) {
    return t < 0 ? (slope == 0 ? 0 : slope * t) : t;
}

double leaky_relu_derivative(const Activation&, double slope, double t) {
    return t < 0 ? slope : 1;
}

Interval enclose_leaky_relu(const Activation&, double slope, double t) {
    return t < 0 ? enclose_product(slope, t) : point(t);
}

ActivationFacts leaky_relu_facts(const Activation&, double slope) {
    ActivationFacts facts =
        slope < 0 ? valley_through_zero(slope, 1, point(0), 0) : rising_through_zero(std::min(slope, 1.0), std::max(slope, 1.0));
    facts.identity_lower = slope == 1 ? -kInfinity : 0;
    facts.identity_upper = kInfinity;
    return facts;
}

std::optional<std::string> leaky_relu_defect(const Activation& a) {
    return refuse_unless(std::isfinite(a.alpha), "alpha is NaN or infinite");
}

std::optional<std::string> prelu_defect(const Activation& a) {
    if (a.slopes.empty()) return "PRelu has no slopes";
    const bool finite = std::all_of(a.slopes.begin(), a.slopes.end(), [](double slope) { return std::isfinite(slope); });
    return refuse_unless(finite, "a PRelu slope is NaN or infinite");
}

// ---- HardSigmoid: clip(alpha·t + beta, 0, 1) ------------------------------------------------------------------------------------

double hard_sigmoid(const Activation& a, double, double t) {
    return std::clamp((a.alpha == 0 ? 0 : a.alpha * t) + a.beta, 0.0, 1.0);
}

double hard_sigmoid_derivative(const Activation& a, double, double t) {
    const double line = a.alpha * t + a.beta;
    return line > 0 && line < 1 ? a.alpha : 0;
}

Interval enclose_hard_sigmoid(const Activation& a, double, double t) {
    if (a.alpha == 0 || t == 0) return point(std::clamp(a.beta, 0.0, 1.0));
    const double line = std::fma(a.alpha, t, a.beta);  // one rounding
    return {std::clamp(next_down(line), 0.0, 1.0), std::clamp(next_up(line), 0.0, 1.0)};
}

ActivationFacts hard_sigmoid_facts(const Activation& a, double) {
    ActivationFacts facts = rising_through_zero(std::min(a.alpha, 0.0), std::max(a.alpha, 0.0));
    facts.at_zero = point(std::clamp(a.beta, 0.0, 1.0));
    facts.cap = a.alpha == 0 ? facts.at_zero.upper : 1;
    facts.spread = a.alpha == 0 ? 0 : 1;
    if (a.alpha < 0) facts.monotonicity = Monotonicity::falling;
    if (a.alpha == 1) {
        facts.identity_lower = -a.beta;
        facts.identity_upper = enclose_sum(1, -a.beta).lower;
    }
    facts.fixes_zero = a.beta <= 0;
    facts.contracts = facts.fixes_zero && facts.lipschitz <= 1;
    return facts;
}

std::optional<std::string> hard_sigmoid_defect(const Activation& a) {
    return refuse_unless(std::isfinite(a.alpha) && std::isfinite(a.beta), "alpha or beta is NaN or infinite");
}

// ---- HardSwish: t·clip(t/6 + 1/2, 0, 1) -----------------------------------------------------------------------------------------

double hard_swish(const Activation&, double, double t) {
    if (t <= -3) return 0;
    return t >= 3 ? t : t * (t + 3) / 6;
}

double hard_swish_derivative(const Activation&, double, double t) {
    if (t <= -3) return 0;
    return t >= 3 ? 1 : (2 * t + 3) / 6;
}

constexpr double kHardSwishMinimum = -0.375;  // at −3/2

Interval enclose_hard_swish(const Activation&, double, double t) {
    if (t <= -3 || t == 0) return point(0);
    if (t >= 3) return point(t);
    const Interval magnitude = quotient(product(point(std::abs(t)), enclose_sum(t, 3)), point(6));
    return t > 0 ? magnitude : Interval{std::max(kHardSwishMinimum, -magnitude.upper), -magnitude.lower};
}

ActivationFacts hard_swish_facts(const Activation&, double) {
    ActivationFacts facts = valley_through_zero(-0.5, 1.5, point(-1.5), kHardSwishMinimum);
    facts.growth = 1;
    return facts;
}

}  // namespace

ActivationRow relu_row() {
    return {ActivationFunction::relu, "Relu", relu, relu_derivative, nan_safe<enclose_relu>, relu_facts, no_defect};
}

ActivationRow clip_row() {
    return {ActivationFunction::clip, "Clip", clip, clip_derivative, nan_safe<enclose_clip>, clip_facts, clip_defect};
}

ActivationRow leaky_relu_row() {
    return {ActivationFunction::leaky_relu, "LeakyRelu",      leaky_relu,       leaky_relu_derivative,
            nan_safe<enclose_leaky_relu>,   leaky_relu_facts, leaky_relu_defect};
}

ActivationRow prelu_row() {
    return {ActivationFunction::prelu,    "PRelu",          leaky_relu,  leaky_relu_derivative,
            nan_safe<enclose_leaky_relu>, leaky_relu_facts, prelu_defect};
}

ActivationRow hard_sigmoid_row() {
    return {ActivationFunction::hard_sigmoid, "HardSigmoid",      hard_sigmoid,       hard_sigmoid_derivative,
            nan_safe<enclose_hard_sigmoid>,   hard_sigmoid_facts, hard_sigmoid_defect};
}

ActivationRow hard_swish_row() {
    return {ActivationFunction::hard_swish, "HardSwish",      hard_swish, hard_swish_derivative,
            nan_safe<enclose_hard_swish>,   hard_swish_facts, no_defect};
}

}  // namespace qbound::internal
