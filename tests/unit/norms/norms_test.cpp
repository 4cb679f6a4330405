// SPDX-License-Identifier: Apache-2.0
// Norms against exact rationals, from both sides.
#include "qbound/norms.hpp"

#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/networks.hpp"
#include "support/random.hpp"

#include <limits>
#include <vector>

using namespace qbound;
using test::encloses_from_above;
using test::exact;
using test::Rational;
using test::tensor;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargest = std::numeric_limits<double>::max();

Rational larger(const Rational& a, const Rational& b) {
    return a < b ? b : a;
}

std::vector<Upper> uppers(const std::vector<double>& values) {
    std::vector<Upper> result;
    for (const double v : values) {
        result.push_back(Upper::exactly(v));
    }
    return result;
}

/// max over l of max over first ≤ i ≤ last(l) of the product of r_i..r_L without r_l, straight from the definition (1-based).
Rational r_mean_by_definition(const std::vector<double>& r, bool biases_change) {
    const std::size_t L = r.size();
    Rational result = 0;
    for (std::size_t l = 1; l <= L; ++l) {
        const std::size_t last = biases_change ? l : std::max<std::size_t>(l - 1, 1);
        for (std::size_t i = 1; i <= last; ++i) {
            Rational product = 1;
            for (std::size_t j = i; j <= L; ++j) {
                product *= j == l ? Rational{1} : exact(r[j - 1]);
            }
            result = larger(result, product);
        }
    }
    return L <= 1 ? Rational{1} : result;
}

Rational r_conv_by_definition(const std::vector<double>& r) {
    Rational result = 0;
    for (std::size_t l = 0; l < r.size(); ++l) {
        Rational product = 1;
        for (std::size_t k = 0; k < r.size(); ++k) {
            product *= k == l ? Rational{1} : exact(r[k]);
        }
        result = larger(result, product);
    }
    return r.size() <= 1 ? Rational{1} : result;
}

}  // namespace

TEST_CASE("row sums by hand", "[norms]") {
    const TensorPtr w = tensor({2, 1, 1, 3}, {1, -2, 4, 0, 0, 0});
    const auto rows = row_sums_up(*w);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0] >= 7);
    CHECK(rows[0] <= 7 * (1 + 1e-15));
    CHECK(rows[1] == 0);
    CHECK(inf_norm_up(*w).value_up() == rows[0]);
    const auto delta = delta_row_sums_up(*w, *tensor({2, 1, 1, 3}, {1.5, -2, 3, 0, 0, 0}));
    CHECK(delta[0] >= 1.5);
    CHECK(delta[0] <= 1.5 * (1 + 1e-15));
    CHECK(delta[1] == 0);
    const std::vector<double> bias{-0.5, 9};
    CHECK(augmented_inf_norm_up(*w, bias).value_up() == Approx(9).epsilon(1e-14));
    CHECK(augmented_inf_norm_up(*w, {}).value_up() == rows[0]);
}

TEST_CASE("the matrix of a convolution has its kernels as rows", "[norms]") {
    const TensorPtr w = tensor({2, 2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
    const MatrixView matrix = as_matrix(*w);
    CHECK(matrix.rows() == 2);
    CHECK(matrix.cols() == 4);
    CHECK(matrix(0, 3) == 4);
    CHECK(matrix(1, 0) == 5);
}

TEST_CASE("row sums and differences are two-sided", "[norms]") {
    test::Random random(61);
    for (int round = 0; round < 40; ++round) {
        const std::int64_t m = random.integer(1, 5);
        const std::int64_t n = random.integer(1, 90);
        const auto size = static_cast<std::size_t>(m * n);
        std::vector<double> w(size);
        std::vector<double> q(size);
        std::vector<double> bias(static_cast<std::size_t>(m));
        for (std::size_t i = 0; i < size; ++i) {
            w[i] = round % 3 == 0 ? random.spread(-1074, -1000) : random.spread(-30, 3);
            q[i] = random.coin() ? w[i] * (1 + random.uniform(-1e-3, 1e-3)) : random.spread(-30, 3);
        }
        for (double& b : bias) {
            b = random.spread(-10, 5);
        }
        const TensorPtr W = tensor({m, n, 1, 1}, w);
        const TensorPtr Q = tensor({m, n, 1, 1}, q);
        const auto rows = row_sums_up(*W);
        const auto deltas = delta_row_sums_up(*W, *Q);
        const Rational relative = (2 * n + 16) * test::power_of_two(-53);
        const Rational absolute = 4 * test::power_of_two(-1074);
        Rational largest = 0;
        Rational augmented = 0;
        for (std::int64_t i = 0; i < m; ++i) {
            Rational row = 0;
            Rational delta = 0;
            for (std::int64_t j = 0; j < n; ++j) {
                const auto at = static_cast<std::size_t>(i * n + j);
                row += abs(exact(w[at]));
                delta += abs(exact(w[at]) - exact(q[at]));
            }
            const auto at = static_cast<std::size_t>(i);
            CHECK(encloses_from_above(exact(rows[at]), row, relative, absolute));
            CHECK(encloses_from_above(exact(deltas[at]), delta, relative, absolute));
            largest = larger(largest, row);
            augmented = larger(augmented, row + abs(exact(bias[at])));
        }
        CHECK(encloses_from_above(exact(inf_norm_up(*W)), largest, relative, absolute));
        CHECK(encloses_from_above(exact(augmented_inf_norm_up(*W, bias)), augmented, relative, absolute));
    }
}

TEST_CASE("norms that overflow are lost, not wrong", "[norms]") {
    const TensorPtr w = tensor({2, 2, 1, 1}, {kLargest, kLargest, 1, 1});
    CHECK(row_sums_up(*w)[0] == kInfinity);
    CHECK(row_sums_up(*w)[1] < 3);
    CHECK(inf_norm_up(*w).is_infinite());
    CHECK(augmented_inf_norm_up(*w, std::vector<double>{1, 1}).is_infinite());
    CHECK(delta_row_sums_up(*w, *tensor({2, 2, 1, 1}, {-kLargest, kLargest, 1, 1}))[0] == kInfinity);
}

TEST_CASE("r_mean and r_conv by hand", "[norms]") {
    // L = 3, r = (2, 3, 5). Leave out 1: 15. Leave out 2: 2·5 = 10. Leave out 3: i = 1 gives 6, i = 2 gives 3.
    CHECK(r_mean_power_up(uppers({2, 3, 5}), false) == Upper::exactly(15.0));
    CHECK(r_conv_power_up(uppers({2, 3, 5})) == Upper::exactly(15.0));
    // A small first norm: starting later is larger. Leave out 3: i = 2 gives 4 instead of 0.5·4.
    CHECK(r_mean_power_up(uppers({0.5, 4, 0.25}), false) == Upper::exactly(4.0));
    CHECK(r_conv_power_up(uppers({0.5, 4, 0.25})) == Upper::exactly(2.0));
    // All small: r_{l−1} is always there, unless biases change, when the empty product counts.
    CHECK(r_mean_power_up(uppers({0.5, 0.25}), false) == Upper::exactly(0.5));
    CHECK(r_mean_power_up(uppers({0.5, 0.25}), true) == Upper::exactly(1.0));
    // L = 1.
    CHECK(r_mean_power_up(uppers({7}), false) == Upper::exactly(1.0));
    CHECK(r_mean_power_up(uppers({7}), true) == Upper::exactly(1.0));
    CHECK(r_conv_power_up(uppers({7})) == Upper::exactly(1.0));
    CHECK(r_mean_power_up({}, true) == Upper::exactly(1.0));
    CHECK(r_conv_power_up({}) == Upper::exactly(1.0));
}

TEST_CASE("r_mean and r_conv never divide: norms of zero and infinity", "[norms]") {
    CHECK(r_conv_power_up(uppers({0, 3, 5})) == Upper::exactly(15.0));
    CHECK(r_conv_power_up(uppers({0, 3, 0})).is_zero());
    CHECK(r_mean_power_up(uppers({0, 3, 5}), false) == Upper::exactly(15.0));
    CHECK(r_mean_power_up(uppers({2, 0, 0}), false).is_zero());
    CHECK(r_mean_power_up(uppers({2, 0, 0}), true) == Upper::exactly(1.0));
    CHECK(r_conv_power_up(uppers({2, kInfinity, 3})).is_infinite());
    CHECK(r_mean_power_up(uppers({0, kInfinity, 0}), false).is_infinite());
}

TEST_CASE("r_mean and r_conv agree with their definitions", "[norms]") {
    test::Random random(62);
    for (int round = 0; round < 200; ++round) {
        std::vector<double> r(static_cast<std::size_t>(random.integer(1, 9)));
        for (double& x : r) {
            x = random.integer(0, 9) == 0 ? 0 : std::fabs(random.spread(-4, 4));
        }
        const Rational relative = static_cast<std::int64_t>(r.size()) * test::power_of_two(-50);
        for (const bool biases_change : {false, true}) {
            CHECK(encloses_from_above(exact(r_mean_power_up(uppers(r), biases_change)), r_mean_by_definition(r, biases_change),
                                      relative));
        }
        CHECK(encloses_from_above(exact(r_conv_power_up(uppers(r))), r_conv_by_definition(r), relative));
    }
}

TEST_CASE("a thousand large norms neither overflow nor lose a digit", "[norms]") {
    const std::vector<Upper> r(1000, Upper::exactly(0x1p100));
    CHECK(r_conv_power_up(r) == pow_up(Upper::exactly(2.0), 99900));
    CHECK(r_mean_power_up(r, true) == pow_up(Upper::exactly(2.0), 99900));
    const std::vector<Upper> small(1000, Upper::exactly(0x1p-100));
    CHECK(r_conv_power_up(small) == pow_up(Upper::exactly(0.5), 99900));
}

TEST_CASE("fan-in in both conventions", "[norms]") {
    WeightLayer depthwise;
    depthwise.weight = tensor({8, 1, 3, 3}, std::vector<double>(72, 1.0));
    depthwise.groups = 8;
    CHECK(fan_in(depthwise, FanInConvention::grouped) == 9);
    CHECK(fan_in(depthwise, FanInConvention::paper) == 72);
    WeightLayer dense;
    dense.weight = test::dense_weight({{1, 2, 3}});
    CHECK(fan_in(dense, FanInConvention::grouped) == 3);
    CHECK(fan_in(dense, FanInConvention::paper) == 3);
}

TEST_CASE("the norms of a layer cover both networks and their difference", "[norms]") {
    const Network network = test::NetworkBuilder({2}).dense("a", {{6, -2.6}, {0.4, 3}}, {-3, 1.4}).build();
    const Network other = test::NetworkBuilder({2}).dense("a", {{6, -3}, {1, -3}}, {2, 5}).build();
    const WeightPair pair(network, other);
    const LayerNorms norms = layer_norms(pair, 0);
    CHECK(norms.inf.value_up() == Approx(8.6).epsilon(1e-14));
    CHECK(norms.inf_quantized.value_up() == Approx(9).epsilon(1e-14));
    CHECK(norms.inf_delta.value_up() == Approx(6.6).epsilon(1e-14));
    CHECK(norms.augmented.value_up() == Approx(11.6).epsilon(1e-14));
    CHECK(norms.augmented_quantized.value_up() == Approx(11).epsilon(1e-14));
    CHECK(norms.bias_max == 3);
    CHECK(norms.bias_max_quantized == 5);
    CHECK(norms.rows.size() == 2);
    CHECK(norms.rows_quantized[1] == Approx(4).epsilon(1e-14));
    CHECK(norms.rows_delta[0] == Approx(0.4).epsilon(1e-14));
}
