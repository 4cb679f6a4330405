// SPDX-License-Identifier: Apache-2.0
// What is proved about bounds relative to one another.
#include "property/falsify/falsifier.hpp"

#include "support/catch.hpp"

#include <algorithm>

using namespace qbound;

namespace {

/// a ≤ b·(1 + 2^−38): both sides are products and sums of at most some hundred Uppers, each 2^−51 above the exact one, of row sums
/// inflated by γ_n, n ≤ 200.
bool at_most_up_to_rounding(Upper a, Upper b) {
    return a <= b * Upper::exactly(1 + 0x1p-38);
}

test::GraphOptions chains() {
    test::GraphOptions options;
    options.branches = false;
    options.contracting_only = true;
    return options;
}

}  // namespace

TEST_CASE("joint is never above interval and layerwise-2") {
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        const test::RandomCase random_case = test::random_case(seed);
        const Result result = test::all_bounds(random_case);
        const Upper joint = test::bound_of(result, "joint").value;
        INFO(test::describe(random_case));
        CHECK(joint <= test::bound_of(result, "interval").value);
        CHECK(joint <= test::bound_of(result, "layerwise-2").value);
    }
}

TEST_CASE("layerwise-inf is never above houache-conv on chains") {
    int strictly_below = 0;
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, chains());
        const Result result = test::all_bounds(random_case);
        const Bound& conv = test::bound_of(result, "houache-conv");
        const Upper layerwise = test::bound_of(result, "layerwise-inf").value;
        INFO(test::describe(random_case));
        REQUIRE(conv.guarantee == Guarantee::certified);
        CHECK(at_most_up_to_rounding(layerwise, conv.value));
        strictly_below += layerwise < conv.value ? 1 : 0;
    }
    CHECK(strictly_below > 150);
}

TEST_CASE("houache-graph is houache-conv on chains without biases and caps") {
    test::GraphOptions options = chains();
    options.biases = false;
    options.caps = false;
    options.unit_gain_only = true;
    int several_layers = 0;
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, options);
        const Result result = test::all_bounds(random_case);
        const bool dead_layer = std::any_of(result.layers.begin(), result.layers.end(), [](const LayerReport& layer) {
            return layer.norm_inf.is_zero() && layer.norm_inf_quantized.is_zero();
        });
        if (dead_layer) {
            continue;  // the graph form leaves out the layers before it
        }
        const Upper conv = test::bound_of(result, "houache-conv").value;
        const Upper graph = test::bound_of(result, "houache-graph").value;
        INFO(test::describe(random_case));
        CHECK(at_most_up_to_rounding(graph, conv));
        CHECK(at_most_up_to_rounding(conv, graph));
        several_layers += result.constants.L > 1 ? 1 : 0;
    }
    CHECK(several_layers > 100);
}

TEST_CASE("houache-graph is never above houache-conv on chains without biases") {
    test::GraphOptions options = chains();
    options.biases = false;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, options);
        const Result result = test::all_bounds(random_case);
        INFO(test::describe(random_case));
        CHECK(at_most_up_to_rounding(test::bound_of(result, "houache-graph").value, test::bound_of(result, "houache-conv").value));
    }
}

TEST_CASE("gonon-2023 is never below houache-general on chains whose biases stay") {
    // max(D,1)·N·L²·r^{L−1} against max(D,1)·ΣN_{l−1}·r_mean^{L−1}: both certified, the older one looser where r ≥ every r_l.
    test::GraphOptions options = chains();
    options.biases = false;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, options);
        const Result result = test::all_bounds(random_case);
        INFO(test::describe(random_case));
        CHECK(at_most_up_to_rounding(test::bound_of(result, "houache-general").value, test::bound_of(result, "gonon-2023").value));
    }
}

TEST_CASE("every bound is the same to the bit for one, two and three threads") {
    for (std::uint64_t seed = 1; seed <= 80; ++seed) {
        const test::RandomCase random_case = test::random_case(seed);
        const Result one = test::all_bounds(random_case, 1);
        for (const int threads : {2, 3}) {
            const Result several = test::all_bounds(random_case, threads);
            INFO(test::describe(random_case));
            for (const Bound& bound : one.bounds) {
                CHECK(bound.value == test::bound_of(several, bound.method).value);
            }
        }
    }
}
