// SPDX-License-Identifier: Apache-2.0
#include "qbound/statistics.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"
#include "support/random_graph.hpp"

#include <cmath>
#include <limits>

using namespace qbound;
using qbound::test::NetworkBuilder;
using Values = std::vector<double>;

namespace {

Network two_outputs(const test::Matrix& rows) {
    return NetworkBuilder({2}).dense("d", rows).relu("r").build();
}

DataStatistics compare(const Network& a, const Network& b, const Values& x, std::int64_t count,
                       const std::vector<std::int64_t>& labels = {}, int threads = 1) {
    return data_statistics(a, parameters_of(a), parameters_of(b), {x, count}, labels, threads);
}

}  // namespace

TEST_CASE("statistics: numbers computed by hand") {
    const Network a = two_outputs({{1, 0}, {0, 1}});
    const Network b = two_outputs({{1, 0.5}, {0, 1}});
    // x:          (1, 2)   (4, −2)   (−1, 1)   (0.5, 0.6)
    // R_θ:        (1, 2)   (4, 0)    (0, 1)    (0.5, 0.6)
    // R_θ':       (2, 2)   (3, 0)    (0, 1)    (0.8, 0.6)
    // errors:     1        1         0         0.3           classes 1, 0, 1, 1 and 0 (tie), 0, 1, 0
    const Values x{1, 2, 4, -2, -1, 1, 0.5, 0.6};
    const DataStatistics s = compare(a, b, x, 4, {1, 0, 1, 0});
    CHECK(s.count == 4);
    REQUIRE(s.errors.size() == 4);
    CHECK(s.errors[0] == 1);
    CHECK(s.errors[1] == 1);
    CHECK(s.errors[2] == 0);
    CHECK(s.errors[3] == Approx(0.3));
    CHECK(s.classes == std::vector<std::int64_t>{1, 0, 1, 1});
    CHECK(s.agreeing == 2);
    CHECK(s.correct == 3);
    CHECK(s.correct_quantized == 3);
    REQUIRE(s.outputs.size() == 2);
    CHECK(s.outputs[0].mean == Approx(2.3 / 4));
    CHECK(s.outputs[0].max == 1);
    CHECK(s.outputs[1].max == 0);
    REQUIRE(s.nodes.size() == 2);
    // Before the ReLU: differences 1, −1, 0.5, 0.3 in the first entry; Σx² = 1 + 4 + 16 + 4 + 1 + 1 + 0.25 + 0.36.
    CHECK(s.nodes[0].max_abs == 1);
    CHECK(s.nodes[0].mean_abs == Approx(2.8 / 8));
    CHECK(s.nodes[0].sqnr == Approx(10 * std::log10(27.61 / (1 + 1 + 0.25 + 0.09))));
    CHECK(s.nodes[1].max_abs == 1);
    CHECK(s.nodes[1].mean_abs == Approx(2.3 / 8));
}

TEST_CASE("statistics: quantiles are order statistics") {
    Values errors;
    for (int i = 100; i >= 1; --i) {
        errors.push_back(i);
    }
    const ErrorSummary summary = summarise_errors(errors);
    CHECK(summary.mean == Approx(50.5));
    CHECK(summary.max == 100);
    CHECK(summary.quantiles == std::array<double, 3>{50, 90, 99});
    CHECK(summarise_errors({3}).quantiles == std::array<double, 3>{3, 3, 3});
    CHECK(summarise_errors({1, 2}).quantiles == std::array<double, 3>{1, 2, 2});
}

TEST_CASE("statistics: no error is an infinite ratio, a beyond-range square is none") {
    const Network a = two_outputs({{1, 0}, {0, 1}});
    CHECK(compare(a, a, {1, 2}, 1).nodes[0].sqnr == std::numeric_limits<double>::infinity());
    const Network b = two_outputs({{1.5, 0}, {0, 1}});
    const DataStatistics s = compare(a, b, {1e200, 0}, 1);
    CHECK(s.nodes[0].sqnr == Approx(10 * std::log10(4)));
}

TEST_CASE("statistics: batches, threads and single evaluations agree on random networks") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const test::RandomCase drawn = test::random_case(seed, {.extreme_weights = false});
        const Network& network = *drawn.network;
        const Parameters theta = parameters_of(network);
        const Parameters quantized = quantized_parameters_of(*drawn.pair);
        test::Random random(seed);
        constexpr std::int64_t kCount = 150;
        const auto size = static_cast<std::size_t>(network.node(0).dims.size());
        const Values x = random.vector(size * kCount, network.box().lower.front(), network.box().upper.front());
        const DataView data{x, kCount};
        CAPTURE(seed);
        const DataStatistics one = data_statistics(network, theta, quantized, data, {}, 1);
        const DataStatistics two = data_statistics(network, theta, quantized, data, {}, 3);
        REQUIRE(one.errors == two.errors);
        CHECK(one.nodes.back().max_abs == two.nodes.back().max_abs);
        CHECK(one.nodes.front().mean_abs == two.nodes.front().mean_abs);
        for (std::int64_t i = 0; i < kCount; i += 37) {
            const Values a = approx_evaluate(network, theta, data.sample(i), 1);
            const Values b = approx_evaluate(network, quantized, data.sample(i), 1);
            double largest = 0;
            double scale = 1e-300;
            for (std::size_t k = 0; k < a.size(); ++k) {
                largest = std::max(largest, std::abs(a[k] - b[k]));
                scale = std::max({scale, std::abs(a[k]), std::abs(b[k])});
            }
            CHECK(std::abs(one.errors[static_cast<std::size_t>(i)] - largest) <= 1e-9 * scale);
        }
    }
}

TEST_CASE("statistics: labels and data that do not fit") {
    const Network a = two_outputs({{1, 0}, {0, 1}});
    CHECK_THROWS_WITH(compare(a, a, {1, 2}, 1, {0, 1}), "labels: 2 labels for 1 inputs");
    CHECK_THROWS_WITH(compare(a, a, {1, 2}, 1, {2}), "labels: label 2 at index 0 is not one of the classes 0..1");
    CHECK_THROWS_WITH(compare(a, a, {1, 2}, 1, {-1}), "labels: label -1 at index 0 is not one of the classes 0..1");
    CHECK_THROWS_WITH(compare(a, a, {1, 2, 3}, 1), "input data: 3 values instead of 1 of 2");
    CHECK_THROWS_WITH(compare(a, a, {1, std::nan("")}, 1), "input data: value nan at index 1 is not finite");
    const Network single = NetworkBuilder({2}).dense("d", {{1, 1}}).build();
    CHECK_FALSE(has_classes(single));
    CHECK_THROWS_WITH(compare(single, single, {1, 2}, 1, {0}), "--labels: the output of shape 1 is no vector of classes");
    CHECK(compare(single, single, {1, 2}, 1).classes.empty());
}
