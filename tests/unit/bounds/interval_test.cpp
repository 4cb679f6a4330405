// SPDX-License-Identifier: Apache-2.0
#include "bounds/differential.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/networks.hpp"

using namespace qbound;
using namespace qbound::internal;
using test::exact;
using test::Rational;

namespace {

DifferentialIntervals output_intervals(const Network& network, const Network& quantized) {
    const WeightPair pair(network, quantized);
    return propagate_intervals(network, pair, 1, {});
}

Network dense(const std::vector<double>& row, const std::vector<double>& point) {
    const auto size = static_cast<std::int64_t>(row.size());
    return test::NetworkBuilder({size}).dense("d", {row}).build().with_box({point, point});
}

/// Does entry 0 of a component pair enclose the exact value?
bool encloses(const DifferentialIntervals& v, Component lower, Component upper, const Rational& value) {
    return exact(v.values[lower][0]) <= value && value <= exact(v.values[upper][0]);
}

}  // namespace

TEST_CASE("sums that cancel are enclosed, not inflated by what is left of them") {
    const std::vector<double> row{1e16, 1, -1e16};
    const Network network = dense(row, {1, 1, 1});
    const auto v = output_intervals(network, network);
    CHECK(encloses(v, x_lower, x_upper, Rational(1)));
    CHECK(encloses(v, d_lower, d_upper, Rational(0)));
    CHECK(v.values[x_upper][0] - v.values[x_lower][0] < 100);  // γ·Σ|·| is about 2e16·1e−15
}

TEST_CASE("radii that underflow do not lose the rounding error of large weights") {
    // g·|m| underflows at 2^−1060, the products do not: their rounding errors add up to more than the last place of the sum.
    std::vector<double> row;
    std::vector<double> point;
    Rational truth = 0;
    for (int j = 0; j < 64; ++j) {
        row.push_back(std::ldexp(1 + (2 * j + 1) * 0x1p-52, 1000) * (j % 2 == 0 ? 1 : -1));
        point.push_back(std::ldexp(1.0 + 37.0 * j, -1066));
        truth += exact(row.back()) * exact(point.back());
    }
    const Network network = dense(row, point);
    CHECK(encloses(output_intervals(network, network), x_lower, x_upper, truth));
}

TEST_CASE("the difference of weights is taken in real arithmetic") {
    // 1 − 2^−60 is not a double: fl(W − W') is 1, and the true difference must still be inside.
    const Network network = dense({1}, {1});
    const Network quantized = dense({0x1p-60}, {1});
    CHECK(encloses(output_intervals(network, quantized), d_lower, d_upper, Rational(1) - exact(0x1p-60)));
}

TEST_CASE("relu passes the difference where both networks are on, drops it where both are off") {
    const auto net = [](double w, double lower, double upper) {
        return test::NetworkBuilder({1}, lower, upper).dense("d", {{w}}).relu("r").build();
    };
    SECTION("on") {
        const auto v = output_intervals(net(2, 1, 3), net(1.5, 1, 3));
        CHECK(v.values[d_lower][0] == Approx(0.5).epsilon(1e-12));
        CHECK(v.values[d_upper][0] == Approx(1.5).epsilon(1e-12));
        CHECK(v.values[d_lower][0] <= 0.5);
        CHECK(v.values[d_upper][0] >= 1.5);
    }
    SECTION("off") {
        const auto v = output_intervals(net(-2, 1, 3), net(-1.5, 1, 3));
        CHECK(std::fabs(v.values[d_lower][0]) <= 0x1p-1000);
        CHECK(std::fabs(v.values[d_upper][0]) <= 0x1p-1000);
    }
    SECTION("mixed: the slope is anywhere in [0, 1]") {
        const auto v = output_intervals(net(2, -1, 1), net(1.5, -1, 1));
        CHECK(v.values[d_lower][0] == Approx(-0.5).epsilon(1e-12));
        CHECK(v.values[d_upper][0] == Approx(0.5).epsilon(1e-12));
    }
}

TEST_CASE("max pool: only entries that may attain the maximum move it") {
    // Entry 0 lies in [9, 11], entry 1 in [0, 1]; entry 1's difference is large and must not count.
    const auto net = [](double scale) {
        WeightLayer layer;
        layer.weight = test::tensor({2, 1, 1, 1}, {1.0, scale});
        layer.groups = 2;
        layer.axes = {Axis{1, 1, 1, 1, 1, 0, 0}, Axis{1, 1, 1, 1, 1, 0, 0}};
        test::NetworkBuilder builder({2, 1, 1});
        builder.add("c", "Conv", layer, {2, 1, 1});
        builder.add("v", "Reshape", View{}, {1, 1, 2});
        builder.add("p", "MaxPool", MaxPool{{Axis{1, 1, 1, 1, 1, 0, 0}, Axis{2, 1, 2, 1, 1, 0, 0}}}, {1, 1, 1});
        return builder.build().with_box({{9, 0}, {11, 1}});
    };
    const auto v = output_intervals(net(1.0), net(5.0));
    CHECK(v.values[d_lower][0] == Approx(0).margin(1e-12));
    CHECK(v.values[d_upper][0] == Approx(0).margin(1e-12));
    CHECK(v.values[x_lower][0] == Approx(9));
    CHECK(v.values[y_upper][0] == Approx(11));
}

TEST_CASE("constants of an index map are the same in both networks") {
    Select pad;
    pad.maps = {std::vector<std::int32_t>{0}, std::vector<std::int32_t>{0}, std::vector<std::int32_t>{0, -1}};
    pad.constant = 7;
    const Network network = test::NetworkBuilder({1, 1, 1}).add("p", "Pad", pad, {1, 1, 2}).build();
    const auto v = output_intervals(network, network);
    CHECK(v.values[x_lower][1] == 7);
    CHECK(v.values[x_upper][1] == 7);
    CHECK(v.values[d_lower][1] == 0);
    CHECK(v.values[d_upper][1] == 0);
}
