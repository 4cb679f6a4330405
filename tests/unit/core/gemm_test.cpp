// SPDX-License-Identifier: Apache-2.0
#include "core/gemm.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "support/catch.hpp"

using qbound::internal::ConstMatrix;
using qbound::internal::gemm;
using qbound::internal::LeftFactor;

namespace {

struct Case {
    std::int64_t m;
    std::int64_t n;
    std::int64_t k;
};

std::vector<double> integers(std::int64_t count, unsigned seed) {
    std::mt19937 generator(seed);
    std::uniform_int_distribution<int> entry(-1000, 1000);
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& v : values) {
        v = entry(generator);
    }
    return values;
}

}  // namespace

TEST_CASE("gemm is exact on integers, for every shape around the tile sizes") {
    // Products of small integers are exact in any order of summation, so one missing or doubled term shows.
    const auto [m, n, k] = GENERATE(Case{1, 1, 1}, Case{3, 1, 517}, Case{65, 4, 33}, Case{5, 5, 1}, Case{8, 24, 256}, Case{9, 25, 257},
                                    Case{145, 241, 3}, Case{289, 7, 600}, Case{2, 500, 513}, Case{4, 6, 0});
    CAPTURE(m, n, k);
    const std::int64_t lda = k + 3;
    const std::int64_t ldb = n + 5;
    const std::int64_t ldc = n + 2;
    const auto a = integers(m * lda, 1);
    const auto b = integers(std::max<std::int64_t>(k, 1) * ldb, 2);
    for (const auto left : {LeftFactor::as_is, LeftFactor::absolute}) {
        for (const int threads : {1, 3}) {
            std::vector<double> c(static_cast<std::size_t>(m * ldc), 7.0);
            gemm(m, n, k, {a.data(), lda}, {b.data(), ldb}, {c.data(), ldc}, left, threads);
            for (std::int64_t i = 0; i < m; ++i) {
                for (std::int64_t j = 0; j < ldc; ++j) {
                    double expected = 7.0;  // outside the matrix nothing is written
                    if (j < n) {
                        expected = 0;
                        for (std::int64_t p = 0; p < k; ++p) {
                            const double x = a[static_cast<std::size_t>(i * lda + p)];
                            expected += (left == LeftFactor::absolute ? std::fabs(x) : x) * b[static_cast<std::size_t>(p * ldb + j)];
                        }
                    }
                    REQUIRE(c[static_cast<std::size_t>(i * ldc + j)] == expected);
                }
            }
        }
    }
}

TEST_CASE("gemm gives the same bits for any number of threads") {
    std::mt19937 generator(3);
    std::normal_distribution<double> normal;
    const std::int64_t m = 300;
    const std::int64_t n = 500;
    const std::int64_t k = 700;
    std::vector<double> a(static_cast<std::size_t>(m * k));
    std::vector<double> b(static_cast<std::size_t>(k * n));
    for (double& v : a) v = normal(generator);
    for (double& v : b) v = normal(generator);
    std::vector<double> one(static_cast<std::size_t>(m * n));
    gemm(m, n, k, {a.data(), k}, {b.data(), n}, {one.data(), n}, LeftFactor::as_is, 1);
    for (const int threads : {2, 5}) {
        std::vector<double> many(one.size());
        gemm(m, n, k, {a.data(), k}, {b.data(), n}, {many.data(), n}, LeftFactor::as_is, threads);
        REQUIRE(many == one);
    }
}

TEST_CASE("gemm propagates NaN and infinity to the entries that they touch, and only to those") {
    const double inf = std::numeric_limits<double>::infinity();
    std::vector<double> a(10 * 10, 1.0);
    std::vector<double> b(10 * 10, 1.0);
    b[3] = inf;
    b[14] = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> c(100);
    gemm(10, 10, 10, {a.data(), 10}, {b.data(), 10}, {c.data(), 10}, LeftFactor::as_is, 1);
    for (std::size_t i = 0; i < 10; ++i) {
        for (std::size_t j = 0; j < 10; ++j) {
            if (j == 3) {
                CHECK(c[i * 10 + j] == inf);
            } else if (j == 4) {
                CHECK(std::isnan(c[i * 10 + j]));
            } else {
                CHECK(c[i * 10 + j] == 10.0);
            }
        }
    }
}
