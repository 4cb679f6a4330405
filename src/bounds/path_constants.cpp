// SPDX-License-Identifier: Apache-2.0
#include "bounds/chain_hypotheses.hpp"
#include "qbound/bounds.hpp"

#include <algorithm>
#include <unordered_map>

namespace qbound {

namespace {

/// Indices of the weight layers on `path`.
std::vector<std::size_t> layers_of(const Network& network, const std::vector<NodeId>& path) {
    std::unordered_map<NodeId, std::size_t> index_of;
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        index_of.emplace(network.weight_layers()[i], i);
    }
    std::vector<std::size_t> layers;
    for (const NodeId id : path) {
        if (const auto found = index_of.find(id); found != index_of.end()) {
            layers.push_back(found->second);
        }
    }
    return layers;
}

}  // namespace

PathConstants path_constants(const BoundInput& input) {
    const Network& network = input.network;
    const std::vector<NodeId> path = main_path(network);
    PathConstants c;
    c.layers = layers_of(network, path);
    c.L = static_cast<std::int64_t>(c.layers.size());
    c.N = network.node(network.input()).dims.size();
    c.D = network.box().radius();
    c.r = Upper::exactly(1.0);
    for (const std::size_t index : c.layers) {
        const NodeId id = network.weight_layers()[index];
        const WeightLayer& layer = network.layer(index);
        const LayerNorms& norms = input.norms[index];
        const LayerQuantization& quantization = input.pair.quantization(index);

        const std::int64_t input_size = network.node(network.node(id).inputs.front()).dims.size();
        c.N = std::max({c.N, input_size, network.node(id).dims.size()});
        c.width_sum += input_size;

        const std::int64_t grouped = fan_in(layer, FanInConvention::grouped);
        const std::int64_t paper = fan_in(layer, FanInConvention::paper);
        c.fan_in_sum += grouped;
        c.fan_in_max = std::max(c.fan_in_max, grouped);
        c.fan_in_sum_paper += paper;
        c.fan_in_max_paper = std::max(c.fan_in_max_paper, paper + (layer.bias.empty() ? 0 : 1));

        c.delta = std::max({c.delta, quantization.max_abs_delta, quantization.max_abs_bias_delta});
        const double bias_max = std::max(norms.bias_max, norms.bias_max_quantized);
        c.has_bias = c.has_bias || bias_max > 0;
        c.biases_change = c.biases_change || quantization.max_abs_bias_delta > 0;
        c.r = max(max(c.r, Upper::exactly(bias_max)), max(norms.inf, norms.inf_quantized));
    }
    // T2 telescopes one network's activations through the other's weights: every r_l bounds both.
    std::vector<Upper> r;
    std::vector<Upper> augmented;
    for (const std::size_t index : c.layers) {
        const LayerNorms& norms = input.norms[index];
        r.push_back(max(norms.inf, norms.inf_quantized));
        augmented.push_back(max(norms.augmented, norms.augmented_quantized));
    }
    c.r_mean_power = r_mean_power_up(augmented, c.biases_change);
    c.r_conv_power = r_conv_power_up(c.has_bias ? augmented : r);
    c.violated = internal::violated_chain_hypotheses(input, path);
    return c;
}

}  // namespace qbound
