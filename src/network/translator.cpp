// SPDX-License-Identifier: Apache-2.0
#include "network/translator.hpp"

#include "network/constant_folding.hpp"
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
    values_[input.name] = append(unused_name(input.name), "Input", Input{}, {}, input.shape);
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

NodeId Translator::batched_source(const ModelNode& node, std::size_t i) const {
    const NodeId id = source(node, i);
    const Shape& full = full_shape(id);
    if (full.size() < 2 || full.front() != 1) {
        throw Error(ErrorKind::unsupported, node_place(node.name),
                    fmt::format("{} of shape {} where a batch of 1 in front is needed", quoted(node.inputs[i]), to_string(full)));
    }
    return id;
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
    TensorPtr tensor = checked_constant(node, i);
    if (tensor->size() == 0) {
        throw Error(ErrorKind::malformed, node_place(node.name) + ": tensor " + quoted(found->first),
                    fmt::format("has 0 values for shape {}", to_string(tensor->shape)));
    }
    return tensor;
}

TensorPtr Translator::checked_constant(const ModelNode& node, std::size_t i) const {
    const TensorPtr& tensor = model_.tensors.at(node.inputs[i]);
    const std::string place = node_place(node.name) + ": tensor " + quoted(node.inputs[i]);
    if (!tensor) {
        throw Error(ErrorKind::malformed, place, "has no data");
    }
    if (checked_size(tensor->shape, place) != tensor->size()) {
        throw Error(ErrorKind::malformed, place,
                    fmt::format("has {} values for shape {}", tensor->size(), to_string(tensor->shape)));
    }
    return tensor;
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

NodeId Translator::emit(const ModelNode& node, NodeKind kind, std::vector<NodeId> inputs, Shape full) {
    const NodeId id = append(node.name, node.op, std::move(kind), std::move(inputs), std::move(full));
    alias(node, id);
    return id;
}

NodeId Translator::insert(const ModelNode& node, std::string_view suffix, std::string op, NodeKind kind, std::vector<NodeId> inputs,
                          Shape full) {
    return append(unused_name(fmt::format("{}.{}", node.name, suffix)), std::move(op), std::move(kind), std::move(inputs),
                  std::move(full));
}

namespace {

/// The map on one sample: a leading axis of one entry goes into the next axis, as sample_shape drops it.
IndexMap sample_map(const IndexMap& map) {
    IndexMap result = map;
    if (result.offsets.size() > 1 && result.offsets.front().size() == 1) {
        const std::int64_t first = result.offsets.front().front();
        for (std::int64_t& offset : result.offsets[1]) {
            offset = first < 0 || offset < 0 ? -1 : first + offset;
        }
        result.offsets.erase(result.offsets.begin());
    }
    return result;
}

}  // namespace

NodeId Translator::insert_rearranged(const ModelNode& node, std::string_view suffix, std::string op, const Rearranged& rearranged,
                                     NodeId id) {
    const auto announce = [&](std::int64_t entries) { spend(entries, node); };
    (void)checked_size(rearranged.shape, node_place(node.name));
    const Shape moved = rearranged.map.shape();
    NodeKind kind = kind_of(sample_map(rearranged.map), shape(id), announce);
    if (!std::holds_alternative<View>(kind)) {
        id = insert(node, suffix, std::move(op), std::move(kind), {id}, moved);
    }
    if (full_shape(id) == rearranged.shape) {
        return id;
    }
    return insert(node, suffix, "Reshape", View{}, {id}, rearranged.shape);
}

NodeId Translator::emit_rearranged(const ModelNode& node, const Rearranged& rearranged, NodeId id, std::size_t output) {
    const auto announce = [&](std::int64_t entries) { spend(entries, node); };
    (void)checked_size(rearranged.shape, node_place(node.name));
    const Shape moved = rearranged.map.shape();
    NodeKind kind = kind_of(sample_map(rearranged.map), shape(id), announce);
    std::string name = output == 0 ? node.name : unused_name(node.outputs[output]);
    if (!std::holds_alternative<View>(kind) && sample_shape(moved) != sample_shape(rearranged.shape)) {
        id = insert(node, "select", node.op, std::move(kind), {id}, moved);
        kind = View{};
    }
    id = append(std::move(name), node.op, std::move(kind), {id}, rearranged.shape);
    alias(node, id, output);
    return id;
}

void Translator::alias(const ModelNode& node, NodeId id, std::size_t output) {
    values_[node.outputs[output]] = id;
}

Arguments Translator::arguments(const ModelNode& node) {
    std::vector<TensorPtr> constants(node.inputs.size());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (is_constant(node, i)) {
            constants[i] = checked_constant(node, i);
        }
    }
    return {node, std::move(constants), model_.opset, model_.batch_axis_optional,
            [this, &node](std::int64_t entries) { spend(entries, node); }};
}

void Translator::spend(std::int64_t entries, const ModelNode& node) {
    if (entries > kMaxTableEntries - spent_) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("its shapes ask for more than {} entries in index tables", kMaxTableEntries));
    }
    spent_ += entries;
}

NodeId Translator::append(std::string name, std::string op, NodeKind kind, std::vector<NodeId> inputs, Shape full) {
    const std::string place = node_place(name);
    if (checked_size(full, place) == 0) {
        throw Error(ErrorKind::malformed, place, fmt::format("shape {} has no entries", to_string(full)));
    }
    Shape shape = sample_shape(full);
    const Dims dims = dims_of(shape);
    full_shapes_.push_back(std::move(full));
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
        if (last_use_.at(input) == node && input != model_.outputs.front()) {
            model_.tensors.erase(input);
        }
    }
}

bool Translator::fold(const ModelNode& node) {
    if (node.op == "Shape" && has_input(node, 0) && values_.contains(node.inputs[0])) {
        model_.tensors[node.outputs.front()] = shape_tensor(arguments(node), full_shape(source(node, 0)));
        return true;
    }
    return fold_node(model_, node, [&](std::int64_t entries) { spend(entries, node); });
}

Draft Translator::run() {
    for (std::size_t i = 0; i < model_.nodes.size(); ++i) {
        const ModelNode& node = model_.nodes[i];
        if (!fold(node)) {
            operator_row(node.op)->translate(*this, node);
        }
        release_tensors(i);
    }
    model_.tensors.clear();
    const auto output = values_.find(model_.outputs.front());
    if (output == values_.end()) {
        throw Error(ErrorKind::unsupported, "output " + quoted(model_.outputs.front()), "it is a constant");
    }
    draft_.output = output->second;
    return std::move(draft_);
}

Draft translate(Model& model, Log& log) {
    return Translator(model, log).run();
}

}  // namespace qbound::internal
