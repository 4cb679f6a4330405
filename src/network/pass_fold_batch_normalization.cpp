// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <vector>

namespace qbound::internal {

namespace {

/// The layer followed by the diagonal map.
WeightLayer folded(const WeightLayer& layer, const Diagonal& diagonal, const std::string& place) {
    const auto channels = static_cast<std::size_t>(layer.out_channels());
    const auto fan_in = static_cast<std::size_t>(layer.fan_in());
    WeightLayer result = layer;
    auto weight = std::make_shared<Tensor>(Tensor{layer.weight->shape, std::vector<double>(layer.weight->data.size())});
    result.bias.resize(channels, 0.0);
    bool finite = true;
    for (std::size_t c = 0; c < channels; ++c) {
        const double s = diagonal.scale[c];
        for (std::size_t j = c * fan_in; j < (c + 1) * fan_in; ++j) {
            weight->data[j] = layer.weight->data[j] * s;
            finite = finite && std::isfinite(weight->data[j]);
        }
        result.bias[c] = result.bias[c] * s + diagonal.shift[c];
        finite = finite && std::isfinite(result.bias[c]);
    }
    if (!finite) {
        throw Error(ErrorKind::malformed, place, "folding the normalization gives a weight or bias that is not finite");
    }
    result.weight = std::move(weight);
    return result;
}

}  // namespace

void fold_batch_normalization(Draft& draft, Log& log) {
    std::vector<int> consumers(draft.nodes.size(), 0);
    for (const Node& node : draft.nodes) {
        for (const NodeId input : node.inputs) {
            ++consumers[static_cast<std::size_t>(input)];
        }
    }
    std::vector<Node> kept;
    std::vector<NodeId> new_id(draft.nodes.size());
    const std::size_t folds_before = log.folds.size();
    for (std::size_t i = 0; i < draft.nodes.size(); ++i) {
        Node& node = draft.nodes[i];
        const bool output_before = !node.inputs.empty() && node.inputs.front() == draft.output;
        const bool sole =
            node.inputs.size() == 1 && consumers[static_cast<std::size_t>(node.inputs.front())] == 1 && !output_before;
        for (NodeId& input : node.inputs) {
            input = new_id[static_cast<std::size_t>(input)];
        }
        if (node.op == "BatchNormalization" && sole) {
            Node& before = kept[static_cast<std::size_t>(node.inputs.front())];
            if (const auto* layer = std::get_if<WeightLayer>(&before.kind)) {
                before.kind = folded(*layer, std::get<Diagonal>(node.kind), node_place(node.name));
                log.folds.push_back(
                    fmt::format("BatchNormalization {} into {} {}", quoted(node.name), before.op, quoted(before.name)));
                new_id[i] = node.inputs.front();
                continue;
            }
        }
        new_id[i] = static_cast<NodeId>(kept.size());
        kept.push_back(std::move(node));
    }
    draft.nodes = std::move(kept);
    draft.output = new_id[static_cast<std::size_t>(draft.output)];
    if (log.folds.size() > folds_before) {
        log.notes.emplace_back("the figures are for the network after folding, in the doubles that folding gave");
    }
}

}  // namespace qbound::internal
