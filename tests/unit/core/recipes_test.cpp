// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"
#include "qbound/rounding.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/random.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

using namespace qbound;
using test::encloses_from_above;
using test::exact;
using test::Rational;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kLeast = std::numeric_limits<double>::denorm_min();

Rational gamma(std::int64_t n) {
    const Rational nu = n * test::power_of_two(-53);
    return nu / (1 - nu);
}

/// What a certified sum of n terms may exceed the exact one by, relatively: its own inflation and the rounding of the sum.
Rational slack(std::size_t n) {
    return 2 * gamma(static_cast<std::int64_t>(n) + 8);
}

/// Vectors of n entries that sums find hard.
std::vector<std::vector<double>> nasty_vectors(test::Random& random, std::size_t n) {
    std::vector<std::vector<double>> result;
    const auto make = [&](int low, int high) {
        std::vector<double> v(n);
        for (double& x : v) {
            x = random.spread(low, high);
        }
        result.push_back(v);
    };
    make(-1, 1);
    make(-40, 40);
    make(-1080, -1000);  // subnormal and zero
    make(-1074, 900);
    result.emplace_back(n, 0.1);
    result.emplace_back(n, -0x1.fffffffffffffp0);
    result.emplace_back(n, kLeast);
    result.emplace_back(n, 0.0);
    std::vector<double> dominated(n, 0x1p-53);  // each vanishes beside the first
    dominated[0] = 1;
    result.push_back(dominated);
    return result;
}

}  // namespace

TEST_CASE("gamma_n is rounded up and tight", "[rounding]") {
    for (const std::int64_t n : {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}, std::int64_t{1000}, std::int64_t{1} << 26,
                                 (std::int64_t{1} << 40) + 1, (std::int64_t{1} << 52) - 1}) {
        CHECK(encloses_from_above(exact(gamma_up(n)), gamma(n), test::power_of_two(-51)));
    }
    CHECK(gamma_up(0) == 0);
    CHECK(gamma_up(-5) == 0);
    CHECK(gamma_up(std::int64_t{1} << 52) == kInfinity);
    CHECK(gamma_up(std::numeric_limits<std::int64_t>::max()) == kInfinity);
}

TEST_CASE("abs_sum_up bounds the exact sum from above, closely", "[rounding]") {
    test::Random random(21);
    for (const std::size_t n : {1U, 2U, 3U, 7U, 8U, 9U, 16U, 100U, 1000U}) {
        for (const auto& v : nasty_vectors(random, n)) {
            INFO("n = " << n << ", v[0] = " << v[0]);
            const double sum = abs_sum_up(v);
            // One step of the least subnormal may be all that rounding up can do near zero.
            CHECK(encloses_from_above(exact(sum), test::abs_sum(v), slack(n), 3 * exact(kLeast)));
        }
    }
}

TEST_CASE("sums of nothing and of zeros are zero, lost sums are infinite", "[rounding]") {
    CHECK(abs_sum_up({}) == 0);
    CHECK(abs_sum_up(std::vector<double>(20, 0.0)) == 0);
    CHECK(abs_sum_up(std::vector<double>{1, kNaN, 2}) == kInfinity);
    CHECK(abs_sum_up(std::vector<double>{kNaN}) == kInfinity);
    CHECK(abs_sum_up(std::vector<double>{1, -kInfinity}) == kInfinity);
    CHECK(abs_sum_up(std::vector<double>{kLargest, kLargest}) == kInfinity);
    CHECK(abs_sum_up(std::vector<double>{kLargest}) == kInfinity);
    CHECK(inflate_sum_up(0, 0) == 0);
    CHECK(inflate_sum_up(1, 0) == kInfinity);
    CHECK(inflate_sum_up(kNaN, 3) == kInfinity);
    CHECK(inflate_sum_up(-1, 3) == kInfinity);
    CHECK(inflate_sum_up(kInfinity, 3) == kInfinity);
    CHECK(inflate_sum_up(1, std::int64_t{1} << 50) == kInfinity);
    CHECK(inflate_sum_up(0, 5) >= 5 * kLeast);
    CHECK(inflate_term_sum_up(0, 5) == 0);
    CHECK(inflate_term_sum_up(kNaN, 5) == kInfinity);
    CHECK(inflate_term_sum_up(-1, 5) == kInfinity);
    CHECK(inflate_term_sum_up(1, std::int64_t{1} << 50) == kInfinity);
}

TEST_CASE("inflate_sum_up covers any order of summation, with and without FMA", "[rounding]") {
    test::Random random(22);
    for (const std::size_t n : {1U, 2U, 5U, 33U, 257U}) {
        for (int round = 0; round < 20; ++round) {
            const bool tiny = round % 4 == 3;
            std::vector<double> a(n);
            std::vector<double> b(n);
            Rational value = 0;
            for (std::size_t i = 0; i < n; ++i) {
                a[i] = std::fabs(tiny ? random.spread(-560, -530) : random.spread(-30, 30));
                b[i] = std::fabs(tiny ? random.spread(-560, -530) : random.spread(-30, 30));
                value += exact(a[i]) * exact(b[i]);
            }
            double forward = 0;
            double fused = 0;
            double backward = 0;
            std::vector<double> tree(n);
            for (std::size_t i = 0; i < n; ++i) {
                forward += a[i] * b[i];
                fused = std::fma(a[i], b[i], fused);
                backward += a[n - 1 - i] * b[n - 1 - i];
                tree[i] = a[i] * b[i];
            }
            while (tree.size() > 1) {
                std::vector<double> half;
                for (std::size_t i = 0; i + 1 < tree.size(); i += 2) {
                    half.push_back(tree[i] + tree[i + 1]);
                }
                if (tree.size() % 2 != 0) {
                    half.push_back(tree.back());
                }
                tree = half;
            }
            const auto count = static_cast<std::int64_t>(n);
            for (const double s : {forward, fused, backward, tree[0]}) {
                INFO("n = " << n << ", round " << round);
                CHECK(encloses_from_above(exact(inflate_sum_up(s, count)), value, slack(n), 4 * count * exact(kLeast)));
            }
        }
    }
}

TEST_CASE("sums of rounded differences stay above the exact sum", "[rounding]") {
    test::Random random(23);
    for (const std::size_t n : {1U, 4U, 100U}) {
        for (int round = 0; round < 20; ++round) {
            Rational value = 0;
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const double w = random.spread(-20, 3);
                const double q = round % 2 == 0 ? random.spread(-20, 3) : w * (1 + random.uniform(-1e-10, 1e-10));
                value += abs(exact(w) - exact(q));
                sum += std::fabs(w - q);
            }
            CHECK(encloses_from_above(exact(inflate_term_sum_up(sum, static_cast<std::int64_t>(n))), value, slack(n)));
        }
    }
}

TEST_CASE("sums of squares and 2-norms are two-sided at every scale", "[rounding]") {
    test::Random random(24);
    for (const std::size_t n : {1U, 2U, 9U, 300U}) {
        for (const auto& v : nasty_vectors(random, n)) {
            Rational value = 0;
            for (const double x : v) {
                value += exact(x) * exact(x);
            }
            INFO("n = " << n << ", v[0] = " << v[0]);
            CHECK(encloses_from_above(exact(sum_of_squares_up(v)), value, slack(n)));
            const Rational norm = exact(norm2_up(v));
            CHECK(encloses_from_above(norm * norm, value, slack(n)));
        }
    }
    CHECK(norm2_up(std::vector<double>{3, 4}).value_up() >= 5);
    CHECK(norm2_up(std::vector<double>{3, 4}).value_up() <= 5 * (1 + 1e-14));
    CHECK(sum_of_squares_up(std::vector<double>{kLargest, kLargest}) < pow_up(Upper::exactly(2.0), 2050));
    CHECK(sum_of_squares_up({}).is_zero());
    CHECK(norm2_up(std::vector<double>(5, 0.0)).is_zero());
    CHECK(norm2_up(std::vector<double>{1, kNaN}).is_infinite());
    CHECK(norm2_up(std::vector<double>{1, kInfinity}).is_infinite());
}

TEST_CASE("max_abs is exact and a NaN is a lost bound", "[rounding]") {
    CHECK(max_abs({}) == 0);
    CHECK(max_abs(std::vector<double>{1, -3, 2}) == 3);
    CHECK(max_abs(std::vector<double>{-0.0}) == 0);
    CHECK(max_abs(std::vector<double>{kNaN, 1}) == kInfinity);
    CHECK(max_abs(std::vector<double>{1, kNaN}) == kInfinity);
    CHECK(max_abs(std::vector<double>{1, kNaN, 5}) == kInfinity);
    CHECK(max_abs(std::vector<double>{-kInfinity, 1}) == kInfinity);
}

TEST_CASE("libm values are widened by 2^-45 on both sides", "[rounding]") {
    for (const double x : {1.0, -1.0, 0.1, 1e-310, -kLeast, 1e300, 0.0}) {
        const Rational width = abs(exact(x)) * exact(kLibmRelativeError);
        CHECK(exact(libm_up(x)) > exact(x) + width);
        CHECK(exact(libm_down(x)) < exact(x) - width);
        CHECK(exact(libm_up(x)) <= exact(x) + width * 2 + 2 * exact(kLeast));
        CHECK(exact(libm_down(x)) >= exact(x) - width * 2 - 2 * exact(kLeast));
    }
    CHECK(libm_up(kNaN) == kInfinity);
    CHECK(libm_down(kNaN) == -kInfinity);
    CHECK(libm_up(kInfinity) == kInfinity);
    CHECK(libm_down(-kInfinity) == -kInfinity);
    // The true value may be finite where the computed one overflowed.
    CHECK(libm_down(kInfinity) < kInfinity);
    CHECK(libm_up(-kInfinity) > -kInfinity);
}

TEST_CASE("the arithmetic of this machine is what the proofs need", "[rounding]") {
    CHECK_NOTHROW(check_arithmetic());
}
