// SPDX-License-Identifier: Apache-2.0
#include "network/translator.hpp"

#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/passes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qbound::internal {

Translator::Translator(Model& model, Log& log) : model_(model), log_(log) {
    for (std::size_t i = 0; i < model.nodes.size(); ++i) {
        names_.insert(model.nodes[i].name);
        for (const std::string& input : model.nodes[i].inputs) {
            last_use_[input] = i;
        }
    }
    const ModelInput& input = model.inputs.front();
    // A file may name a node like its input; the node keeps the name.
    values_[input.name] = append(unused_name(input.name), "Input", Input{}, {}, Shape(input.shape.begin() + 1, input.shape.end()));
}

NodeId Translator::source(const ModelNode& node, std::size_t i) const {
    const std::string& name = node.inputs[i];
    if (const auto found = values_.find(name); found != values_.end()) {
        return found->second;
    }
    if (model_.tensors.contains(name)) {
        throw Error(ErrorKind::unsupported, node_place(node.name), fmt::format("input {} is a constant", quoted(name)),
                    "fold constants first");
    }
    throw Error(ErrorKind::unsupported, node_place(node.name),
                fmt::format("input {} is a secondary output, which has no meaning here", quoted(name)));
}

bool Translator::is_constant(const ModelNode& node, std::size_t i) const {
    return has_input(node, i) && model_.tensors.contains(node.inputs[i]);
}

TensorPtr Translator::raw_constant(const ModelNode& node, std::size_t i, std::string_view role) const {
    const auto found = model_.tensors.find(node.inputs[i]);
    if (found == model_.tensors.end()) {
        throw Error(ErrorKind::unsupported, node_place(node.name), fmt::format("{} is not a constant", role),
                    "fold constants first");
    }
    const std::string place = node_place(node.name) + ": tensor " + quoted(found->first);
    if (!found->second) {
        throw Error(ErrorKind::malformed, place, "has no data");
    }
    const Tensor& tensor = *found->second;
    const std::int64_t size = checked_size(tensor.shape, place);
    if (size == 0 || size != tensor.size()) {
        throw Error(ErrorKind::malformed, place, fmt::format("has {} values for shape {}", tensor.size(), to_string(tensor.shape)));
    }
    return found->second;
}

TensorPtr Translator::constant(const ModelNode& node, std::size_t i, std::string_view role) const {
    TensorPtr tensor = raw_constant(node, i, role);
    const auto bad = std::ranges::find_if_not(tensor->data, [](double v) { return std::isfinite(v); });
    if (bad != tensor->data.end()) {
        throw Error(ErrorKind::malformed, node_place(node.name) + ": tensor " + quoted(node.inputs[i]),
                    fmt::format("value {} at index {} is not finite", *bad, bad - tensor->data.begin()));
    }
    return tensor;
}

NodeId Translator::emit(const ModelNode& node, NodeKind kind, std::vector<NodeId> inputs, Shape shape) {
    const NodeId id = append(node.name, node.op, std::move(kind), std::move(inputs), std::move(shape));
    alias(node, id);
    return id;
}

NodeId Translator::insert(const ModelNode& node, std::string_view suffix, std::string op, NodeKind kind, std::vector<NodeId> inputs,
                          Shape shape) {
    return append(unused_name(fmt::format("{}.{}", node.name, suffix)), std::move(op), std::move(kind), std::move(inputs),
                  std::move(shape));
}

NodeId Translator::emit_map(const ModelNode& node, const IndexMap& map, NodeId id) {
    (void)checked_size(map.shape(), node_place(node.name));
    return emit(node, kind_of(map, shape(id), [&](std::int64_t entries) { spend(entries, node); }), {id}, map.shape());
}

void Translator::alias(const ModelNode& node, NodeId id) {
    values_[node.outputs.front()] = id;
}

void Translator::spend(std::int64_t entries, const ModelNode& node) {
    if (entries > kMaxTableEntries - spent_) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("its shapes ask for more than {} entries in index tables", kMaxTableEntries));
    }
    spent_ += entries;
}

NodeId Translator::append(std::string name, std::string op, NodeKind kind, std::vector<NodeId> inputs, Shape shape) {
    const std::string place = node_place(name);
    if (checked_size(shape, place) == 0) {
        throw Error(ErrorKind::malformed, place, fmt::format("shape {} has no entries", to_string(shape)));
    }
    const Dims dims = dims_of(shape);
    draft_.nodes.push_back({std::move(name), std::move(op), std::move(kind), std::move(inputs), std::move(shape), dims});
    return static_cast<NodeId>(draft_.nodes.size() - 1);
}

std::string Translator::unused_name(std::string name) {
    while (!names_.insert(name).second) {
        name += '_';
    }
    return name;
}

void Translator::release_tensors(std::size_t node) {
    for (const std::string& input : model_.nodes[node].inputs) {
        if (last_use_.at(input) == node) {
            model_.tensors.erase(input);
        }
    }
}

Draft Translator::run() {
    for (std::size_t i = 0; i < model_.nodes.size(); ++i) {
        const ModelNode& node = model_.nodes[i];
        operator_row(node.op)->translate(*this, node);
        release_tensors(i);
    }
    model_.tensors.clear();
    draft_.output = values_.at(model_.outputs.front());
    return std::move(draft_);
}

Draft translate(Model& model, Log& log) {
    return Translator(model, log).run();
}

}  // namespace qbound::internal
