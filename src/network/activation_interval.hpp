// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/activation.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

/// Enclosures of single operations, from which the rows of the activation table compose theirs (docs/theory.md V1).
namespace qbound::internal {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kMax = std::numeric_limits<double>::max();
inline constexpr double kLeast = std::numeric_limits<double>::denorm_min();

/// From here on the residual of a product or quotient is a multiple of the least subnormal, so that a fused operation finds it
/// exactly; a smaller product is scaled up first.
inline constexpr double kResidualIsExact = 0x1p-960;

[[nodiscard]] inline Interval point(double x) noexcept {
    return {x, x};
}

[[nodiscard]] inline Interval intersection(Interval a, Interval b) noexcept {
    return {std::max(a.lower, b.lower), std::min(a.upper, b.upper)};
}

/// What the real value of an operation may be when `rounded` is its result rounded to nearest and `error`, its sign right, is the
/// exact value minus `rounded`; a NaN error widens both ways.
[[nodiscard]] inline Interval around(double rounded, double error) noexcept {
    if (error == 0) return point(rounded);
    return {error > 0 ? rounded : next_down(rounded), error < 0 ? rounded : next_up(rounded)};
}

/// The real value of an operation on finite operands whose result overflowed to `rounded`.
[[nodiscard]] inline Interval overflowed(double rounded) noexcept {
    return rounded > 0 ? Interval{kMax, kInfinity} : Interval{-kInfinity, -kMax};
}

/// a + b. Precondition: not ∞ − ∞.
[[nodiscard]] inline Interval enclose_sum(double a, double b) noexcept {
    const double s = a + b;
    if (std::isinf(s)) return std::isinf(a) || std::isinf(b) ? point(s) : overflowed(s);
    const double b_part = s - a;
    return around(s, (a - (s - b_part)) + (b - b_part));
}

/// a·b, where 0·∞ = 0: a zero is a bound of a set of reals, or a parameter that makes the function zero up to its limit.
[[nodiscard]] inline Interval enclose_product(double a, double b) noexcept {
    if (a == 0 || b == 0) return point(0);
    const double p = a * b;
    if (std::isinf(p)) return std::isinf(a) || std::isinf(b) ? point(p) : overflowed(p);
    if (std::abs(p) >= kResidualIsExact) return around(p, std::fma(a, b, -p));
    if (p == 0) return (a > 0) == (b > 0) ? Interval{0, kLeast} : Interval{-kLeast, 0};
    constexpr double kScale = 0x1p100;
    return around(p, std::fma(a * kScale, b * kScale, -p * (kScale * kScale)));
}

/// a/b for a, b ≥ 0, b > 0, not both infinite.
[[nodiscard]] inline Interval enclose_quotient(double a, double b) noexcept {
    if (a == 0 || std::isinf(b)) return point(0);
    if (std::isinf(a)) return point(a);
    const double q = a / b;
    if (std::isinf(q)) return overflowed(q);
    if (a >= kResidualIsExact) return around(q, std::fma(-q, b, a));
    return {std::max(0.0, next_down(q)), next_up(q)};
}

/// Sum, product and quotient of intervals with non-negative ends.
[[nodiscard]] inline Interval sum(Interval a, Interval b) noexcept {
    return {enclose_sum(a.lower, b.lower).lower, enclose_sum(a.upper, b.upper).upper};
}
[[nodiscard]] inline Interval product(Interval a, Interval b) noexcept {
    return {enclose_product(a.lower, b.lower).lower, enclose_product(a.upper, b.upper).upper};
}
[[nodiscard]] inline Interval quotient(Interval a, Interval b) noexcept {
    return {enclose_quotient(a.lower, b.upper).lower, enclose_quotient(a.upper, b.lower).upper};
}

/// c·x for any real c and any interval.
[[nodiscard]] inline Interval scaled(double c, Interval x) noexcept {
    const double first = c < 0 ? x.upper : x.lower;
    const double last = c < 0 ? x.lower : x.upper;
    return {enclose_product(c, first).lower, enclose_product(c, last).upper};
}

/// A value of the C library widened by assumption A1.
[[nodiscard]] inline Interval widened(double computed) noexcept {
    return {libm_down(computed), libm_up(computed)};
}

/// e^x for x ≤ 0.
[[nodiscard]] inline Interval enclose_exp(double x) noexcept {
    if (x == 0) return point(1);
    if (x == -kInfinity) return point(0);
    return intersection(widened(std::exp(x)), {0, 1});
}
[[nodiscard]] inline Interval enclose_exp(Interval x) noexcept {
    return {enclose_exp(x.lower).lower, enclose_exp(x.upper).upper};
}

/// The logistic function, without cancellation on either side: 1/(1+e^−x) and e^x/(1+e^x), both rational in the smaller power.
[[nodiscard]] inline Interval enclose_logistic(double x) noexcept {
    const Interval y = enclose_exp(-std::abs(x));
    const auto at = [x](double power) {
        const Interval one_plus = enclose_sum(1, power);
        return quotient(point(x < 0 ? power : 1), one_plus);
    };
    const Interval range = x < 0 ? Interval{at(y.lower).lower, at(y.upper).upper} : Interval{at(y.upper).lower, at(y.lower).upper};
    return intersection(range, {0, 1});
}

}  // namespace qbound::internal
