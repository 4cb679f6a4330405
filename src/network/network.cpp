// SPDX-License-Identifier: Apache-2.0
#include "qbound/network.hpp"

#include "network/naming.hpp"
#include "network/network_check.hpp"
#include "qbound/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace qbound {

namespace {

void check_names(const std::vector<Node>& nodes) {
    std::unordered_set<std::string_view> names;
    for (const Node& node : nodes) {
        if (!names.insert(node.name).second) {
            throw Error(ErrorKind::malformed, internal::node_place(node.name), "another node has the same name");
        }
    }
}

/// Every node must have a consumer that reaches the output, or be the output; consumers come later in the list.
void check_reach(const std::vector<Node>& nodes, const std::vector<std::vector<NodeId>>& consumers, NodeId output) {
    std::vector<bool> reaches(nodes.size(), false);
    for (std::size_t i = nodes.size(); i-- > 0;) {
        reaches[i] = static_cast<NodeId>(i) == output || std::ranges::any_of(consumers[i], [&](NodeId consumer) {
                         return reaches[static_cast<std::size_t>(consumer)];
                     });
        if (!reaches[i]) {
            throw Error(ErrorKind::malformed, internal::node_place(nodes[i].name), "the output does not depend on it");
        }
    }
}

/// The node's parameters, without a weight that is among `counted` already: one that several layers share counts once.
std::int64_t parameters_of(const NodeKind& kind, std::unordered_set<const Tensor*>& counted) {
    if (const auto* layer = std::get_if<WeightLayer>(&kind)) {
        const bool is_new = counted.insert(layer->weight.get()).second;
        return (is_new ? layer->weight->size() : 0) + static_cast<std::int64_t>(layer->bias.size());
    }
    if (const auto* diagonal = std::get_if<Diagonal>(&kind)) {
        return static_cast<std::int64_t>(diagonal->scale.size() + diagonal->shift.size());
    }
    return 0;
}

}  // namespace

Shape sample_shape(const Shape& full) {
    if (full.empty()) {
        return {1};
    }
    return full.size() > 1 && full.front() == 1 ? Shape(full.begin() + 1, full.end()) : full;
}

Dims dims_of(const Shape& shape) noexcept {
    Dims dims;
    const std::size_t rank = shape.size();
    if (rank >= 2) {
        dims.width = shape[rank - 1];
    }
    if (rank >= 3) {
        dims.height = shape[rank - 2];
    }
    const std::size_t channel_axes = rank <= 2 ? std::min<std::size_t>(rank, 1) : rank - 2;
    for (std::size_t k = 0; k < channel_axes; ++k) {
        dims.channels *= shape[k];
    }
    return dims;
}

double Box::radius() const noexcept {
    double radius = 0;
    for (const auto* limits : {&lower, &upper}) {
        for (const double limit : *limits) {
            radius = std::max(radius, std::abs(limit));
        }
    }
    return radius;
}

Network::Network(std::string name, std::vector<Node> nodes, NodeId output, Box box)
    : name_(std::move(name)), nodes_(std::move(nodes)), output_(output), box_(std::move(box)), consumers_(nodes_.size()) {
    if (nodes_.empty() || nodes_.size() > static_cast<std::size_t>(std::numeric_limits<NodeId>::max())) {
        throw Error(ErrorKind::malformed, "", "a network needs an input");
    }
    if (output_ < 0 || static_cast<std::size_t>(output_) >= nodes_.size()) {
        throw Error(ErrorKind::malformed, "", "the output is not a node");
    }
    check_names(nodes_);
    std::unordered_set<const Tensor*> counted;
    for (NodeId id = 0; id < static_cast<NodeId>(nodes_.size()); ++id) {
        internal::check_node(nodes_, id);
        const Node& current = node(id);
        for (const NodeId input : current.inputs) {
            consumers_[static_cast<std::size_t>(input)].push_back(id);
        }
        if (std::holds_alternative<WeightLayer>(current.kind)) {
            weight_layers_.push_back(id);
        }
        parameters_ += parameters_of(current.kind, counted);
    }
    check_reach(nodes_, consumers_, output_);
    internal::check_box(box_, nodes_.front().dims);
}

Network Network::with_box(Box box) const {
    Network copy = *this;
    internal::check_box(box, nodes_.front().dims);
    copy.box_ = std::move(box);
    return copy;
}

const WeightLayer& Network::layer(std::size_t index) const {
    return std::get<WeightLayer>(node(weight_layers_[index]).kind);
}

std::vector<NodeId> main_path(const Network& network) {
    const auto& nodes = network.nodes();
    std::vector<std::int64_t> depth(nodes.size(), 0);  // weight layers up to and including the node
    std::vector<NodeId> before(nodes.size(), 0);
    for (std::size_t i = 1; i < nodes.size(); ++i) {
        const auto& inputs = nodes[i].inputs;
        NodeId deepest = inputs.front();
        for (const NodeId input : inputs) {
            if (depth[static_cast<std::size_t>(input)] > depth[static_cast<std::size_t>(deepest)]) {
                deepest = input;
            }
        }
        before[i] = deepest;
        depth[i] = depth[static_cast<std::size_t>(deepest)] + (std::holds_alternative<WeightLayer>(nodes[i].kind) ? 1 : 0);
    }
    std::vector<NodeId> path{network.output()};
    while (path.back() != network.input()) {
        path.push_back(before[static_cast<std::size_t>(path.back())]);
    }
    std::ranges::reverse(path);
    return path;
}

bool is_chain(const Network& network) {
    const auto& nodes = network.nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (nodes[i].inputs.size() != (i == 0 ? 0U : 1U) || network.consumers()[i].size() > 1) {
            return false;
        }
    }
    return true;
}

}  // namespace qbound
