// SPDX-License-Identifier: Apache-2.0
// Upper and Lower (docs/theory.md R4, R5). Every operation computes the nearest double, then the sign of the exact residual decides
// whether it lies below the exact result and must move up by one unit in the last place.
#include "qbound/rounding.hpp"

#include <array>
#include <bit>
#include <cmath>

namespace qbound {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Exponents are kept below 2^62, so that the sum of two never overflows: above is +∞, below is the least positive value.
constexpr std::int64_t kMaxExponent = (std::int64_t{1} << 62) - 2;
/// Beyond this gap of exponents the smaller addend is less than one unit in the last place of the larger.
constexpr std::int64_t kNegligibleGap = 60;

constexpr double kLog10Of2Down = 0x1.34413509f79fep-2;
constexpr double kLog10Of2Up = 0x1.34413509f79ffp-2;

/// 10^0..10^22 are doubles.
constexpr std::array kPowersOfTen{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

}  // namespace

double next_up(double x) noexcept {
    if (x == kInfinity) {
        return x;
    }
    if (x == 0) {
        return std::numeric_limits<double>::denorm_min();
    }
    const auto bits = std::bit_cast<std::uint64_t>(x);
    return std::bit_cast<double>(x > 0 ? bits + 1 : bits - 1);
}

double next_down(double x) noexcept {
    return -next_up(-x);
}

Upper Upper::normalised(double m, std::int64_t e) noexcept {
    if (m >= 2) {
        m /= 2;  // exact: m < 4 is normal
        ++e;
    } else if (m < 1) {
        m *= 2;
        --e;
    }
    if (e > kMaxExponent) {
        return infinity();
    }
    Upper result;
    result.mantissa_ = e < -kMaxExponent ? 1 : m;
    result.exponent_ = e < -kMaxExponent ? -kMaxExponent : e;
    return result;
}

Upper Upper::from_double(double v) noexcept {
    if (!(v >= 0) || v == kInfinity) {
        return infinity();
    }
    if (v == 0) {
        return {};
    }
    int exponent = 0;
    const double fraction = std::frexp(v, &exponent);  // in [1/2, 1), exact
    return normalised(2 * fraction, std::int64_t{exponent} - 1);
}

Upper Upper::magnitude(double v) noexcept {
    return from_double(std::fabs(v));
}

Upper Upper::infinity() noexcept {
    Upper result;
    result.mantissa_ = kInfinity;
    return result;
}

bool Upper::is_infinite() const noexcept {
    return mantissa_ == kInfinity;
}

double Upper::value_up() const noexcept {
    if (mantissa_ == 0) {
        return 0;
    }
    if (is_infinite() || exponent_ > 1023) {
        return kInfinity;
    }
    if (exponent_ < -1074) {
        return std::numeric_limits<double>::denorm_min();
    }
    const int exponent = static_cast<int>(exponent_);
    const double value = std::ldexp(mantissa_, exponent);  // exact when normal, to nearest when subnormal
    return std::ldexp(value, -exponent) < mantissa_ ? next_up(value) : value;
}

double Upper::log10_up() const noexcept {
    if (mantissa_ == 0) {
        return -kInfinity;
    }
    if (is_infinite()) {
        return kInfinity;
    }
    if (exponent_ >= 0 && exponent_ < 80) {
        const double value = value_up();  // exact
        for (std::size_t k = 0; k < kPowersOfTen.size(); ++k) {
            if (value == kPowersOfTen[k]) {
                return static_cast<double>(k);
            }
        }
    }
    // log10 m + e·log10 2, each part and the sum rounded up.
    const double of_mantissa = mantissa_ == 1 ? 0 : libm_up(std::log10(mantissa_));
    double of_exponent = 0;
    if (exponent_ != 0) {
        const double nearest = static_cast<double>(exponent_);
        const double exponent = nearest < 0x1p53 && nearest > -0x1p53 ? nearest : next_up(nearest);
        of_exponent = next_up(exponent * (exponent > 0 ? kLog10Of2Up : kLog10Of2Down));
    }
    return of_mantissa == 0 ? of_exponent : of_exponent == 0 ? of_mantissa : next_up(of_mantissa + of_exponent);
}

Upper operator+(Upper a, Upper b) noexcept {
    if (a.is_infinite() || b.is_infinite()) {
        return Upper::infinity();
    }
    if (a < b) {
        std::swap(a, b);
    }
    if (b.is_zero()) {
        return a;
    }
    const std::int64_t gap = a.exponent_ - b.exponent_;
    if (gap > kNegligibleGap) {
        return Upper::normalised(next_up(a.mantissa_), a.exponent_);
    }
    const double addend = std::ldexp(b.mantissa_, -static_cast<int>(gap));
    const double sum = a.mantissa_ + addend;
    const double residual = addend - (sum - a.mantissa_);  // exact (Dekker): addend ≤ a.mantissa_
    return Upper::normalised(residual > 0 ? next_up(sum) : sum, a.exponent_);
}

Upper operator*(Upper a, Upper b) noexcept {
    if (a.is_infinite() || b.is_infinite()) {
        return Upper::infinity();
    }
    if (a.is_zero() || b.is_zero()) {
        return {};
    }
    const double product = a.mantissa_ * b.mantissa_;
    const double residual = std::fma(a.mantissa_, b.mantissa_, -product);
    return Upper::normalised(residual > 0 ? next_up(product) : product, a.exponent_ + b.exponent_);
}

bool operator<(Upper a, Upper b) noexcept {
    if (a.is_infinite() || b.is_zero()) {
        return false;
    }
    if (b.is_infinite() || a.is_zero()) {
        return true;
    }
    return a.exponent_ != b.exponent_ ? a.exponent_ < b.exponent_ : a.mantissa_ < b.mantissa_;
}

bool operator==(Upper a, Upper b) noexcept {
    return a.mantissa_ == b.mantissa_ && a.exponent_ == b.exponent_;
}

Upper sqrt_up(Upper a) noexcept {
    if (a.is_zero() || a.is_infinite()) {
        return a;
    }
    const std::int64_t parity = a.exponent_ & 1;
    const double radicand = parity != 0 ? 2 * a.mantissa_ : a.mantissa_;
    const double root = std::sqrt(radicand);
    const double residual = std::fma(root, root, -radicand);
    return Upper::normalised(residual < 0 ? next_up(root) : root, (a.exponent_ - parity) / 2);
}

Upper pow_up(Upper a, std::int64_t n) noexcept {
    if (n < 0) {
        return Upper::infinity();
    }
    Upper result = Upper::exactly(1.0);
    for (Upper square = a; n > 0; n /= 2) {
        if (n % 2 != 0) {
            result *= square;
        }
        if (n > 1) {
            square *= square;
        }
    }
    return result;
}

Upper divide_up(Upper a, double d) noexcept {
    const Upper divisor = Upper::exactly(d);
    if (a.is_infinite() || divisor.is_zero() || divisor.is_infinite()) {
        return Upper::infinity();
    }
    if (a.is_zero()) {
        return a;
    }
    const double quotient = a.mantissa_ / divisor.mantissa_;
    const double residual = std::fma(quotient, divisor.mantissa_, -a.mantissa_);
    return Upper::normalised(residual < 0 ? next_up(quotient) : quotient, a.exponent_ - divisor.exponent_);
}

Lower Lower::from_double(double v) noexcept {
    Lower result;
    result.value_ = v > 0 ? v : 0;
    return result;
}

}  // namespace qbound
