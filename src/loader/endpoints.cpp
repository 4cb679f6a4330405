// SPDX-License-Identifier: Apache-2.0
#include "loader/endpoints.hpp"

#include "loader/text.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace qbound::internal {
namespace {

/// The value that the user means by `name`: a value, or the first output of a node.
std::string value_named(const Model& model, const std::string& name) {
    for (const ModelNode& node : model.nodes) {
        if (std::ranges::find(node.outputs, name) != node.outputs.end()) {
            return name;
        }
    }
    for (const ModelNode& node : model.nodes) {
        if (node.name == name && !node.outputs.empty()) {
            return node.outputs.front();
        }
    }
    throw Error(ErrorKind::usage, "--output", "no value or node is named " + in_quotes(name));
}

/// The values on which `output` depends, itself included.
std::unordered_set<std::string> needed_values(const Model& model, const std::string& output) {
    std::unordered_map<std::string, const ModelNode*> producers;
    for (const ModelNode& node : model.nodes) {
        for (const std::string& value : node.outputs) {
            producers.emplace(value, &node);
        }
    }
    std::unordered_set<std::string> needed{output};
    std::vector<std::string> pending{output};
    while (!pending.empty()) {
        const auto producer = producers.find(pending.back());
        pending.pop_back();
        if (producer == producers.end()) {
            continue;
        }
        for (const std::string& input : producer->second->inputs) {
            if (needed.insert(input).second) {
                pending.push_back(input);
            }
        }
    }
    return needed;
}

}  // namespace

void choose_endpoints(Model& model, const LoadOptions& options) {
    if (!options.output.empty()) {
        model.outputs = {value_named(model, options.output)};
    }
    const auto is_chosen = [&](const ModelInput& input) { return input.name == options.input; };
    if (!options.input.empty() && std::ranges::none_of(model.inputs, is_chosen)) {
        throw Error(ErrorKind::usage, "--input", "no input is named " + in_quotes(options.input));
    }
    if (model.inputs.size() < 2 || model.outputs.size() != 1) {
        return;
    }
    const auto needed = needed_values(model, model.outputs.front());
    if (!options.input.empty() && !needed.contains(options.input)) {
        throw Error(ErrorKind::usage, "--input", "the output does not depend on " + in_quotes(options.input));
    }
    std::erase_if(model.inputs, [&](const ModelInput& input) { return !needed.contains(input.name); });
    std::erase_if(model.nodes, [&](const ModelNode& node) {
        return std::ranges::none_of(node.outputs, [&](const std::string& value) { return needed.contains(value); });
    });
}

}  // namespace qbound::internal
