// SPDX-License-Identifier: Apache-2.0
// The graph form of Theorem 4.4: gains to the output times magnitudes before each layer (docs/theory.md G5).
#include "bounds/methods.hpp"
#include "bounds/norm_recursion.hpp"

#include <algorithm>

namespace qbound::internal {
namespace {

/// r_l = max(‖W_l‖, ‖W'_l‖), indexed by weight layer.
std::vector<Upper> layer_gains(const BoundInput& input) {
    std::vector<Upper> gains;
    for (const LayerNorms& norms : input.norms) {
        gains.push_back(max(norms.inf, norms.inf_quantized));
    }
    return gains;
}

/// ≥ |z_i| and |z'_i| for every row i, if |u|, |u'| ≤ before: the larger of the two networks' row sums and biases, row by row.
Upper layer_magnitude(const WeightLayer& layer, const LayerNorms& norms, Upper before) {
    Upper result;
    for (std::size_t i = 0; i < norms.rows.size(); ++i) {
        const Upper row = Upper::exactly(std::max(norms.rows[i], norms.rows_quantized[i]));
        const Upper bias =
            layer.bias.empty() ? Upper() : max(Upper::magnitude(layer.bias[i]), Upper::magnitude(norms.bias_quantized[i]));
        result = max(result, row * before + bias);
    }
    return result;
}

/// Bounds of ‖x_v‖ and ‖x'_v‖ (both in .x) at every node, with the larger of both networks' rows.
std::vector<NodeNorms> magnitudes(const BoundInput& input) {
    const Network& network = input.network;
    std::vector<NodeNorms> result(network.nodes().size());
    std::size_t index = 0;
    for (std::size_t id = 0; id < result.size(); ++id) {
        const Node& node = network.nodes()[id];
        std::vector<const NodeNorms*> inputs;
        for (const NodeId from : node.inputs) {
            inputs.push_back(&result[static_cast<std::size_t>(from)]);
        }
        if (std::holds_alternative<Input>(node.kind)) {
            result[id] = input_norms(network).inf;
        } else if (std::holds_alternative<WeightLayer>(node.kind)) {
            const Upper magnitude = layer_magnitude(network.layer(index), input.norms[index], inputs[0]->x);
            result[id] = {magnitude, magnitude, Upper()};
            ++index;
        } else {
            result[id] = propagate_inf(network, node, inputs);
        }
    }
    return result;
}

/// G_v: the gain from each node to the output, summed over edges. An edge into a product has the other factor's magnitude as gain.
std::vector<Upper> gains_to_output(const Network& network, const std::vector<Upper>& layer_gain,
                                   const std::vector<NodeNorms>& magnitude) {
    std::vector<Upper> gains(network.nodes().size());
    gains[static_cast<std::size_t>(network.output())] = Upper::exactly(1.0);
    std::size_t index = network.weight_layers().size();
    for (std::size_t id = network.nodes().size(); id-- > 0;) {
        const Node& node = network.nodes()[id];
        if (std::holds_alternative<Product>(node.kind)) {
            for (const std::size_t k : {0U, 1U}) {
                const NodeNorms& other = magnitude[static_cast<std::size_t>(node.inputs[1 - k])];
                gains[static_cast<std::size_t>(node.inputs[k])] += gains[id] * max(other.x, other.y);
            }
            continue;
        }
        const bool is_layer = std::holds_alternative<WeightLayer>(node.kind);
        const Upper through = gains[id] * (is_layer ? layer_gain[--index] : inf_gain(node));
        for (const NodeId from : node.inputs) {
            gains[static_cast<std::size_t>(from)] += through;
        }
    }
    return gains;
}

}  // namespace

Bound houache_graph(const BoundInput& input) {
    const Network& network = input.network;
    const std::vector<Upper> layer_gain = layer_gains(input);
    const std::vector<NodeNorms> magnitude = magnitudes(input);
    const std::vector<Upper> gain = gains_to_output(network, layer_gain, magnitude);
    const Upper one = Upper::exactly(1.0);
    bool biases_change = false;
    for (std::size_t l = 0; l < input.pair.size(); ++l) {
        biases_change = biases_change || input.pair.quantization(l).max_abs_bias_delta != 0;
    }
    Upper fan_sum;
    Upper delta;
    Upper largest;
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
        const NodeId id = network.weight_layers()[l];
        const Upper to_output = gain[static_cast<std::size_t>(id)];
        if (to_output.is_zero()) {
            continue;
        }
        const Upper before = magnitude[static_cast<std::size_t>(network.node(id).inputs[0])].x;
        const std::int64_t fan = fan_in(network.layer(l), input.convention) + (biases_change ? 1 : 0);
        fan_sum += Upper::exactly(static_cast<double>(fan));
        largest = max(largest, to_output * (biases_change ? max(before, one) : before));
        delta =
            max(delta,
                Upper::exactly(std::max(input.pair.quantization(l).max_abs_delta, input.pair.quantization(l).max_abs_bias_delta)));
    }
    return {"houache-graph", fan_sum * largest * delta, Guarantee::certified, {}};
}

}  // namespace qbound::internal
