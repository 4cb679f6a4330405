// SPDX-License-Identifier: Apache-2.0
#pragma once
// The activations in a hundred decimal digits, written from their definitions: the oracle of the activation tests.

#include "qbound/activation.hpp"

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cmath>
#include <stdexcept>

namespace qbound::test {

using Real = boost::multiprecision::number<boost::multiprecision::backends::cpp_bin_float<100>, boost::multiprecision::et_off>;

/// Relative accuracy that the functions of this file certainly have.
inline const Real kReferenceError = Real("1e-90");

/// e^x, and 0 where it is below 10^−2000.
inline Real reference_exp(const Real& x) {
    return x < -5000 ? Real(0) : Real(exp(x));
}

/// e^x − 1, by its series near 0.
inline Real reference_expm1(const Real& x) {
    if (abs(x) > 0.25) return reference_exp(x) - 1;
    Real term = x;
    Real sum = x;
    for (int n = 2; n < 80; ++n) {
        term *= x / n;
        sum += term;
    }
    return sum;
}

/// log(1 + x) for x > −1, near 0 by the series of 2·artanh(x/(2 + x)).
inline Real reference_log1p(const Real& x) {
    if (abs(x) > 0.25) return log(1 + x);
    const Real ratio = x / (2 + x);
    const Real square = ratio * ratio;
    Real power = ratio;
    Real sum = 0;
    for (int n = 0; n < 80; ++n) {
        sum += power / (2 * n + 1);
        power *= square;
    }
    return 2 * sum;
}

inline Real reference_tanh(const Real& x) {
    const Real m = reference_expm1(-2 * abs(x));
    const Real value = -m / (2 + m);
    return x < 0 ? Real(-value) : value;
}

inline Real reference_logistic(const Real& x) {
    const Real power = reference_exp(-abs(x));
    return (x < 0 ? power : Real(1)) / (1 + power);
}

/// erf(x) = 2/√π e^−x² Σ 2^n x^(2n+1)/(2n+1)!!, a series of one sign; used for |x| ≤ 3.
inline Real reference_erf_series(const Real& x) {
    static const Real root_pi = sqrt(boost::math::constants::pi<Real>());
    const Real twice_square = 2 * x * x;
    Real term = x;
    Real sum = x;
    for (int n = 1; n < 220; ++n) {
        term *= twice_square / (2 * n + 1);
        sum += term;
    }
    return 2 / root_pi * exp(-x * x) * sum;
}

/// erfc(x) for x ≥ 3 by its continued fraction e^−x²/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))).
inline Real reference_erfc_fraction(const Real& x) {
    static const Real root_pi = sqrt(boost::math::constants::pi<Real>());
    Real tail = x;
    for (int n = 400; n >= 1; --n) tail = x + Real(n) / 2 / tail;
    return reference_exp(-x * x) / root_pi / tail;
}

inline Real reference_erfc(const Real& x) {
    if (x >= 3) return reference_erfc_fraction(x);
    return x <= -3 ? Real(2 - reference_erfc_fraction(-x)) : Real(1 - reference_erf_series(x));
}

inline Real reference_erf(const Real& x) {
    return abs(x) < 3 ? reference_erf_series(x) : Real(1 - reference_erfc(x));
}

inline Real reference_clamp(const Real& x, double lower, double upper) {
    if (x < lower) return lower;
    return x > upper ? Real(upper) : x;
}

/// ρ(t) for a finite t.
inline Real reference(const Activation& a, double slope, const Real& t) {
    static const Real root_half = sqrt(Real(1) / 2);
    static const Real root_two_over_pi = sqrt(2 / boost::math::constants::pi<Real>());
    switch (a.function) {
        case ActivationFunction::relu:
            return t < 0 ? Real(0) : t;
        case ActivationFunction::clip:
            return reference_clamp(t, a.lower, a.upper);
        case ActivationFunction::leaky_relu:
        case ActivationFunction::prelu:
            return t < 0 ? Real(slope * t) : t;
        case ActivationFunction::sigmoid:
            return reference_logistic(t);
        case ActivationFunction::tanh:
            return reference_tanh(t);
        case ActivationFunction::hard_sigmoid:
            return reference_clamp(a.alpha * t + a.beta, 0, 1);
        case ActivationFunction::softplus:
            return t > 5000 ? t : reference_log1p(reference_exp(t));
        case ActivationFunction::softsign:
            return t / (1 + abs(t));
        case ActivationFunction::elu:
            return t < 0 ? Real(a.alpha * reference_expm1(t)) : t;
        case ActivationFunction::selu:
            return a.beta * (t < 0 ? Real(a.alpha * reference_expm1(t)) : t);
        case ActivationFunction::erf:
            return reference_erf(t);
        case ActivationFunction::hard_swish:
            return t * reference_clamp(t / 6 + Real(1) / 2, 0, 1);
        case ActivationFunction::silu:
            return t * reference_logistic(t);
        case ActivationFunction::gelu:
            return t / 2 * reference_erfc(-t * root_half);
        case ActivationFunction::gelu_tanh:
            return t * reference_logistic(2 * root_two_over_pi * (t + Real(44715) / 1000000 * t * t * t));
        case ActivationFunction::mish:
            return t > 5000 ? t : t * reference_tanh(reference_log1p(reference_exp(t)));
    }
    throw std::logic_error("an activation without a reference");
}

}  // namespace qbound::test
