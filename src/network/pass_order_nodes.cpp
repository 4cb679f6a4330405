// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "network/producers.hpp"
#include "qbound/error.hpp"

#include <vector>

namespace qbound::internal {

namespace {

enum class Mark { unseen, open, placed };

struct Visit {
    std::size_t node;
    std::size_t next_input;
};

}  // namespace

void order_nodes(Model& model) {
    const Producers producers(model);
    std::vector<Mark> marks(model.nodes.size(), Mark::unseen);
    std::vector<std::size_t> order;
    order.reserve(model.nodes.size());
    std::vector<Visit> stack;  // depth first from each node, its inputs before itself; on the heap, a graph may be deep
    const auto open = [&](std::size_t node) {
        marks[node] = Mark::open;
        stack.push_back({node, 0});
    };
    for (std::size_t start = 0; start < model.nodes.size(); ++start) {
        if (marks[start] == Mark::unseen) {
            open(start);
        }
        while (!stack.empty()) {
            Visit& visit = stack.back();
            const ModelNode& node = model.nodes[visit.node];
            if (visit.next_input == node.inputs.size()) {
                marks[visit.node] = Mark::placed;
                order.push_back(visit.node);
                stack.pop_back();
                continue;
            }
            const auto producer = producers.of(node.inputs[visit.next_input++]);
            if (!producer || marks[*producer] == Mark::placed) {
                continue;
            }
            if (marks[*producer] == Mark::open) {
                throw Error(ErrorKind::malformed, node_place(model.nodes[*producer].name),
                            "its output depends on itself (a cycle)");
            }
            open(*producer);
        }
    }
    std::vector<ModelNode> nodes;
    nodes.reserve(order.size());
    for (const std::size_t i : order) {
        nodes.push_back(std::move(model.nodes[i]));
    }
    model.nodes = std::move(nodes);
}

}  // namespace qbound::internal
