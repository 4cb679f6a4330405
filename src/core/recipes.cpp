// SPDX-License-Identifier: Apache-2.0
// Sums of non-negative terms, and values of the C library, as certified bounds (docs/theory.md R1–R3, A1).
#include "qbound/error.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>

namespace qbound {

static_assert(std::numeric_limits<double>::is_iec559 && FLT_EVAL_METHOD == 0,
              "qbound's proofs need IEEE doubles, evaluated as doubles");

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLeastSubnormal = std::numeric_limits<double>::denorm_min();
/// γ_n is given for n below 2^52, and sums for fewer than 2^50 terms, where γ_n < 1/7.
constexpr std::int64_t kMaxGamma = std::int64_t{1} << 52;
constexpr std::int64_t kMaxTerms = std::int64_t{1} << 50;
constexpr std::size_t kLanes = 8;

/// Σ term(v_i) in kLanes interleaved partial sums, a form that compilers vectorise. The recipes hold in any order.
template <class Term>
double lane_sum(std::span<const double> v, Term term) noexcept {
    std::array<double, kLanes> lanes{};
    const std::size_t whole = v.size() - v.size() % kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            lanes[lane] += term(v[i + lane]);
        }
    }
    double sum = 0;
    for (const double partial : lanes) {
        sum += partial;
    }
    for (const double x : v.subspan(whole)) {
        sum += term(x);
    }
    return sum;
}

}  // namespace

double gamma_up(std::int64_t n) noexcept {
    if (n <= 0) {
        return 0;
    }
    if (n >= kMaxGamma) {
        return kInfinity;
    }
    const double nu = static_cast<double>(n) * kUnitRoundoff;  // exact, and so is 1 − nu
    return next_up(nu / (1 - nu));
}

double inflate_term_sum_up(double s, std::int64_t n) noexcept {
    if (s == 0) {
        return 0;
    }
    if (n >= kMaxTerms || !(s > 0)) {
        return kInfinity;
    }
    return next_up(s + next_up(s * gamma_up(n + 2)));
}

double inflate_sum_up(double s, std::int64_t n) noexcept {
    if (n <= 0) {
        return s == 0 ? 0 : kInfinity;
    }
    if (n >= kMaxTerms || !(s >= 0)) {
        return kInfinity;
    }
    return next_up(inflate_term_sum_up(s, n) + static_cast<double>(n) * kLeastSubnormal);  // the product is exact
}

double abs_sum_up(std::span<const double> v) noexcept {
    return inflate_term_sum_up(lane_sum(v, [](double x) { return std::fabs(x); }), static_cast<std::int64_t>(v.size()));
}

Upper sum_of_squares_up(std::span<const double> v) noexcept {
    const double largest = max_abs(v);
    if (largest == 0) {
        return {};
    }
    if (largest == kInfinity) {
        return Upper::infinity();
    }
    // 2^±e are doubles; the scaled entries lie below 2, the largest in [1, 2) or above 2^−53 (R3).
    const int e = std::max(std::ilogb(largest), -1022);
    const double scale = std::ldexp(1.0, -e);
    const double sum = lane_sum(v, [scale](double x) { return (x * scale) * (x * scale); });
    const Upper back = Upper::exactly(std::ldexp(1.0, e));
    return Upper::exactly(inflate_sum_up(sum, static_cast<std::int64_t>(v.size()))) * back * back;
}

Upper norm2_up(std::span<const double> v) noexcept {
    return sqrt_up(sum_of_squares_up(v));
}

double max_abs(std::span<const double> v) noexcept {
    double largest = 0;
    bool ordered = true;
    for (const double x : v) {
        const double magnitude = std::fabs(x);
        largest = largest < magnitude ? magnitude : largest;
        ordered = ordered && magnitude >= 0;
    }
    return ordered ? largest : kInfinity;
}

double libm_up(double computed) noexcept {
    if (!(computed < kInfinity)) {
        return kInfinity;
    }
    const double finite = std::max(computed, -std::numeric_limits<double>::max());  // −∞ is an overflow of a finite value
    return next_up(finite + next_up(std::fabs(finite) * kLibmRelativeError));
}

double libm_down(double computed) noexcept {
    return -libm_up(-computed);
}

void check_arithmetic() {
    // volatile: the processor's answer is wanted, not the compiler's.
    const volatile double least_normal = std::numeric_limits<double>::min();
    const volatile double half = 0.5;
    const volatile double least = kLeastSubnormal;
    if (!(least_normal * half > 0) || !(least + least == 2 * kLeastSubnormal) || !(least > 0)) {
        throw Error(ErrorKind::internal, "arithmetic", "subnormal numbers are flushed to zero", "build without -ffast-math");
    }
    const volatile double one = 1;
    const volatile double below_half_ulp = 0x1p-54;
    const volatile double above_half_ulp = 0x1.8p-53;
    const bool to_nearest = one + below_half_ulp == 1 && one + above_half_ulp == 1 + 0x1p-52 && -one - below_half_ulp == -1 &&
                            -one - above_half_ulp == -1 - 0x1p-52;
    if (!to_nearest) {
        throw Error(ErrorKind::internal, "arithmetic", "the rounding mode is not to nearest");
    }
}

}  // namespace qbound
