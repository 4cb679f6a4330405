// SPDX-License-Identifier: Apache-2.0
#include "bounds/differential.hpp"
#include "bounds/methods.hpp"
#include "bounds/papers.hpp"
#include "qbound/bounds.hpp"

#include <algorithm>

namespace qbound {

namespace {

/// The row sums of θ, θ' and θ − θ', and the quantization itself.
double norms_of_weights(const Network& network) {
    return 4 * static_cast<double>(network.parameters());
}

double spectral_norms(const Network& network) {
    double total = norms_of_weights(network);
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
        total += 3 * spectral_operations(network.layer(l));
    }
    return total;
}

double intervals_and_norms(const Network& network) {
    return internal::interval_operations(network) + spectral_norms(network);
}

constexpr std::string_view kAnyGraph = "any network";
constexpr std::string_view kChainHypotheses =
    "a chain; activations 1-Lipschitz with |f(t)| <= |t|; other nodes of gain at most 1 that keep 0 at 0";
constexpr std::string_view kWeightPass = "a pass over the weights";

}  // namespace

const std::vector<Method>& methods() {
    static const std::vector<Method> all{
        {"gonon-2023", "T1; Gonon et al. 2023, Theorem III.1", kChainHypotheses, kWeightPass, true, norms_of_weights,
         internal::gonon_2023, true},
        {"houache-general", "T2; Houache et al. 2025, Theorem 4.1", kChainHypotheses, kWeightPass, true, norms_of_weights,
         internal::houache_general, true},
        {"houache-conv", "T3; Houache et al. 2025, Theorem 4.4", kChainHypotheses, kWeightPass, true, norms_of_weights,
         internal::houache_conv, true},
        {"houache-graph", "G5; Theorem 4.4 of Houache et al. 2025 on graphs", kAnyGraph, kWeightPass, true, norms_of_weights,
         internal::houache_graph, true},
        {"layerwise-inf", "G1, G3, G4, G7", kAnyGraph, kWeightPass, true, norms_of_weights, internal::layerwise_inf,
         true},
        {"layerwise-2", "G2, G3, G4, G7", kAnyGraph, "certified spectral norms of W, W' and W - W' per layer", false, spectral_norms,
         internal::layerwise_two, true},
        {"interval", "I1-I8", kAnyGraph, "twelve matrix products per layer on one position per class", true,
         internal::interval_operations, internal::interval},
        {"joint", "J1", kAnyGraph, "interval and layerwise-2 together", false, intervals_and_norms, internal::joint},
    };
    return all;
}

const Method* find_method(std::string_view name) {
    const auto& all = methods();
    const auto found = std::ranges::find(all, name, &Method::name);
    return found == all.end() ? nullptr : &*found;
}

std::vector<Bound> evaluate_methods(std::span<const Method* const> methods, BoundInput input) {
    std::map<std::string_view, Upper> known;
    input.known = &known;
    std::vector<Bound> bounds;
    for (const Method* method : methods) {
        bounds.push_back(method->evaluate(input));
        known[method->name] = bounds.back().value;
    }
    std::stable_sort(bounds.begin(), bounds.end(), [](const Bound& a, const Bound& b) { return a.value > b.value; });
    return bounds;
}

std::optional<std::size_t> best_bound(std::span<const Bound> bounds) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        if (bounds[i].guarantee == Guarantee::certified && !bounds[i].value.is_infinite() &&
            (!best || bounds[i].value < bounds[*best].value)) {
            best = i;
        }
    }
    return best;
}

}  // namespace qbound
