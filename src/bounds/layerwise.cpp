// SPDX-License-Identifier: Apache-2.0
// layerwise-inf and layerwise-2: norms of x, x' and x − x' propagated node by node (docs/theory.md G1, G2).
#include "bounds/layerwise.hpp"

#include "bounds/methods.hpp"
#include "bounds/norm_recursion.hpp"

namespace qbound::internal {
namespace {

std::vector<const NodeNorms*> norms_of_inputs(const Node& node, const std::vector<NormPair>& norms, NodeNorms NormPair::*which) {
    std::vector<const NodeNorms*> inputs;
    for (const NodeId input : node.inputs) {
        inputs.push_back(&(norms[static_cast<std::size_t>(input)].*which));
    }
    return inputs;
}

/// Visits the nodes in order; `layer` computes a weight layer's norms from its index and its input's norms.
template <class LayerFunction>
std::vector<NormPair> recurse(const Network& network, bool with_two, LayerFunction layer) {
    std::vector<NormPair> norms(network.nodes().size());
    std::size_t index = 0;
    for (std::size_t id = 0; id < norms.size(); ++id) {
        const Node& node = network.nodes()[id];
        if (std::holds_alternative<Input>(node.kind)) {
            norms[id] = input_norms(network);
        } else if (const auto* weights = std::get_if<WeightLayer>(&node.kind)) {
            norms[id] = layer(node, *weights, index++, norms[static_cast<std::size_t>(node.inputs[0])]);
        } else {
            norms[id] = propagate(network, node, norms, with_two);
        }
    }
    return norms;
}

}  // namespace

NormPair propagate(const Network& network, const Node& node, const std::vector<NormPair>& norms, bool with_two) {
    NormPair result;
    if (with_two && std::holds_alternative<Product>(node.kind)) {
        result = product_norms(norms[static_cast<std::size_t>(node.inputs[0])], norms[static_cast<std::size_t>(node.inputs[1])]);
        result.inf = smaller(result.inf, result.two);
        return result;
    }
    result.inf = propagate_inf(network, node, norms_of_inputs(node, norms, &NormPair::inf));
    if (with_two) {
        result.two = propagate_two(network, node, norms_of_inputs(node, norms, &NormPair::two));
        result.inf = smaller(result.inf, result.two);
    }
    return result;
}

Bound layerwise_inf(const BoundInput& input) {
    const auto norms =
        recurse(input.network, false, [&](const Node&, const WeightLayer& layer, std::size_t index, const NormPair& in) {
            return NormPair{largest(layer_rows_inf(layer, input.norms[index], input.norms[index].bias_quantized, in.inf)), {}};
        });
    return {"layerwise-inf", norms.back().inf.d, Guarantee::certified, {}};
}

Bound layerwise_two(const BoundInput& input) {
    const auto norms =
        recurse(input.network, true, [&](const Node& node, const WeightLayer& layer, std::size_t index, const NormPair& in) {
            const auto& spectral = input.spectral[index];
            const auto& bias = input.norms[index].bias_quantized;
            const NodeNorms two = layer_two(node, layer, spectral, bias, in.two);
            return NormPair{smaller(largest(layer_rows_two(layer, spectral, bias, in.two)), two), two};
        });
    return {"layerwise-2", norms.back().inf.d, Guarantee::certified, {}};
}

}  // namespace qbound::internal
