// SPDX-License-Identifier: Apache-2.0
#include "network/operator_table.hpp"

#include "network/attributes.hpp"
#include "network/naming.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qbound::internal {

namespace {

std::string transposed_input(const Model& /*model*/, const ModelNode& node) {
    const std::int64_t value = integer_attribute(node, "transA", 0);
    return value == 0 ? "" : fmt::format("transA = {}", value);
}

std::string trained_statistics(const Model& /*model*/, const ModelNode& node) {
    if (const std::int64_t value = integer_attribute(node, "training_mode", 0); value != 0) {
        return fmt::format("training_mode = {}", value);
    }
    const std::int64_t value = integer_attribute(node, "spatial", 1);
    return value == 1 ? "" : fmt::format("spatial = {}", value);
}

/// True if input `i` is there and is not the constant 0.
bool may_be_nonzero(const Model& model, const ModelNode& node, std::size_t i) {
    if (!Translator::has_input(node, i)) {
        return false;
    }
    const auto tensor = model.tensors.find(node.inputs[i]);
    return tensor == model.tensors.end() || !tensor->second || tensor->second->data != std::vector<double>{0.0};
}

/// Dropout is the identity unless it trains, which its third input says.
std::string dropping(const Model& model, const ModelNode& node) {
    return may_be_nonzero(model, node, 2) ? "a training_mode that is not constantly false" : "";
}

}  // namespace

const std::vector<OperatorRow>& operator_table() {
    static const std::vector<OperatorRow> table = {
        {"Add", {"left operand", "right operand"}, 2, {}, translate_add},
        {"AveragePool",
         {"input"},
         1,
         {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"},
         translate_average_pool},
        {"BatchNormalization",
         {"input", "scale", "bias", "mean", "variance"},
         5,
         {"epsilon", "momentum", "spatial", "training_mode"},
         translate_batch_normalization,
         trained_statistics},
        {"Clip", {"input", "lower limit", "upper limit"}, 1, {"max", "min"}, translate_clip},
        {"Concat", {"input"}, 1, {"axis"}, translate_concat, nullptr, true},
        {"Conv",
         {"input", "weight", "bias"},
         2,
         {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"},
         translate_conv},
        {"Dropout", {"input", "ratio", "training mode"}, 1, {"ratio", "seed"}, translate_identity, dropping},
        {"Elu", {"input"}, 1, {"alpha"}, translate_parametric_activation},
        {"Erf", {"input"}, 1, {}, translate_plain_activation},
        {"Flatten", {"input"}, 1, {"axis"}, translate_flatten},
        {"Gelu", {"input"}, 1, {"approximate"}, translate_gelu},
        {"Gemm", {"input", "weight", "bias"}, 2, {"alpha", "beta", "transA", "transB"}, translate_gemm, transposed_input},
        {"GlobalAveragePool", {"input"}, 1, {}, translate_global_average_pool},
        {"HardSigmoid", {"input"}, 1, {"alpha", "beta"}, translate_parametric_activation},
        {"HardSwish", {"input"}, 1, {}, translate_plain_activation},
        {"Identity", {"input"}, 1, {}, translate_identity},
        {"LeakyRelu", {"input"}, 1, {"alpha"}, translate_parametric_activation},
        {"MaxPool",
         {"input"},
         1,
         {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
         translate_max_pool},
        {"Mish", {"input"}, 1, {}, translate_plain_activation},
        {"PRelu", {"input", "slope"}, 2, {}, translate_prelu},
        {"Pad", {"input", "pads", "constant value"}, 1, {"mode", "pads", "value"}, translate_pad},
        {"Relu", {"input"}, 1, {}, translate_plain_activation},
        {"Reshape", {"input", "shape"}, 1, {"allowzero", "shape"}, translate_reshape},
        {"Scale", {"input", "scale", "shift"}, 1, {}, translate_scale},
        {"Selu", {"input"}, 1, {"alpha", "gamma"}, translate_parametric_activation},
        {"Sigmoid", {"input"}, 1, {}, translate_plain_activation},
        {"Silu", {"input"}, 1, {}, translate_plain_activation},
        {"Softplus", {"input"}, 1, {}, translate_plain_activation},
        {"Softsign", {"input"}, 1, {}, translate_plain_activation},
        {"Sub", {"left operand", "right operand"}, 2, {}, translate_sub},
        {"Tanh", {"input"}, 1, {}, translate_plain_activation},
        {"Transpose", {"input"}, 1, {"perm"}, translate_transpose},
    };
    return table;
}

const OperatorRow* operator_row(std::string_view op) {
    const auto& table = operator_table();
    const auto row = std::ranges::find(table, op, &OperatorRow::op);
    return row == table.end() ? nullptr : &*row;
}

}  // namespace qbound::internal
