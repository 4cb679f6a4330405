// SPDX-License-Identifier: Apache-2.0
// A product of two layers, every bound worked out by hand.
#include "property/falsify/falsifier.hpp"

#include "support/catch.hpp"
#include "support/networks.hpp"

using namespace qbound;

namespace {

/// p = (a·x)(b·x) with the weights a and b, x in [1, 2].
Network product_of(double a, double b) {
    const auto layer = [](double w) {
        WeightLayer one;
        one.weight = std::make_shared<const Tensor>(Tensor{{1, 1, 1, 1}, {w}});
        one.dense = true;
        return one;
    };
    return test::NetworkBuilder({1}, 1, 2)
        .add("a", "Gemm", layer(a), {1}, {0})
        .add("b", "Gemm", layer(b), {1}, {0})
        .add("p", "Mul", Product{}, {1}, {1, 2})
        .build();
}

}  // namespace

TEST_CASE("the bounds of a product, by hand") {
    // 2x·(−x) against 1.5x·(−1.25x): the difference is −0.125x², at most 0.5.
    test::RandomCase pair;
    pair.network = std::make_unique<const Network>(product_of(2, -1));
    pair.second = std::make_unique<const Network>(product_of(1.5, -1.25));
    pair.pair = std::make_unique<const WeightPair>(*pair.network, *pair.second);
    const Result result = test::all_bounds(pair);
    const auto value = [&](const char* method) { return test::bound_of(result, method).value.value_up(); };
    // a ≤ 4 and 3, b ≤ 2 and 2.5, differences 1 and 0.5: min(4·0.5 + 1·2.5, 3·0.5 + 1·2).
    CHECK(value("layerwise-inf") == Approx(3.5).epsilon(1e-12));
    CHECK(value("layerwise-2") == Approx(3.5).epsilon(1e-12));
    // [1.5, 3]·[0.25, 0.5] + [0.5, 1]·[−2, −1] = [−1.625, 1] lies in the other telescoping, [−2, 1.375].
    CHECK(value("interval") == Approx(1.625).epsilon(1e-12));
    CHECK(value("joint") == Approx(1.625).epsilon(1e-12));
    // Gains 2.5 and 4, magnitude 2 before both layers, fan-ins 1 + 1, step 0.5.
    CHECK(value("houache-graph") == Approx(8).epsilon(1e-12));
    CHECK(test::bound_of(result, "gonon-2023").guarantee == Guarantee::conditional);
    CHECK(test::falsify(pair, {}).violations.empty());
    CHECK(test::falsify(pair, {}).reached == test::Rational(1, 2));
}

TEST_CASE("a square takes one node twice") {
    test::RandomCase pair;
    const auto square = [](double w) {
        return std::make_unique<const Network>(
            test::NetworkBuilder({1}, -1, 1).dense("a", {{w}}).add("p", "Mul", Product{}, {1}, {1, 1}).build());
    };
    pair.network = square(2);
    pair.second = square(1);
    pair.pair = std::make_unique<const WeightPair>(*pair.network, *pair.second);
    const Result result = test::all_bounds(pair);
    // (2x)² − x² = 3x² with |2x| ≤ 2, |x| ≤ 1, difference 1: 2·1 + 1·1, reached.
    CHECK(test::bound_of(result, "layerwise-inf").value.value_up() == Approx(3).epsilon(1e-12));
    CHECK(test::bound_of(result, "interval").value.value_up() == Approx(3).epsilon(1e-12));
    CHECK(test::falsify(pair, {}).reached == 3);
}

TEST_CASE("an edge into a product has the other factor's magnitude as gain") {
    test::RandomCase pair;
    const auto scaled_square = [](double w) {
        return std::make_unique<const Network>(
            test::NetworkBuilder({1}, -3, 3).dense("a", {{w}}).add("p", "Mul", Product{}, {1}, {1, 0}).build());
    };
    pair.network = scaled_square(0.25);
    pair.second = scaled_square(0.125);
    pair.pair = std::make_unique<const WeightPair>(*pair.network, *pair.second);
    // (0.25x)·x − (0.125x)·x = 0.125x², at most 1.125: gain 3 (not 0.75), magnitude 3, fan-in 1, step 0.125.
    const Result result = test::all_bounds(pair);
    CHECK(test::bound_of(result, "houache-graph").value.value_up() == Approx(1.125).epsilon(1e-12));
    CHECK(test::falsify(pair, {}).reached == test::Rational(9, 8));
}
