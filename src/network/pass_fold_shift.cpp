// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace qbound::internal {

namespace {

/// Ids after some nodes were left out: `target[i]` is the node that stands for i, i itself if it stays.
void keep_nodes(Draft& draft, const std::vector<bool>& kept, const std::vector<NodeId>& target) {
    std::vector<NodeId> new_id(draft.nodes.size(), -1);
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < draft.nodes.size(); ++i) {
        if (!kept[i]) {
            new_id[i] = target[i] < 0 ? -1 : new_id[static_cast<std::size_t>(target[i])];
            continue;
        }
        for (NodeId& input : draft.nodes[i].inputs) {
            input = new_id[static_cast<std::size_t>(input)];
        }
        new_id[i] = static_cast<NodeId>(nodes.size());
        nodes.push_back(std::move(draft.nodes[i]));
    }
    draft.nodes = std::move(nodes);
    draft.output = new_id[static_cast<std::size_t>(draft.output)];
}

}  // namespace

void fold_shifts(Draft& draft, Log& log) {
    const std::size_t count = draft.nodes.size();
    std::vector<int> consumers(count, 0);
    for (const Node& node : draft.nodes) {
        for (const NodeId input : node.inputs) {
            ++consumers[static_cast<std::size_t>(input)];
        }
    }
    std::vector<bool> kept(count, true);
    std::vector<NodeId> target(count, -1);
    for (std::size_t i = 0; i < count; ++i) {
        Node& node = draft.nodes[i];
        auto* shift = std::get_if<Diagonal>(&node.kind);
        if (shift == nullptr || node.op != "Add" || std::ranges::any_of(shift->scale, [](double s) { return s != 1; })) {
            continue;
        }
        const auto before = static_cast<std::size_t>(node.inputs.front());
        auto* layer = std::get_if<WeightLayer>(&draft.nodes[before].kind);
        if (layer == nullptr || !layer->bias.empty() || consumers[before] != 1 || draft.output == node.inputs.front() ||
            static_cast<std::int64_t>(shift->shift.size()) != layer->out_channels()) {
            continue;
        }
        layer->bias = std::move(shift->shift);
        log.folds.push_back(fmt::format("Add {} into {} {} as its bias", quoted(node.name), draft.nodes[before].op,
                                        quoted(draft.nodes[before].name)));
        kept[i] = false;
        target[i] = node.inputs.front();
    }
    keep_nodes(draft, kept, target);
}

void drop_unreached(Draft& draft) {
    std::vector<bool> reached(draft.nodes.size(), false);
    reached[0] = true;  // the input stays, so that the network's checks see a graph that ignores it
    reached[static_cast<std::size_t>(draft.output)] = true;
    for (std::size_t i = draft.nodes.size(); i-- > 0;) {
        for (const NodeId input : draft.nodes[i].inputs) {
            reached[static_cast<std::size_t>(input)] = reached[static_cast<std::size_t>(input)] || reached[i];
        }
    }
    keep_nodes(draft, reached, std::vector<NodeId>(draft.nodes.size(), -1));
}

}  // namespace qbound::internal
