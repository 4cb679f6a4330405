// SPDX-License-Identifier: Apache-2.0
// Rising activations built on exp, log1p, tanh, erf and expm1, and Softsign.
#include "network/activation_rows.hpp"

namespace qbound::internal {
namespace {

// ---- Sigmoid: 1/(1 + e^−t) ------------------------------------------------------------------------------------------------------

double sigmoid(const Activation&, double, double t) {
    const double power = std::exp(-std::abs(t));
    return (t < 0 ? power : 1) / (1 + power);
}

double sigmoid_derivative(const Activation&, double, double t) {
    const double power = std::exp(-std::abs(t));
    return power / ((1 + power) * (1 + power));
}

Interval enclose_sigmoid(const Activation&, double, double t) {
    return t == 0 ? point(0.5) : enclose_logistic(t);
}

ActivationFacts sigmoid_facts(const Activation&, double) {
    ActivationFacts facts = rising_through_zero(0, 0.25);
    facts.at_zero = point(0.5);
    facts.cap = 1;
    facts.spread = 1;
    facts.fixes_zero = false;
    facts.contracts = false;
    return facts;
}

// ---- Tanh -----------------------------------------------------------------------------------------------------------------------

double tanh_value(const Activation&, double, double t) {
    return std::tanh(t);
}

double tanh_derivative(const Activation&, double, double t) {
    const double value = std::tanh(t);
    return (1 - value) * (1 + value);
}

/// A function of the sign of its argument, of absolute value at most 1, from the C library.
Interval enclose_odd(double (*function)(double), double t) {
    if (t == 0) return point(0);
    if (std::isinf(t)) return point(t > 0 ? 1 : -1);
    return intersection(widened(function(t)), t > 0 ? Interval{0, 1} : Interval{-1, 0});
}

Interval enclose_tanh(const Activation&, double, double t) {
    return enclose_odd(std::tanh, t);
}

ActivationFacts tanh_facts(const Activation&, double) {
    ActivationFacts facts = rising_through_zero(0, 1);
    facts.cap = 1;
    facts.spread = 2;
    return facts;
}

// ---- Softplus: log(1 + e^t) -----------------------------------------------------------------------------------------------------

double softplus(const Activation&, double, double t) {
    return std::max(t, 0.0) + std::log1p(std::exp(-std::abs(t)));
}

double softplus_derivative(const Activation& a, double slope, double t) {
    return sigmoid(a, slope, t);
}

Interval enclose_softplus(const Activation&, double, double t) {
    const Interval power = enclose_exp(-std::abs(t));
    // 0 ≤ log1p(y) ≤ y, and log1p rises.
    const Interval tail = {std::max(0.0, libm_down(std::log1p(power.lower))),
                           std::min(power.upper, libm_up(std::log1p(power.upper)))};
    return t > 0 ? sum(point(t), tail) : tail;
}

ActivationFacts softplus_facts(const Activation&, double) {
    ActivationFacts facts = rising_through_zero(0, 1);
    facts.at_zero = {0x1.62e42fefa39efp-1, 0x1.62e42fefa39f0p-1};  // log 2
    facts.fixes_zero = false;
    facts.contracts = false;
    return facts;
}

// ---- Softsign: t/(1 + |t|) ------------------------------------------------------------------------------------------------------

double softsign(const Activation&, double, double t) {
    return std::isinf(t) ? std::copysign(1.0, t) : t / (1 + std::abs(t));
}

double softsign_derivative(const Activation&, double, double t) {
    const double d = 1 + std::abs(t);
    return 1 / d / d;
}

Interval enclose_softsign(const Activation&, double, double t) {
    const double x = std::abs(t);
    // For x > 1 as 1/(1 + 1/x), which does not overflow.
    const Interval value =
        x > 1 ? quotient(point(1), sum(point(1), enclose_quotient(1, x))) : quotient(point(x), enclose_sum(1, x));
    const Interval bounded = intersection(value, {0, 1});
    return t < 0 ? Interval{-bounded.upper, -bounded.lower} : bounded;
}

ActivationFacts softsign_facts(const Activation& a, double slope) {
    return tanh_facts(a, slope);
}

// ---- Elu: t for t ≥ 0, alpha·(e^t − 1) for t < 0
// ----------------------------------------------------------------------------------

double elu(const Activation& a, double, double t) {
    return t < 0 ? a.alpha * std::expm1(t) : t;
}

double elu_derivative(const Activation& a, double, double t) {
    return t < 0 ? a.alpha * std::exp(t) : 1;
}

/// e^t − 1 for t < 0.
Interval enclose_expm1(double t) {
    return t == -kInfinity ? point(-1) : intersection(widened(std::expm1(t)), {-1, 0});
}

Interval enclose_elu(const Activation& a, double, double t) {
    return t < 0 ? scaled(a.alpha, enclose_expm1(t)) : point(t);
}

ActivationFacts elu_facts(const Activation& a, double) {
    ActivationFacts facts = rising_through_zero(0, std::max(1.0, a.alpha));
    facts.identity_lower = 0;
    facts.identity_upper = kInfinity;
    return facts;
}

std::optional<std::string> elu_defect(const Activation& a) {
    if (!std::isfinite(a.alpha)) return "alpha is NaN or infinite";
    return refuse_unless(a.alpha >= 0, "Elu needs alpha >= 0");
}

// ---- Selu: gamma·Elu(t), gamma in `beta`
// ------------------------------------------------------------------------------------------

double selu(const Activation& a, double slope, double t) {
    return a.beta == 0 ? 0 : a.beta * elu(a, slope, t);
}

double selu_derivative(const Activation& a, double slope, double t) {
    return a.beta * elu_derivative(a, slope, t);
}

Interval enclose_selu(const Activation& a, double slope, double t) {
    return scaled(a.beta, enclose_elu(a, slope, t));
}

ActivationFacts selu_facts(const Activation& a, double) {
    ActivationFacts facts = rising_through_zero(0, enclose_product(a.beta, std::max(1.0, a.alpha)).upper);
    if (a.beta == 1) {
        facts.identity_lower = 0;
        facts.identity_upper = kInfinity;
    }
    return facts;
}

std::optional<std::string> selu_defect(const Activation& a) {
    if (!std::isfinite(a.alpha) || !std::isfinite(a.beta)) return "alpha or gamma is NaN or infinite";
    if (a.alpha < 0 || a.beta < 0) return "Selu needs alpha >= 0 and gamma >= 0";
    return refuse_unless(std::isfinite(a.beta * std::max(1.0, a.alpha)), "gamma * alpha overflows");
}

// ---- Erf ------------------------------------------------------------------------------------------------------------------------

constexpr double kTwoOverRootPi = 0x1.20dd750429b6ep+0;  // rounded up

double erf_value(const Activation&, double, double t) {
    return std::erf(t);
}

double erf_derivative(const Activation&, double, double t) {
    return kTwoOverRootPi * std::exp(-t * t);
}

Interval enclose_erf(const Activation&, double, double t) {
    return enclose_odd(std::erf, t);
}

ActivationFacts erf_facts(const Activation&, double) {
    ActivationFacts facts = rising_through_zero(0, kTwoOverRootPi);
    facts.cap = 1;
    facts.spread = 2;
    return facts;
}

}  // namespace

ActivationRow sigmoid_row() {
    return {ActivationFunction::sigmoid, "Sigmoid",     sigmoid,  sigmoid_derivative,
            nan_safe<enclose_sigmoid>,   sigmoid_facts, no_defect};
}

ActivationRow tanh_row() {
    return {ActivationFunction::tanh, "Tanh", tanh_value, tanh_derivative, nan_safe<enclose_tanh>, tanh_facts, no_defect};
}

ActivationRow softplus_row() {
    return {ActivationFunction::softplus, "Softplus",     softplus, softplus_derivative,
            nan_safe<enclose_softplus>,   softplus_facts, no_defect};
}

ActivationRow softsign_row() {
    return {ActivationFunction::softsign, "Softsign",     softsign, softsign_derivative,
            nan_safe<enclose_softsign>,   softsign_facts, no_defect};
}

ActivationRow elu_row() {
    return {ActivationFunction::elu, "Elu", elu, elu_derivative, nan_safe<enclose_elu>, elu_facts, elu_defect};
}

ActivationRow selu_row() {
    return {ActivationFunction::selu, "Selu", selu, selu_derivative, nan_safe<enclose_selu>, selu_facts, selu_defect};
}

ActivationRow erf_row() {
    return {ActivationFunction::erf, "Erf", erf_value, erf_derivative, nan_safe<enclose_erf>, erf_facts, no_defect};
}

}  // namespace qbound::internal
