// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <unordered_set>

namespace qbound::internal {

namespace {

/// A tenth of NodeId's range: nodes that lowering inserts fit in as well.
constexpr std::size_t kMaxNodes = static_cast<std::size_t>(std::numeric_limits<NodeId>::max()) / 10;

template <class Items, class Name>
std::string list(const Items& items, Name name) {
    std::string text;
    for (const auto& item : items) {
        text += (text.empty() ? "" : ", ") + quoted(name(item));
    }
    return text;
}

void check_one_input_and_output(const Model& model) {
    if (model.inputs.empty()) {
        throw Error(ErrorKind::malformed, "", "the model has no input");
    }
    if (model.outputs.empty()) {
        throw Error(ErrorKind::malformed, "", "the model has no output");
    }
    if (model.inputs.size() > 1) {
        throw Error(ErrorKind::unsupported, "",
                    fmt::format("the model has {} inputs: {}", model.inputs.size(),
                                list(model.inputs, [](const auto& i) { return i.name; })),
                    "choose the one whose box is meant with --input, or an --output that needs one only");
    }
    if (model.outputs.size() > 1) {
        throw Error(
            ErrorKind::unsupported, "",
            fmt::format("the model has {} outputs: {}", model.outputs.size(), list(model.outputs, [](const auto& o) { return o; })),
            "choose one with --output NAME");
    }
    const ModelInput& input = model.inputs.front();
    const std::string place = "input " + quoted(input.name);
    if (model.batch_axis_optional && input.shape.size() < 2) {
        throw Error(ErrorKind::malformed, place, fmt::format("shape {} has no axis beside the batch", to_string(input.shape)));
    }
    if (model.batch_axis_optional && input.shape.front() != 1) {
        throw Error(ErrorKind::unsupported, place,
                    fmt::format("shape {} has a batch of {}", to_string(input.shape), input.shape.front()), "use a batch of 1");
    }
    if (checked_size(input.shape, place) == 0) {
        throw Error(ErrorKind::malformed, place, fmt::format("shape {} has no entries", to_string(input.shape)));
    }
}

void name_nodes(Model& model) {
    std::unordered_set<std::string> names;
    for (ModelNode& node : model.nodes) {
        if (node.outputs.empty() || node.outputs.front().empty()) {
            throw Error(ErrorKind::malformed, node_place(node.name), "has no output");
        }
        if (node.name.empty()) {
            node.name = node.outputs.front();
        }
        while (!names.insert(node.name).second) {  // ONNX files may use a name twice; messages should not
            node.name += "_" + node.outputs.front();
        }
    }
}

}  // namespace

void check_connections(Model& model) {
    check_one_input_and_output(model);
    if (model.nodes.size() > kMaxNodes) {
        throw Error(ErrorKind::malformed, "", fmt::format("{} nodes; at most {} are supported", model.nodes.size(), kMaxNodes));
    }
    name_nodes(model);

    std::unordered_set<std::string> values{model.inputs.front().name};
    for (const ModelNode& node : model.nodes) {
        for (const std::string& output : node.outputs) {
            if (!output.empty() && !values.insert(output).second) {
                throw Error(ErrorKind::malformed, node_place(node.name),
                            fmt::format("its output {} is an input or another node's output already", quoted(output)));
            }
        }
    }
    for (const auto& [name, tensor] : model.tensors) {
        if (values.contains(name)) {
            throw Error(ErrorKind::malformed, "tensor " + quoted(name), "the input or a node's output has the same name");
        }
    }
    for (const ModelNode& node : model.nodes) {
        for (const std::string& input : node.inputs) {
            if (!input.empty() && !values.contains(input) && !model.tensors.contains(input)) {
                throw Error(ErrorKind::malformed, node_place(node.name),
                            fmt::format("input {} is neither an input, a node's output nor a tensor", quoted(input)));
            }
        }
    }
    if (!values.contains(model.outputs.front())) {
        throw Error(ErrorKind::malformed, "output " + quoted(model.outputs.front()), "it is neither the input nor a node's output");
    }
}

}  // namespace qbound::internal
