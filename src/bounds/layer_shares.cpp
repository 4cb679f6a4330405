// SPDX-License-Identifier: Apache-2.0
#include "qbound/bounds.hpp"

#include <algorithm>
#include <cmath>

namespace qbound {
namespace {

LayerNorms exact_norms(LayerNorms norms, const std::vector<double>& bias) {
    norms.rows_quantized = norms.rows;
    norms.rows_delta.assign(norms.rows.size(), 0.0);
    norms.inf_quantized = norms.inf;
    norms.inf_delta = Upper();
    norms.augmented_quantized = norms.augmented;
    norms.bias_max_quantized = norms.bias_max;
    norms.bias_quantized = bias;
    return norms;
}

LayerSpectralNorms exact_norms(LayerSpectralNorms norms) {
    norms.two_quantized = norms.two;
    norms.two_delta = Upper();
    norms.rows_quantized = norms.rows;
    norms.rows_delta.assign(norms.rows.size(), 0.0);
    return norms;
}

}  // namespace

std::vector<double> approx_layer_shares(const Method& method, const BoundInput& input, Upper value) {
    std::vector<double> shares;
    if (value.is_zero() || value.is_infinite()) {
        return shares;
    }
    std::vector<LayerNorms> norms = input.norms;
    std::vector<LayerSpectralNorms> spectral(input.spectral.begin(), input.spectral.end());
    for (std::size_t layer = 0; layer < input.pair.size(); ++layer) {
        norms[layer] = exact_norms(input.norms[layer], input.network.layer(layer).bias);
        if (!spectral.empty()) {
            spectral[layer] = exact_norms(input.spectral[layer]);
        }
        const WeightPair pair = input.pair.with_exact_layer(layer);
        const Upper without = method
                                  .evaluate({.network = input.network,
                                             .pair = pair,
                                             .norms = norms,
                                             .convention = input.convention,
                                             .assumed_chain = input.assumed_chain,
                                             .threads = input.threads,
                                             .spectral = spectral})
                                  .value;
        norms[layer] = input.norms[layer];
        if (!spectral.empty()) {
            spectral[layer] = input.spectral[layer];
        }
        // By logarithms: the values themselves may be beyond double.
        const double ratio = std::pow(10.0, without.log10_up() - value.log10_up());
        shares.push_back(std::clamp(1 - ratio, 0.0, 1.0));
    }
    return shares;
}

}  // namespace qbound
