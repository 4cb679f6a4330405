// SPDX-License-Identifier: Apache-2.0
#include "qbound/bounds.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"

using namespace qbound;

namespace {

Bound two(const BoundInput&) {
    return {"two", Upper::exactly(2.0), Guarantee::certified, {}};
}

/// Twice what "two" said.
Bound four(const BoundInput& input) {
    return {"four", input.known->at("two") + input.known->at("two"), Guarantee::certified, {}};
}

}  // namespace

TEST_CASE("methods know the values before them, and their bounds come loosest first") {
    const Network network = test::NetworkBuilder({1}).dense("d", {{1}}).build();
    const WeightPair pair(network, Quantizer{});
    const std::vector<LayerNorms> norms{layer_norms(pair, 0)};
    const Method first{"two", "", "", "", true, nullptr, two};
    const Method second{"four", "", "", "", true, nullptr, four};
    const std::vector<const Method*> methods{&first, &second};
    const std::vector<Bound> bounds = evaluate_methods(methods, {.network = network, .pair = pair, .norms = norms});
    REQUIRE(bounds.size() == 2);
    CHECK(bounds[0].method == "four");
    CHECK(bounds[0].value == Upper::exactly(4.0));
    CHECK(bounds[1].method == "two");
}

TEST_CASE("the best bound is the smallest that is certified and finite") {
    const auto bound = [](double value, Guarantee guarantee) { return Bound{"", Upper::exactly(value), guarantee, {}}; };
    const std::vector<Bound> bounds{bound(9, Guarantee::certified), bound(3, Guarantee::certified), bound(3, Guarantee::certified),
                                    bound(1, Guarantee::conditional)};
    CHECK(best_bound(bounds) == std::optional<std::size_t>(1));
    CHECK(best_bound(std::span(bounds).last(1)) == std::nullopt);
    const std::vector<Bound> infinite{{"", Upper::infinity(), Guarantee::certified, {}}};
    CHECK(best_bound(infinite) == std::nullopt);
}

TEST_CASE("methods that need norms alone never ask the pair for weights") {
    // A pair whose layer 0 has other weights than its norms say: only methods that read weights notice.
    const Network network =
        test::NetworkBuilder({2}).dense("a", {{0.3, 0.7}, {-0.9, 0.2}}).relu("r").dense("b", {{1, 0.37}}).build();
    Quantizer coarse;
    coarse.bits = 3;
    const WeightPair pair(network, coarse);
    const WeightPair exact_first = pair.with_exact_layer(0);
    std::vector<LayerNorms> norms;
    std::vector<LayerSpectralNorms> spectral;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        norms.push_back(layer_norms(pair, i));
        spectral.push_back(layer_spectral_norms(pair, i, std::nullopt, 1));
    }
    for (const Method& method : methods()) {
        CAPTURE(method.name);
        const auto value = [&](const WeightPair& which) {
            return method.evaluate({.network = network, .pair = which, .norms = norms, .spectral = spectral}).value;
        };
        const bool reads_quantization = method.name.starts_with("gonon") || method.name.starts_with("houache");
        if (method.norms_only && !reads_quantization) {
            CHECK(value(pair) == value(exact_first));
        }
        if (!method.norms_only) {
            CHECK(value(exact_first) <= value(pair));
        }
    }
    CHECK_FALSE(find_method("interval")->norms_only);
    CHECK_FALSE(find_method("joint")->norms_only);
    CHECK(find_method("interval")->evaluate({.network = network, .pair = exact_first, .norms = norms, .spectral = spectral}).value <
          find_method("interval")->evaluate({.network = network, .pair = pair, .norms = norms, .spectral = spectral}).value);
}
