// SPDX-License-Identifier: Apache-2.0
#pragma once
// Networks small enough for every choice of bits to be tried.

#include "qbound/allocate.hpp"
#include "support/networks.hpp"
#include "support/random.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace qbound::test {

/// A chain of 3 to 5 dense layers with ReLU between, of different widths and scales. `largest` bounds every row's sum.
inline Network small_chain(Random& random, double largest = 8) {
    std::int64_t width = random.integer(2, 8);
    NetworkBuilder builder({width});
    const std::int64_t depth = random.integer(3, 5);
    for (std::int64_t l = 0; l < depth; ++l) {
        const std::int64_t next = random.integer(2, 8);
        const double scale = largest / static_cast<double>(width) * std::ldexp(1.0, -static_cast<int>(random.integer(0, 4)));
        Matrix rows;
        for (std::int64_t i = 0; i < next; ++i) {
            rows.push_back(random.vector(static_cast<std::size_t>(width), -scale, scale));
        }
        builder.dense("d" + std::to_string(l), rows);
        if (l + 1 < depth) {
            builder.relu("r" + std::to_string(l));
        }
        width = next;
    }
    return builder.build();
}

inline AllocateOptions options_for(std::vector<const Method*> methods, std::vector<int> widths = {2, 3, 4, 5}) {
    AllocateOptions options;
    options.methods = std::move(methods);
    options.widths = std::move(widths);
    return options;
}

/// What an independent evaluation says of these bits.
inline Bound evaluated(const Network& network, const AllocateOptions& options, const std::vector<int>& bits) {
    Quantizer quantizer = options.quantizer;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        quantizer.bits_by_layer[network.node(network.weight_layers()[i]).name] = bits[i];
    }
    const WeightPair pair(network, quantizer);
    std::vector<LayerNorms> norms;
    std::vector<LayerSpectralNorms> spectral;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        norms.push_back(layer_norms(pair, i));
        spectral.push_back(layer_spectral_norms(pair, i, std::nullopt, 1));
    }
    std::vector<Bound> bounds = evaluate_methods(
        options.methods,
        {.network = network, .pair = pair, .norms = norms, .assumed_chain = options.assumed_chain, .spectral = spectral});
    return bounds[best_bound(bounds).value()];
}

/// Calls visit(bits) for every choice.
template <class Visit>
void every_choice(const Network& network, const std::vector<int>& widths, const Visit& visit) {
    std::vector<std::size_t> at(network.weight_layers().size());
    for (bool more = true; more;) {
        std::vector<int> bits;
        for (const std::size_t i : at) {
            bits.push_back(widths[i]);
        }
        visit(bits);
        more = false;
        for (std::size_t l = 0; l < at.size() && !more; ++l) {
            more = ++at[l] < widths.size();
            at[l] = more ? at[l] : 0;
        }
    }
}

inline std::int64_t size_of(const Network& network, const std::vector<int>& bits) {
    std::int64_t size = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        size += network.layer(i).weight->size() * bits[i];
    }
    return size;
}

}  // namespace qbound::test
