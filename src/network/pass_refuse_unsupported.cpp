// SPDX-License-Identifier: Apache-2.0
#include "network/constant_folding.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/passes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_set>

namespace qbound::internal {

namespace {

/// What has no meaning in the node, as it stands in the list, without the node's name; "" if all has.
std::string complaint(const Model& model, const std::unordered_set<std::string>& constants, const ModelNode& node) {
    const OperatorRow* row = operator_row(node.op);
    if (row == nullptr) {
        return quoted(node.op);
    }
    if (row->constant_operand && std::ranges::none_of(node.inputs, [&](const auto& input) { return constants.contains(input); })) {
        return fmt::format("{} of two computed values", quoted(node.op));
    }
    for (const auto& [name, value] : node.attributes) {
        if (std::ranges::find(row->attributes, name) == row->attributes.end()) {
            return fmt::format("{} with attribute {}", quoted(node.op), quoted(name));
        }
    }
    const std::string objection = row->objection != nullptr ? row->objection(model, node) : "";
    return objection.empty() ? "" : fmt::format("{} with {}", quoted(node.op), objection);
}

std::string hint_for(const Model& model) {
    const auto has = [&](std::string_view op) { return std::ranges::find(model.nodes, op, &ModelNode::op) != model.nodes.end(); };
    if (has("QuantizeLinear") || has("DequantizeLinear") || has("QLinearConv") || has("QLinearMatMul")) {
        return "--weights-only passes the quantization of activations through";
    }
    if (has("ThresholdedRelu")) {
        return "ThresholdedRelu is discontinuous, so that no bound exists";
    }
    if (has("Softmax") || has("LogSoftmax")) {
        return "Softmax is understood as the last node only";
    }
    return "`qbound inspect --operators` lists what is supported";
}

void check_arity(const ModelNode& node) {
    const OperatorRow& row = *operator_row(node.op);
    const std::size_t given = node.inputs.size();
    if (given > row.inputs.size() && !row.variadic) {
        throw Error(
            ErrorKind::malformed, node_place(node.name),
            fmt::format("{} takes {} input{}, not {}", node.op, row.inputs.size(), row.inputs.size() == 1 ? "" : "s", given));
    }
    for (std::size_t i = 0; i < std::max(row.required, row.variadic ? given : 0); ++i) {
        if (!Translator::has_input(node, i)) {
            throw Error(ErrorKind::malformed, node_place(node.name),
                        fmt::format("the {} is missing", row.inputs[row.variadic ? 0 : i]));
        }
    }
}

}  // namespace

void refuse_unsupported(const Model& model) {
    std::string list;
    const auto constants = constant_values(model);
    const auto is_constant = [&](const ModelNode& node) {
        return std::ranges::all_of(node.outputs, [&](const auto& output) { return output.empty() || constants.contains(output); });
    };
    for (const ModelNode& node : model.nodes) {
        if (const std::string text = is_constant(node) ? "" : complaint(model, constants, node); !text.empty()) {
            list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", text, node_place(node.name));
        }
    }
    if (!list.empty()) {
        throw Error(ErrorKind::unsupported, "", "unsupported operators: " + list, hint_for(model));
    }
    for (const ModelNode& node : model.nodes) {
        if (!is_constant(node)) {
            check_arity(node);
        }
    }
}

}  // namespace qbound::internal
