// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

#ifdef __FAST_MATH__
#error "qbound's proofs need IEEE arithmetic: do not compile it with -ffast-math"
#endif

/// All rounding of qbound lives here. Round to nearest everywhere; no rounding-mode switching.
namespace qbound {

/// Unit roundoff of double, 2^−53.
inline constexpr double kUnitRoundoff = 0x1p-53;

/// The least double > x (next_up(max) = +∞, next_up(+∞) = +∞), and the greatest < x. Precondition: x is not NaN.
[[nodiscard]] double next_up(double x) noexcept;
[[nodiscard]] double next_down(double x) noexcept;

/// An upper bound of a non-negative real: mantissa · 2^exponent with a 64-bit exponent, so that products of a thousand norms
/// neither overflow nor underflow. Zero and +∞ included; never NaN. No double turns into one implicitly, nor back.
///
/// Every operation returns a value ≥ the exact result on the operands' values, and ≤ (1 + 2^−51) times it.
/// 0·∞ = ∞: a lost bound stays lost.
class Upper {
  public:
    constexpr Upper() noexcept = default;  ///< zero
    /// The double `v` itself (exact). Precondition: v ≥ 0; a NaN or negative v gives +∞ (a lost bound, never a small one).
    template <class T>
    requires std::is_same_v<T, double>
    [[nodiscard]] static Upper exactly(T v) noexcept { return from_double(v); }
    /// |v|, exact.
    [[nodiscard]] static Upper magnitude(double v) noexcept;
    [[nodiscard]] static Upper infinity() noexcept;

    /// The least double ≥ this value that the conversion can prove (+∞ on overflow, the least subnormal on underflow).
    [[nodiscard]] double value_up() const noexcept;
    /// A double ≥ log10 of this value; −∞ for zero, +∞ for infinity. Within 1e-12·max(1,|result|) of it.
    [[nodiscard]] double log10_up() const noexcept;
    [[nodiscard]] bool is_infinite() const noexcept;
    [[nodiscard]] bool is_zero() const noexcept { return mantissa_ == 0; }

    friend Upper operator+(Upper a, Upper b) noexcept;
    friend Upper operator*(Upper a, Upper b) noexcept;
    friend bool operator<(Upper a, Upper b) noexcept;
    friend bool operator==(Upper a, Upper b) noexcept;
    friend bool operator>(Upper a, Upper b) noexcept { return b < a; }
    friend bool operator<=(Upper a, Upper b) noexcept { return !(b < a); }
    friend bool operator>=(Upper a, Upper b) noexcept { return !(a < b); }
    Upper& operator+=(Upper b) noexcept { return *this = *this + b; }
    Upper& operator*=(Upper b) noexcept { return *this = *this * b; }

  private:
    static Upper from_double(double v) noexcept;
    static Upper normalised(double m, std::int64_t e) noexcept;
    friend Upper sqrt_up(Upper a) noexcept;
    friend Upper pow_up(Upper a, std::int64_t n) noexcept;
    friend Upper divide_up(Upper a, double d) noexcept;

    double mantissa_ = 0;  ///< 0, or in [1, 2), or +∞
    std::int64_t exponent_ = 0;
};

[[nodiscard]] inline Upper max(Upper a, Upper b) noexcept {
    return a < b ? b : a;
}
[[nodiscard]] inline Upper min(Upper a, Upper b) noexcept {
    return b < a ? b : a;
}
[[nodiscard]] Upper sqrt_up(Upper a) noexcept;
/// a^n for n ≥ 0 (a^0 = 1, also for 0 and ∞); relative excess at most n·2^−51.
[[nodiscard]] Upper pow_up(Upper a, std::int64_t n) noexcept;
/// a/d for a finite d > 0 (otherwise +∞).
[[nodiscard]] Upper divide_up(Upper a, double d) noexcept;

/// A lower bound of a non-negative real, as a double. Every operation rounds down.
class Lower {
  public:
    constexpr Lower() noexcept = default;
    template <class T>
    requires std::is_same_v<T, double>
    [[nodiscard]] static Lower exactly(T v) noexcept { return from_double(v); }  ///< NaN or negative gives 0
    [[nodiscard]] double value_down() const noexcept { return value_; }

  private:
    static Lower from_double(double v) noexcept;
    double value_ = 0;
};

// ---- recipes of docs/theory.md R1–R3 -----------------------------------------------------------------------------------------

/// γ_n = n·u/(1 − n·u), rounded up. +∞ if n ≥ 2^52.
[[nodiscard]] double gamma_up(std::int64_t n) noexcept;

/// Given s = the floating-point value, in any order of summation and with or without FMA, of a sum of n non-negative products or
/// terms (n roundings each at most), a double ≥ the exact sum: s(1+γ_{n+2}) + n·2^−1074, rounded up. R1.
[[nodiscard]] double inflate_sum_up(double s, std::int64_t n) noexcept;

/// The same for plain terms, each an exact double or one rounded difference, without products: no subnormal term, so that a sum of
/// zeros is 0. R2.
[[nodiscard]] double inflate_term_sum_up(double s, std::int64_t n) noexcept;

/// Σ|v_i| rounded up. NaN anywhere gives +∞.
[[nodiscard]] double abs_sum_up(std::span<const double> v) noexcept;

/// Σ v_i² rounded up, and its square root: ‖v‖_2. Scaled, so that it neither overflows nor underflows early. R3.
[[nodiscard]] Upper sum_of_squares_up(std::span<const double> v) noexcept;
[[nodiscard]] Upper norm2_up(std::span<const double> v) noexcept;

/// max|v_i|, exact; NaN gives +∞.
[[nodiscard]] double max_abs(std::span<const double> v) noexcept;

/// Relative error allowed to exp, log1p, tanh, erf, sin, cos and log10 of the C library: 2^−45 (assumption A1 of docs/theory.md).
inline constexpr double kLibmRelativeError = 0x1p-45;

/// Widen a computed libm value outwards by kLibmRelativeError (and the least subnormal).
[[nodiscard]] double libm_up(double computed) noexcept;
[[nodiscard]] double libm_down(double computed) noexcept;

// ---- decimals: every number that is printed goes through these two ------------------------------------------------------------

/// The shortest decimal with at most `digits` significant digits that is ≥ x (≤ x). C locale; "inf", "-inf"; plain or scientific
/// like %g.
[[nodiscard]] std::string decimal_up(double x, int digits);
[[nodiscard]] std::string decimal_down(double x, int digits);
/// With exactly `places` places after the point, ≥ x (≤ x).
[[nodiscard]] std::string fixed_up(double x, int places);
[[nodiscard]] std::string fixed_down(double x, int places);
/// An Upper, also beyond the range of double: "1.24e+1513".
[[nodiscard]] std::string decimal_up(Upper x, int digits);

/// Error{internal} unless subnormals work and the rounding mode is to nearest: checked once when the program starts.
void check_arithmetic();

}  // namespace qbound
