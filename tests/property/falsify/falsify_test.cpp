// SPDX-License-Identifier: Apache-2.0
// Nothing that is called certified is ever exceeded, and no interval of any entry of any node misses the truth.
#include "property/falsify/falsifier.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <set>
#include <string>

using namespace qbound;

namespace {

struct Tally {
    std::set<std::string> features;
    std::map<std::string, int> certified;  ///< cases in which the method gave a finite certified number
    std::map<std::string, double> smallest;
    std::size_t intervals = 0;
    int reached = 0;  ///< cases with an error > 0
};

Tally hunt(std::uint64_t first, std::uint64_t last, const test::GraphOptions& graph, const test::FalsifierOptions& options) {
    Tally tally;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, graph);
        const test::Verdict verdict = test::falsify(random_case, options);
        for (const std::string& violation : verdict.violations) {
            INFO(test::describe(random_case));
            FAIL_CHECK(violation);
        }
        tally.features.insert(random_case.features.begin(), random_case.features.end());
        tally.intervals += verdict.intervals_checked;
        tally.reached += verdict.reached > 0 ? 1 : 0;
        for (const auto& [method, ratio] : verdict.ratios) {
            ++tally.certified[method];
            const auto known = tally.smallest.find(method);
            tally.smallest[method] = known == tally.smallest.end() ? ratio : std::min(known->second, ratio);
        }
    }
    return tally;
}

}  // namespace

TEST_CASE("no certified bound is exceeded on random graphs") {
    const Tally tally = hunt(1, 400, {}, {});
    CHECK(tally.reached > 300);
    CHECK(tally.intervals > 100000);
    for (const char* method : {"houache-graph", "layerwise-inf", "layerwise-2", "interval", "joint"}) {
        INFO(method);
        CHECK(tally.certified.at(method) > 300);
    }
    // The hunt is worth what it covers.
    for (const char* feature : {"Conv",
                                "Gemm",
                                "Scale",
                                "Add",
                                "Concat",
                                "MaxPool",
                                "AveragePool",
                                "Pad",
                                "Slice",
                                "Transpose",
                                "Flatten",
                                "Reshape",
                                "residual",
                                "depthwise convolution",
                                "grouped convolution",
                                "1-D convolution",
                                "1-D pool",
                                "strided convolution",
                                "dilated convolution",
                                "dilated pool",
                                "asymmetric padding",
                                "ceil_mode beyond padding",
                                "counted padding with a window beyond it",
                                "global average pool",
                                "negative scale",
                                "dead channel",
                                "cancelling row",
                                "extreme weights",
                                "activation not 0 at 0",
                                "Sum of the same input twice",
                                "Sum with a minus",
                                "Concat along axis 0",
                                "Concat along axis 1",
                                "Concat along axis 2",
                                "Pad constant",
                                "Pad edge",
                                "Pad reflect",
                                "Pad wrap",
                                "Pad with a constant that is not 0",
                                "slice",
                                "repeats",
                                "reversed axis",
                                "nearest resize",
                                "product",
                                "square",
                                "gate",
                                "general permutation",
                                "general Select with a constant",
                                "box per entry",
                                "box per channel",
                                "point in the box",
                                "box off centre",
                                "D < 1",
                                "biases that change",
                                "second network",
                                "given step",
                                "bits by layer",
                                "asymmetric quantizer",
                                "quantizer per channel",
                                "round",
                                "floor"}) {
        INFO(feature);
        CHECK(tally.features.count(feature) == 1);
    }
    for (const ActivationRow& row : activation_table()) {
        CHECK(tally.features.count(std::string(row.op)) == 1);
    }
}

TEST_CASE("no certified bound is exceeded on chains that satisfy the papers' hypotheses") {
    test::GraphOptions graph;
    graph.branches = false;
    graph.contracting_only = true;
    test::FalsifierOptions options;
    options.containment = false;
    const Tally tally = hunt(1001, 1200, graph, options);
    for (const Method& method : methods()) {
        INFO(method.name);
        CHECK(tally.certified.at(std::string(method.name)) > 100);
    }
}

TEST_CASE("no certified bound is exceeded on shallow networks, where bounds are tight") {
    test::GraphOptions graph;
    graph.max_entries = 24;
    graph.rational_only = true;
    graph.steps = 2;
    test::FalsifierOptions options;
    options.evaluations = 300;
    const Tally tally = hunt(2001, 2200, graph, options);
    CHECK(tally.smallest.at("interval") < 1.001);
    CHECK(tally.smallest.at("joint") < 1.001);
    CHECK(tally.smallest.at("layerwise-inf") < 1.001);
}
