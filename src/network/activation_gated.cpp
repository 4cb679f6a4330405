// SPDX-License-Identifier: Apache-2.0
// Activations t·gate(t) with a rising gate in [0, 1]: Silu, Gelu in both forms, Mish. Each has one valley (docs/theory.md V4).
#include "network/activation_rows.hpp"

namespace qbound::internal {
namespace {

/// t·gate, 0 where the gate vanished (also at −∞).
double gated(double t, double gate) {
    return gate == 0 ? 0 : t * gate;
}

double logistic(double x) {
    const double power = std::exp(-std::abs(x));
    return (x < 0 ? power : 1) / (1 + power);
}

/// Encloses t·gate(t). Left of `far`, itself left of the turning point, ρ falls from 0 at −∞ to ρ(far); there the enclosure is
/// taken at `far`, because a gate that underflows times a huge t says nothing.
template <class Gate>
Interval enclose_gated(double t, double far, double minimum, Gate enclose_gate) {
    if (t == 0) return point(0);
    const double at = std::max(t, far);
    const Interval gate = intersection(enclose_gate(at), {0, 1});
    const Interval value = intersection(scaled(at, gate), {minimum, kInfinity});
    return t < far ? Interval{value.lower, 0} : value;
}

ActivationFacts gated_facts(double slope_lower, double slope_upper, Interval turn, double minimum) {
    ActivationFacts facts = valley_through_zero(slope_lower, slope_upper, turn, minimum);
    facts.growth = 1;
    return facts;
}

// ---- Silu: t/(1 + e^−t)
// -----------------------------------------------------------------------------------------------------------

constexpr double kSiluMinimum = -0x1.1d25cf210482ep-2;

double silu(const Activation&, double, double t) {
    return gated(t, logistic(t));
}

double silu_derivative(const Activation&, double, double t) {
    const double gate = logistic(t);
    return gate + gated(t, gate * logistic(-t));
}

Interval enclose_silu(const Activation&, double, double t) {
    return enclose_gated(t, -750, kSiluMinimum, [](double x) { return enclose_logistic(x); });
}

ActivationFacts silu_facts(const Activation&, double) {
    return gated_facts(-0x1.98f11d6cef08cp-4, 0x1.198f11d6cef09p+0, {-1.278464542761074, -1.2784645427610737}, kSiluMinimum);
}

// ---- Gelu: t·Φ(t), Φ the normal distribution function
// -------------------------------------------------------------------------------

constexpr double kGeluMinimum = -0x1.5c19dd4b1a3fcp-3;
constexpr Interval kRootHalf = {0x1.6a09e667f3bccp-1, 0x1.6a09e667f3bcdp-1};  // √(1/2)
constexpr double kInverseRootTwoPi = 0x1.9884533d43651p-2;

double gelu(const Activation&, double, double t) {
    return gated(t, std::erfc(-t * kRootHalf.upper) / 2);
}

double gelu_derivative(const Activation&, double, double t) {
    return std::erfc(-t * kRootHalf.upper) / 2 + gated(t, kInverseRootTwoPi * std::exp(-t * t / 2));
}

/// erfc(x); it falls.
Interval enclose_erfc(Interval x) {
    return {std::max(0.0, libm_down(std::erfc(x.upper))), libm_up(std::erfc(x.lower))};
}

Interval enclose_gelu(const Activation&, double, double t) {
    return enclose_gated(t, -40, kGeluMinimum, [](double x) { return scaled(0.5, enclose_erfc(scaled(-x, kRootHalf))); });
}

ActivationFacts gelu_facts(const Activation&, double) {
    return gated_facts(-0x1.07fee57f1cd3cp-3, 0x1.20ffdcafe39a8p+0, {-.7517915246935645, -.7517915246935644}, kGeluMinimum);
}

// ---- Gelu (tanh): t·(1 + tanh(√(2/π)(t + 0.044715 t³)))/2 = t·logistic(t·(p + q t²))
// -------------------------------------------------

constexpr double kGeluTanhMinimum = -0x1.5c3e533586d1ap-3;
constexpr Interval kGeluTanhLinear = {0x1.9884533d43650p+0, 0x1.9884533d43651p+0};  // p = 2√(2/π)
constexpr Interval kGeluTanhCubic = {0x1.2444f2a4d8b4ap-4, 0x1.2444f2a4d8b4bp-4};   // q = 0.044715·p

double gelu_tanh_argument(double t) {
    return t * (kGeluTanhLinear.upper + kGeluTanhCubic.upper * t * t);
}

double gelu_tanh(const Activation&, double, double t) {
    return gated(t, logistic(gelu_tanh_argument(t)));
}

double gelu_tanh_derivative(const Activation&, double, double t) {
    const double x = gelu_tanh_argument(t);
    const double gate = logistic(x);
    return gate + gated(t, gated(kGeluTanhLinear.upper + 3 * kGeluTanhCubic.upper * t * t, gate * logistic(-x)));
}

Interval enclose_gelu_tanh(const Activation&, double, double t) {
    return enclose_gated(t, -25, kGeluTanhMinimum, [](double x) {
        const Interval argument = scaled(x, sum(kGeluTanhLinear, product(kGeluTanhCubic, enclose_product(x, x))));
        return Interval{enclose_logistic(argument.lower).lower, enclose_logistic(argument.upper).upper};
    });
}

ActivationFacts gelu_tanh_facts(const Activation&, double) {
    return gated_facts(-0x1.082d849a669ebp-3, 0x1.2105b0934cd3ep+0, {-.7524614220710163, -.7524614220710162}, kGeluTanhMinimum);
}

// ---- Mish: t·tanh(log(1 + e^t))
// -----------------------------------------------------------------------------------------------------

constexpr double kMishMinimum = -0x1.3c417299f9f85p-2;

/// tanh(log(1 + e^t)), rational in e^−|t| and without cancellation: n/(n + 2) with n = y(y + 2), y = e^t, for t ≤ 0;
/// 1/(1 + r) with r = 2z²/(1 + 2z), z = e^−t, for t > 0.
double mish_gate(double t) {
    const double power = std::exp(-std::abs(t));
    if (t > 0) return 1 / (1 + 2 * power * power / (1 + 2 * power));
    const double n = power * (power + 2);
    return n / (n + 2);
}

Interval enclose_mish_gate(double t) {
    const Interval power = enclose_exp(-std::abs(t));
    if (t > 0) {
        const auto r = [](double z) { return quotient(scaled(2, enclose_product(z, z)), enclose_sum(1, 2 * z)); };
        const Interval range = {r(power.lower).lower, r(power.upper).upper};
        return quotient(point(1), sum(point(1), range));
    }
    const Interval n = product(power, sum(power, point(2)));
    const auto ratio = [](double x) { return quotient(point(x), enclose_sum(x, 2)); };
    return {ratio(n.lower).lower, ratio(n.upper).upper};
}

double mish(const Activation&, double, double t) {
    return gated(t, mish_gate(t));
}

double mish_derivative(const Activation&, double, double t) {
    const double gate = mish_gate(t);
    return gate + gated(t, (1 - gate) * (1 + gate) * logistic(t));
}

Interval enclose_mish(const Activation&, double, double t) {
    return enclose_gated(t, -750, kMishMinimum, enclose_mish_gate);
}

ActivationFacts mish_facts(const Activation&, double) {
    return gated_facts(-0x1.cce830f9bc267p-4, 0x1.16a7d0c455120p+0, {-1.1924312145154954, -1.1924312145154952}, kMishMinimum);
}

}  // namespace

ActivationRow silu_row() {
    return {ActivationFunction::silu, "Silu", silu, silu_derivative, nan_safe<enclose_silu>, silu_facts, no_defect};
}

ActivationRow gelu_row() {
    return {ActivationFunction::gelu, "Gelu", gelu, gelu_derivative, nan_safe<enclose_gelu>, gelu_facts, no_defect};
}

ActivationRow gelu_tanh_row() {
    return {ActivationFunction::gelu_tanh, "Gelu",          gelu_tanh, gelu_tanh_derivative,
            nan_safe<enclose_gelu_tanh>,   gelu_tanh_facts, no_defect};
}

ActivationRow mish_row() {
    return {ActivationFunction::mish, "Mish", mish, mish_derivative, nan_safe<enclose_mish>, mish_facts, no_defect};
}

}  // namespace qbound::internal
