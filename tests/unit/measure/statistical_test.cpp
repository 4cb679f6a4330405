// SPDX-License-Identifier: Apache-2.0
#include "qbound/statistical.hpp"

#include "support/catch.hpp"
#include "support/exact.hpp"

#include <cmath>

using namespace qbound;
using qbound::test::Integer;
using qbound::test::Rational;

namespace {

Rational power(const Rational& base, std::int64_t n) {
    Rational result = 1;
    for (std::int64_t i = 0; i < n; ++i) {
        result *= base;
    }
    return result;
}

/// P(Bin(n, p) ≥ r), term by term.
Rational tail(std::int64_t n, const Rational& p, std::int64_t r) {
    Rational sum = 0;
    Rational binomial = 1;
    for (std::int64_t i = 0; i <= n; ++i) {
        if (i >= r) {
            sum += binomial * power(p, i) * power(1 - p, n - i);
        }
        binomial *= Rational(n - i, i + 1);
    }
    return sum;
}

}  // namespace

TEST_CASE("tolerance rank: the least rank whose exact tail is small enough") {
    for (const std::int64_t n : {1, 2, 10, 59, 100, 180}) {
        for (const double coverage : {0.5, 0.75, 0.9375}) {  // doubles that are exact fractions of small denominators
            for (const double confidence : {0.5, 0.875, 0.96875}) {
                CAPTURE(n, coverage, confidence);
                const Rational p(static_cast<int>(coverage * 32), 32);
                const Rational allowed = 1 - Rational(static_cast<int>(confidence * 32), 32);
                const auto rank = tolerance_rank(n, coverage, confidence);
                if (!rank) {
                    CHECK(power(p, n) > allowed * Rational(999999, 1000000));
                    continue;
                }
                CHECK(tail(n, p, *rank) <= allowed);
                // One less would not do, but for the slack of 1e-10.
                CHECK((*rank == 1 || tail(n, p, *rank - 1) > allowed * Rational(999999, 1000000)));
            }
        }
    }
}

TEST_CASE("tolerance rank: the textbook's counts") {
    // 0.95^58 > 0.05 ≥ 0.95^59; 0.99^298 > 0.05 ≥ 0.99^299.
    CHECK(least_draws(0.95, 0.95) == 59);
    CHECK(least_draws(0.99, 0.95) == 299);
    CHECK(least_draws(0.5, 0.5) == 2);  // at 1 the tail is exactly what is allowed, which the slack refuses
    CHECK_FALSE(tolerance_rank(58, 0.95, 0.95));
    CHECK(tolerance_rank(59, 0.95, 0.95) == 59);
    CHECK(tolerance_rank(93, 0.95, 0.95) == 92);
}

TEST_CASE("Clopper and Pearson: exact tails at both ends") {
    for (const std::int64_t n : {1, 5, 40}) {
        for (std::int64_t k = 0; k <= n; k += std::max<std::int64_t>(1, n / 5)) {
            CAPTURE(n, k);
            const Proportion p = clopper_pearson(k, n, 0.95);
            const double half = 0.025;
            // P(Bin(n, lower) ≥ k) ≤ α/2 and P(Bin(n, upper) ≤ k) ≤ α/2, and nearly equal.
            if (k == 0) {
                CHECK(p.lower == 0);
            } else {
                const auto at = static_cast<double>(tail(n, Rational(p.lower), k));
                CHECK(at <= half);
                CHECK(at == Approx(half).epsilon(1e-6));
            }
            if (k == n) {
                CHECK(p.upper == 1);
            } else {
                const auto at = static_cast<double>(1 - tail(n, Rational(p.upper), k + 1));
                CHECK(at <= half);
                CHECK(at == Approx(half).epsilon(1e-6));
            }
        }
    }
    // 0 of 10 at 95 %: 1 − 0.025^(1/10).
    CHECK(clopper_pearson(0, 10, 0.95).upper == Approx(1 - std::pow(0.025, 0.1)).epsilon(1e-9));
}
