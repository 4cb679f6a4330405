// SPDX-License-Identifier: Apache-2.0
#include "quantize/same_graph.hpp"

#include "qbound/error.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace qbound::internal {

namespace {

/// In what two nodes of the same kind differ, apart from inputs and shapes; empty if in nothing that matters.
std::string_view kind_difference(const Node& a, const Node& b) {
    return std::visit(overloaded{
                          [&b](const WeightLayer& layer) -> std::string_view {
                              const auto& other = std::get<WeightLayer>(b.kind);
                              if (layer.weight->shape != other.weight->shape) {
                                  return "has weights of another shape";
                              }
                              return layer.groups == other.groups && layer.axes == other.axes ? "" : "has other attributes";
                          },
                          [&b]<class Kind>(const Kind& kind) -> std::string_view {
                              return kind == std::get<Kind>(b.kind) ? "" : "has other attributes or values";
                          },
                      },
                      a.kind);
}

/// In what `a` and `b`, nodes at the same place, differ; empty if in nothing that matters.
std::string_view difference(const Node& a, const Node& b) {
    if (a.kind.index() != b.kind.index()) {
        return "is another operator";
    }
    if (a.inputs != b.inputs) {
        return "has other inputs";
    }
    return a.shape != b.shape ? "has another shape" : kind_difference(a, b);
}

[[noreturn]] void refuse(const Node& node, std::string_view difference) {
    throw Error(ErrorKind::unsupported, "node '" + node.name + "'", std::string(difference) + " in the quantized network",
                "both networks must be the same graph, apart from weights and biases");
}

/// Says in what the graphs differ, node by node in their order.
[[noreturn]] void refuse_difference(const Network& network, const Network& other) {
    const auto& nodes = network.nodes();
    const auto& others = other.nodes();
    const std::size_t common = std::min(nodes.size(), others.size());
    for (std::size_t i = 0; i < common; ++i) {
        if (const auto what = difference(nodes[i], others[i]); !what.empty()) {
            refuse(nodes[i], what);
        }
    }
    if (nodes.size() > common) {
        refuse(nodes[common], "is missing");
    }
    if (others.size() > common) {
        refuse(others[common], "exists only");
    }
    refuse(network.node(network.output()), "is not the output");
}

/// The node behind any Views.
NodeId behind_views(const Network& network, NodeId id) {
    while (std::holds_alternative<View>(network.node(id).kind)) {
        id = network.node(id).inputs.front();
    }
    return id;
}

using Class = std::size_t;

/// Numbers nodes of several networks so that two have the same number only if they compute the same function of the input, whatever
/// the weights are.
class Classes {
  public:
    std::vector<Class> of(const Network& network) {
        std::vector<Class> classes;
        for (const Node& node : network.nodes()) {
            if (std::holds_alternative<View>(node.kind)) {
                classes.push_back(classes[static_cast<std::size_t>(node.inputs.front())]);
                continue;
            }
            Key key{node.kind.index(), {node.dims.channels, node.dims.height, node.dims.width}};
            const auto* sum = std::get_if<Sum>(&node.kind);
            std::vector<std::pair<Class, int>> operands;
            for (std::size_t i = 0; i < node.inputs.size(); ++i) {
                const auto input = static_cast<std::size_t>(node.inputs[i]);
                operands.emplace_back(classes[input], sum != nullptr ? sum->signs[i] : 0);
                const Dims& dims = network.nodes()[input].dims;
                key.numbers.insert(key.numbers.end(), {dims.channels, dims.height, dims.width});
            }
            if (sum != nullptr) {
                std::ranges::sort(operands);
            }
            for (const auto& [operand, sign] : operands) {
                key.numbers.insert(key.numbers.end(), {static_cast<std::int64_t>(operand), sign});
            }
            classes.push_back(number(key, node));
        }
        return classes;
    }

  private:
    struct Key {
        std::size_t kind;
        std::vector<std::int64_t> numbers;
        auto operator<=>(const Key&) const = default;
    };

    Class number(const Key& key, const Node& node) {
        auto& candidates = known_[key];
        for (const auto& [representative, id] : candidates) {
            if (std::holds_alternative<Sum>(node.kind) || kind_difference(*representative, node).empty()) {
                return id;
            }
        }
        candidates.emplace_back(&node, next_);
        return next_++;
    }

    std::map<Key, std::vector<std::pair<const Node*, Class>>> known_;
    Class next_ = 0;
};

/// The operands of b in the order in which those of a stand.
std::vector<NodeId> aligned_inputs(const Node& a, const Node& b, const std::vector<Class>& classes_a,
                                   const std::vector<Class>& classes_b) {
    const auto* sum = std::get_if<Sum>(&a.kind);
    if (sum == nullptr) {
        return b.inputs;
    }
    const auto& signs = std::get<Sum>(b.kind).signs;
    std::vector<bool> used(b.inputs.size(), false);
    std::vector<NodeId> result;
    for (std::size_t i = 0; i < a.inputs.size(); ++i) {
        for (std::size_t j = 0; j < b.inputs.size(); ++j) {
            const bool fits =
                classes_a[static_cast<std::size_t>(a.inputs[i])] == classes_b[static_cast<std::size_t>(b.inputs[j])] &&
                sum->signs[i] == signs[j];
            if (!used[j] && fits) {
                used[j] = true;
                result.push_back(b.inputs[j]);
                break;
            }
        }
    }
    return result;
}

}  // namespace

std::vector<std::size_t> match_layers(const Network& network, const Network& other) {
    Classes numbering;
    const auto classes_a = numbering.of(network);
    const auto classes_b = numbering.of(other);
    const auto start_a = static_cast<std::size_t>(network.output());
    const auto start_b = static_cast<std::size_t>(other.output());
    if (classes_a[start_a] != classes_b[start_b] || network.nodes()[start_a].dims.size() != other.nodes()[start_b].dims.size()) {
        refuse_difference(network, other);
    }
    std::vector<NodeId> partner(network.nodes().size(), -1);
    std::vector<std::pair<NodeId, NodeId>> pending{{behind_views(network, network.output()), behind_views(other, other.output())}};
    while (!pending.empty()) {
        const auto [a, b] = pending.back();
        pending.pop_back();
        NodeId& known = partner[static_cast<std::size_t>(a)];
        if (known == b) {
            continue;
        }
        if (known != -1) {
            refuse(network.node(a), "is shared in another way");
        }
        known = b;
        const Node& node = network.node(a);
        const auto inputs = aligned_inputs(node, other.node(b), classes_a, classes_b);
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            pending.emplace_back(behind_views(network, node.inputs[i]), behind_views(other, inputs[i]));
        }
    }
    std::map<NodeId, std::size_t> index_of;
    for (std::size_t i = 0; i < other.weight_layers().size(); ++i) {
        index_of[other.weight_layers()[i]] = i;
    }
    std::vector<std::size_t> layers;
    for (const NodeId id : network.weight_layers()) {
        layers.push_back(index_of.at(partner[static_cast<std::size_t>(id)]));
    }
    return layers;
}

}  // namespace qbound::internal
