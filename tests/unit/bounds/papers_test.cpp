// SPDX-License-Identifier: Apache-2.0
// The papers' bounds on networks small enough to work out by hand.
#include "evaluated.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/networks.hpp"

#include <string_view>
#include <vector>

using namespace qbound;
using test::Evaluated;
using test::NetworkBuilder;

namespace {

/// The value is at least `by_hand` and within 1e−13 of it; the bound is certified.
void check_certified(const Bound& bound, double by_hand) {
    INFO(bound.method);
    CHECK(bound.value.value_up() >= by_hand);
    CHECK(bound.value.value_up() <= by_hand * (1 + 1e-13));
    CHECK(bound.guarantee == Guarantee::certified);
    CHECK(bound.reasons.empty());
}

void check_all(const WeightPair& pair, double gonon, double general, double conv) {
    const Evaluated evaluated(pair);
    check_certified(evaluated.bound("gonon-2023"), gonon);
    check_certified(evaluated.bound("houache-general"), general);
    check_certified(evaluated.bound("houache-conv"), conv);
}

}  // namespace

TEST_CASE("two layers without bias", "[bounds]") {
    // D = 2, L = 2, N = 2, delta = 1/2; norms 3 and 2 of theta, 3 and 2.5 of theta'.
    const auto build = [](double a, double b) {
        return NetworkBuilder({2}, -2, 1).dense("a", {{1, -2}, {a, 0.5}}).relu("r").dense("b", {{1, b}}).build();
    };
    const Network network = build(0.5, 1);
    const Network other = build(0.25, 1.5);
    const WeightPair pair(network, other);
    // gonon: 2 · 2·4 · 3 · 1/2. general: 2 · (2+2) · max(2.5, 3) · 1/2. conv: 2 · (2+2) · max(2.5, 3) · 1/2.
    check_all(pair, 24, 12, 12);
    const PathConstants c = Evaluated(pair).constants();
    CHECK(c.L == 2);
    CHECK(c.N == 2);
    CHECK(c.D == 2);
    CHECK(c.delta == next_up(0.5));
    CHECK(c.r.value_up() == Approx(3).epsilon(1e-14));
    CHECK(c.r_mean_power.value_up() == Approx(3).epsilon(1e-14));
    CHECK(c.r_conv_power.value_up() == Approx(3).epsilon(1e-14));
    CHECK(c.width_sum == 4);
    CHECK(c.fan_in_sum == 4);
    CHECK(c.fan_in_max == 2);
    CHECK(c.fan_in_sum_paper == 4);
    CHECK(c.fan_in_max_paper == 2);
    CHECK_FALSE(c.has_bias);
    CHECK_FALSE(c.biases_change);
    CHECK(c.layers == std::vector<std::size_t>{0, 1});
    CHECK(c.violated.empty());
}

TEST_CASE("without bias the last bound scales with a small box, the others do not", "[bounds]") {
    const Network network = NetworkBuilder({1}, -0.25, 0.25).dense("a", {{2}}).relu("r").dense("b", {{3}}).build();
    const Network other = NetworkBuilder({1}).dense("a", {{2.5}}).relu("r").dense("b", {{3.5}}).build();
    const WeightPair pair(network, other);
    // gonon: 1 · 1·4 · 3.5 · 1/2. general: 1 · 2 · 3.5 · 1/2. conv: 1/4 · 2 · 3.5 · 1/2.
    check_all(pair, 7, 3.5, 0.875);
}

TEST_CASE("equal biases enter the norms", "[bounds]") {
    // Norms with bias: theta 2+4 = 6 and 3+1 = 4; theta' 6.5 and 4.5. N = 1, L = 2, D = 1/4 counts as 1.
    const Network network = NetworkBuilder({1}, -0.25, 0.25).dense("a", {{2}}, {4}).relu("r").dense("b", {{3}}, {-1}).build();
    const Network other = NetworkBuilder({1}).dense("a", {{2.5}}, {4}).relu("r").dense("b", {{3.5}}, {-1}).build();
    const WeightPair pair(network, other);
    // gonon: r = max(1, 3.5, 4) = 4: 4 · 4 · 1/2. general: 2 · max(4.5, 6.5) · 1/2; conv alike.
    check_all(pair, 8, 6.5, 6.5);
    const PathConstants c = Evaluated(pair).constants();
    CHECK(c.has_bias);
    CHECK_FALSE(c.biases_change);
    CHECK(c.fan_in_max_paper == 2);
    CHECK(c.fan_in_sum_paper == 2);
}

TEST_CASE("biases of zero are no biases", "[bounds]") {
    const Network network = NetworkBuilder({1}, -0.25, 0.25).dense("a", {{2}}, {0}).relu("r").dense("b", {{3}}, {-0.0}).build();
    const Network other = NetworkBuilder({1}).dense("a", {{2.5}}, {0}).relu("r").dense("b", {{3.5}}).build();
    const WeightPair pair(network, other);
    check_all(pair, 7, 3.5, 0.875);
    CHECK_FALSE(Evaluated(pair).constants().has_bias);
    CHECK(Evaluated(pair).constants().fan_in_max_paper == 2);
}

TEST_CASE("changed biases add one to every width and fan-in", "[bounds]") {
    // Norms with bias: theta 6 and 4, theta' 6 and 5; delta = 1 from the second bias.
    const Network network = NetworkBuilder({1}, -1, 1).dense("a", {{2}}, {4}).relu("r").dense("b", {{3}}, {-1}).build();
    const Network other = NetworkBuilder({1}).dense("a", {{2}}, {4}).relu("r").dense("b", {{3}}, {-2}).build();
    const WeightPair pair(network, other);
    // gonon: max(1·4, 1·3 + 2) = 5 · 4 · 1. general: (1+1 + 1+1) · max(5, 6, 1) · 1; conv alike.
    check_all(pair, 20, 24, 24);
    CHECK(Evaluated(pair).constants().biases_change);
}

TEST_CASE("changed biases with small norms: the empty product counts", "[bounds]") {
    // All norms are at most 1/2; only the last bias changes, by 1/8, and so does the output.
    const Network network = NetworkBuilder({1}, -1, 1).dense("a", {{0.5}}).relu("r").dense("b", {{0.25}}, {0}).build();
    const Network other = NetworkBuilder({1}).dense("a", {{0.5}}).relu("r").dense("b", {{0.25}}, {0.125}).build();
    const WeightPair pair(network, other);
    // gonon: 5 · 1 · 1/8. general: 4 · 1 · 1/8; conv alike.
    check_all(pair, 0.625, 0.5, 0.5);
}

TEST_CASE("one layer: the products are empty", "[bounds]") {
    const Network network = NetworkBuilder({3}, -2, 2).dense("a", {{9, 9, 9}}).build();
    const Network other = NetworkBuilder({3}).dense("a", {{9.5, 9.5, 9.5}}).build();
    const WeightPair pair(network, other);
    check_all(pair, 3, 3, 3);  // and 2 · 3 · 1/2 is reached at a corner

    const Network biased = NetworkBuilder({3}, -2, 2).dense("a", {{9, 9, 9}}, {1}).build();
    const Network moved = NetworkBuilder({3}).dense("a", {{9.5, 9.5, 9.5}}, {1.5}).build();
    const WeightPair biases(biased, moved);
    check_all(biases, 4, 4, 4);  // max(3, 3·1 + 1): theorem III.1 as printed would say 3, where 3.5 is reached
}

TEST_CASE("equal networks differ by nothing", "[bounds]") {
    const Network network = NetworkBuilder({2}).dense("a", {{1, 2}, {3, 4}}, {1, 2}).relu("r").dense("b", {{1, 1}}).build();
    check_all(WeightPair(network, network), 0, 0, 0);
    const Network weightless = NetworkBuilder({2}).relu("r").build();
    check_all(WeightPair(weightless, weightless), 0, 0, 0);
}

TEST_CASE("widths and fan-ins of convolutions, as the layers see them", "[bounds]") {
    // 2×4×4 → depthwise 3×3 padded → 2×2 max pool → flatten → dense: inputs of 32 and 8 entries.
    const auto build = [](double w) {
        const Axes pool{Axis{4, 2, 2, 2, 1, 0, 0}, Axis{4, 2, 2, 2, 1, 0, 0}};
        return NetworkBuilder({2, 4, 4}, 0, 1)
            .conv("c", test::tensor({2, 1, 3, 3}, std::vector<double>(18, w)), {1, 1}, 1, 2)
            .relu("r")
            .add("p", "MaxPool", MaxPool{pool}, {2, 2, 2})
            .add("f", "Flatten", View{}, {8})
            .dense("d", {std::vector<double>(8, w)})
            .build();
    };
    const Network network = build(1);
    const Network other = build(1.5);
    const WeightPair pair(network, other);
    const PathConstants c = Evaluated(pair).constants();
    CHECK(c.N == 32);
    CHECK(c.width_sum == 40);
    CHECK(c.fan_in_sum == 17);
    CHECK(c.fan_in_max == 9);
    CHECK(c.fan_in_sum_paper == 26);
    CHECK(c.fan_in_max_paper == 19);
    // r = 13.5; with bias 14.5 and 12. gonon: 32·4 · 13.5 / 2. general: 40 · 14.5 / 2. conv: 17 · 14.5 / 2.
    check_all(pair, 864, 290, 123.25);
    check_certified(Evaluated(pair, FanInConvention::paper).bound("houache-conv"), 188.5);
}

TEST_CASE("the largest width may be that of an enlarged input", "[bounds]") {
    Select pad;
    pad.maps = {std::vector<std::int32_t>{0}, std::vector<std::int32_t>{0}, std::vector<std::int32_t>{-1, 0, 1, -1, -1}};
    const Network network = NetworkBuilder({1, 1, 2})
                                .add("p", "Pad", pad, {1, 1, 5})
                                .add("v", "Flatten", View{}, {5})
                                .dense("a", {{1, 1, 1, 1, 1}})
                                .build();
    const WeightPair pair(network, network);
    CHECK(Evaluated(pair).constants().N == 5);
    CHECK(Evaluated(pair).constants().width_sum == 5);
    CHECK(Evaluated(pair).bound("houache-conv").guarantee == Guarantee::certified);
}

TEST_CASE("norms of the first network alone would be unsound", "[bounds]") {
    // theta = 0, theta' = 1: the error is 1, every norm of theta 0.
    const Network zero = NetworkBuilder({1}).dense("a", {{0}}).relu("r").dense("b", {{0}}).build();
    const Network one = NetworkBuilder({1}).dense("a", {{1}}).relu("r").dense("b", {{1}}).build();
    check_all(WeightPair(zero, one), 4, 2, 2);
    check_all(WeightPair(one, zero), 4, 2, 2);
}

TEST_CASE("a thousand layers neither overflow nor become conditional", "[bounds]") {
    const auto build = [](double w) {
        NetworkBuilder builder({1});
        for (int i = 0; i < 1000; ++i) {
            builder.dense("d" + std::to_string(i), {{w}});
            builder.relu("r" + std::to_string(i));
        }
        return builder.build();
    };
    const Network network = build(1000);
    const Network other = build(999);
    const WeightPair pair(network, other);
    const Evaluated evaluated(pair);
    CHECK(evaluated.bound("gonon-2023").value.log10_up() == Approx(2997 + 6).epsilon(1e-12));
    CHECK(evaluated.bound("houache-general").value.log10_up() == Approx(2997 + 3).epsilon(1e-12));
    CHECK(evaluated.bound("houache-conv").value.log10_up() == Approx(2997 + 3).epsilon(1e-12));
    CHECK(evaluated.bound("houache-conv").guarantee == Guarantee::certified);
}

TEST_CASE("the registry lists the methods from loosest to tightest", "[bounds]") {
    REQUIRE(methods().size() >= 3);
    CHECK(methods()[0].name == "gonon-2023");
    CHECK(methods()[1].name == "houache-general");
    CHECK(methods()[2].name == "houache-conv");
    CHECK(find_method("houache-conv") == &methods()[2]);
    CHECK(find_method("houache") == nullptr);
    CHECK(find_method("") == nullptr);
    const Network network = NetworkBuilder({2}).dense("a", {{1, 2}, {3, 4}}, {1, 2}).build();
    for (const Method& method : methods()) {
        INFO(method.name);
        CHECK(method.operations(network) > 0);
        CHECK_FALSE(method.theorem.empty());
        CHECK_FALSE(method.hypotheses.empty());
        CHECK_FALSE(method.cost.empty());
    }
    CHECK(to_string(Guarantee::certified) == "certified");
    CHECK(to_string(Guarantee::conditional) == "conditional");
}
