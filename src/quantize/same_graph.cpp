// SPDX-License-Identifier: Apache-2.0
#include "quantize/same_graph.hpp"

#include "qbound/error.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace qbound::internal {

namespace {

/// In what `a` and `b`, nodes at the same place, differ; empty if in nothing that matters.
std::string_view difference(const Node& a, const Node& b) {
    if (a.kind.index() != b.kind.index()) {
        return "is another operator";
    }
    if (a.inputs != b.inputs) {
        return "has other inputs";
    }
    if (a.shape != b.shape) {
        return "has another shape";
    }
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

[[noreturn]] void refuse(const Node& node, std::string_view difference) {
    throw Error(ErrorKind::unsupported, "node '" + node.name + "'", std::string(difference) + " in the quantized network",
                "both networks must be the same graph, apart from weights and biases");
}

}  // namespace

void require_same_graph(const Network& network, const Network& other) {
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
    if (network.output() != other.output()) {
        refuse(network.node(network.output()), "is not the output");
    }
}

}  // namespace qbound::internal
