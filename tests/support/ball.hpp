// SPDX-License-Identifier: Apache-2.0
#pragma once
// Real numbers known to a hundred digits, with a radius that covers every rounding: the oracle where rationals do not reach.

#include "support/exact.hpp"
#include "unit/network/activation_reference.hpp"

#include <algorithm>
#include <utility>

namespace qbound::test {

/// Encloses one real number: |truth − middle| ≤ radius. The radius is a long double, whose range outlasts the chains of factors
/// 1e±30 that tests build; its own rounding, and that of the middle, is covered by the factor and the term that `ball` adds.
struct Ball {
    Real middle = 0;
    long double radius = 0;

    Ball() = default;
    Ball(double x) : middle(x) {}  // NOLINT(google-explicit-constructor): doubles are exact
    Ball(Real m, long double r) : middle(std::move(m)), radius(r) {}
};

inline long double magnitude(const Ball& a) {
    return abs(a.middle).convert_to<long double>() * (1 + 0x1p-60L);
}

/// The ball around a rounded middle.
inline Ball ball(Real middle, long double radius) {
    Ball result(std::move(middle), radius * (1 + 0x1p-55L));
    result.radius += magnitude(result) * 0x1p-328L;  // Real has 333 bits
    return result;
}

inline Ball operator+(const Ball& a, const Ball& b) {
    return ball(a.middle + b.middle, a.radius + b.radius);
}
inline Ball operator-(const Ball& a, const Ball& b) {
    return ball(a.middle - b.middle, a.radius + b.radius);
}
inline Ball operator-(const Ball& a) {
    return {-a.middle, a.radius};
}
inline Ball operator*(const Ball& a, const Ball& b) {
    return ball(a.middle * b.middle, magnitude(a) * b.radius + magnitude(b) * a.radius + a.radius * b.radius);
}
/// Precondition: |b| ≥ 1, by more than its radius.
inline Ball operator/(const Ball& a, const Ball& b) {
    return ball(a.middle / b.middle, 2 * (a.radius + magnitude(a) * b.radius));
}
inline Ball& operator+=(Ball& a, const Ball& b) {
    return a = a + b;
}

/// The larger number: |max(x, y) − max(x', y')| ≤ max(|x − x'|, |y − y'|).
inline Ball larger(const Ball& a, const Ball& b) {
    return {a.middle < b.middle ? b.middle : a.middle, std::max(a.radius, b.radius)};
}
inline Ball smaller(const Ball& a, const Ball& b) {
    return -larger(-a, -b);
}
inline Rational larger(const Rational& a, const Rational& b) {
    return a < b ? b : a;
}
inline Rational smaller(const Rational& a, const Rational& b) {
    return b < a ? b : a;
}

}  // namespace qbound::test
