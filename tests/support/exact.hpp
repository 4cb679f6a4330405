// SPDX-License-Identifier: Apache-2.0
#pragma once
// Exact rational arithmetic: the oracle against which rounding is tested.

#include "qbound/rounding.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 warns of Boost's union once it is inlined
#endif
#include <boost/multiprecision/cpp_int.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace qbound::test {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

/// 2^e.
inline Rational power_of_two(std::int64_t e) {
    const Integer power = Integer{1} << static_cast<unsigned>(e < 0 ? -e : e);
    return e < 0 ? Rational{Integer{1}, power} : Rational{power};
}

/// The real number that a finite double is.
inline Rational exact(double x) {
    if (!std::isfinite(x)) {
        throw std::invalid_argument("exact() of a number that is not finite");
    }
    int exponent = 0;
    const double fraction = std::frexp(x, &exponent);
    const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
    return Rational{mantissa} * power_of_two(exponent - 53);
}

/// The real number that a finite Upper is, within a few ten thousand binary digits of 1.
inline Rational exact(Upper x) {
    if (x.is_zero()) {
        return 0;
    }
    // Powers of two scale an Upper exactly.
    const auto e = static_cast<std::int64_t>(x.log10_up() / 0.30102999566398120);
    const Upper scaled = x * pow_up(Upper::exactly(e < 0 ? 2.0 : 0.5), e < 0 ? -e : e);
    return exact(scaled.value_up()) * power_of_two(e);
}

/// a^n.
template <class Number>
Number power(Number a, std::int64_t n) {
    Number result = 1;
    for (; n > 0; n /= 2, a *= a) {
        if (n % 2 != 0) {
            result *= a;
        }
    }
    return result;
}

/// The greatest integer ≤ x, and the least ≥ x.
inline Integer floor_of(const Rational& x) {
    const Integer quotient = numerator(x) / denominator(x);  // towards zero
    return quotient > x ? Integer{quotient - 1} : quotient;
}
inline Integer ceiling_of(const Rational& x) {
    return -floor_of(-x);
}

inline Rational abs_sum(std::span<const double> v) {
    Rational sum = 0;
    for (const double x : v) {
        sum += abs(exact(x));
    }
    return sum;
}

/// exact ≤ bound ≤ exact·(1 + relative) + absolute.
inline bool encloses_from_above(const Rational& bound, const Rational& value, const Rational& relative,
                                const Rational& absolute = 0) {
    return bound >= value && bound <= value * (1 + relative) + absolute;
}

}  // namespace qbound::test
