// SPDX-License-Identifier: Apache-2.0
#include "network/operator_table.hpp"

#include "network/attributes.hpp"
#include "network/constant_folding.hpp"
#include "network/naming.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qbound::internal {

namespace {

std::string trained_statistics(const Model& model, const ModelNode& node) {
    if (const std::int64_t value = integer_attribute(node, "training_mode", 0); value != 0) {
        return fmt::format("training_mode = {}", value);
    }
    // Before opset 7 a node trains unless is_test says otherwise; from then to 13 a second output made it train.
    if (integer_attribute(node, "is_test", model.opset < 7 ? 0 : 1) == 0) {
        return "is_test = 0";
    }
    if (model.opset < 14 && std::any_of(node.outputs.begin() + 1, node.outputs.end(), [](const auto& o) { return !o.empty(); })) {
        return "outputs of training";
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

/// Dropout is the identity unless it trains, which its third input says, and drops something.
std::string dropping(const Model& model, const ModelNode& node) {
    if (model.opset < 7 && integer_attribute(node, "is_test", 0) == 0 && has_attribute(node, "is_test")) {
        return "is_test = 0";
    }
    const bool drops = !Translator::has_input(node, 1) || may_be_nonzero(model, node, 1);
    return drops && may_be_nonzero(model, node, 2) ? "a training_mode that is not constantly false" : "";
}

/// The axis of opset 1 to 6 has a meaning here for a constant right operand.
std::string not_aligned(const Model& model, const ModelNode& node) {
    const bool aligned = has_attribute(node, "axis");
    if (aligned && (model.opset >= 7 || !Translator::has_input(node, 1) || !model.tensors.contains(node.inputs[1]))) {
        return "an axis";
    }
    return "";
}

std::string by_computed(const Model& model, const ModelNode& node) {
    if (!Translator::has_input(node, 1) || !constant_values(model).contains(node.inputs[1])) {
        return "a computed divisor";
    }
    return not_aligned(model, node);
}

/// Cast between floating point types is the identity here, where computations are exact.
std::string not_real(const Model& /*model*/, const ModelNode& node) {
    const std::int64_t to = integer_attribute(node, "to", 0);
    constexpr std::int64_t kFloat = 1;
    constexpr std::int64_t kHalf = 10;
    constexpr std::int64_t kDouble = 11;
    constexpr std::int64_t kBfloat = 16;
    return to == kFloat || to == kHalf || to == kDouble || to == kBfloat ? "" : fmt::format("to = {}, an integer type", to);
}

}  // namespace

const std::vector<OperatorRow>& operator_table() {
    static const std::vector<OperatorRow> table = {
        {"Add", {"left operand", "right operand"}, 2, {"axis", "broadcast", "consumed_inputs"}, translate_add, not_aligned},
        {"AveragePool",
         {"input"},
         1,
         {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"},
         translate_average_pool},
        {"BatchNormalization",
         {"input", "scale", "bias", "mean", "variance"},
         5,
         {"consumed_inputs", "epsilon", "is_test", "momentum", "spatial", "training_mode"},
         translate_batch_normalization,
         trained_statistics},
        {"Cast", {"input"}, 1, {"saturate", "to"}, translate_identity, not_real},
        {"Clip", {"input", "lower limit", "upper limit"}, 1, {"consumed_inputs", "max", "min"}, translate_clip},
        {"Concat", {"input"}, 1, {"axis"}, translate_concat, nullptr, true},
        {"Conv",
         {"input", "weight", "bias"},
         2,
         {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"},
         translate_conv},
        {"ConvTranspose",
         {"input", "weight", "bias"},
         2,
         {"auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides"},
         translate_conv_transpose},
        {"DepthToSpace", {"input"}, 1, {"blocksize", "mode"}, translate_rearrangement},
        {"Div", {"dividend", "divisor"}, 2, {"axis", "broadcast", "consumed_inputs"}, translate_div, by_computed},
        {"Dropout", {"input", "ratio", "training mode"}, 1, {"is_test", "ratio", "seed"}, translate_identity, dropping},
        {"Elu", {"input"}, 1, {"alpha", "consumed_inputs"}, translate_parametric_activation},
        {"Erf", {"input"}, 1, {}, translate_plain_activation},
        {"Expand", {"input", "shape"}, 2, {}, translate_rearrangement},
        {"Flatten", {"input"}, 1, {"axis"}, translate_rearrangement},
        {"Gather", {"input", "indices"}, 2, {"axis"}, translate_rearrangement},
        {"Gelu", {"input"}, 1, {"approximate"}, translate_gelu},
        {"Gemm",
         {"input", "weight", "bias"},
         2,
         {"alpha", "beta", "broadcast", "transA", "transB"},
         translate_gemm,
         nullptr,
         false,
         true},
        {"GlobalAveragePool", {"input"}, 1, {}, translate_global_average_pool},
        {"GlobalMaxPool", {"input"}, 1, {}, translate_global_max_pool},
        {"HardSigmoid", {"input"}, 1, {"alpha", "beta", "consumed_inputs"}, translate_parametric_activation},
        {"HardSwish", {"input"}, 1, {}, translate_plain_activation},
        {"Identity", {"input"}, 1, {}, translate_identity},
        {"LeakyRelu", {"input"}, 1, {"alpha", "consumed_inputs"}, translate_parametric_activation},
        {"MatMul", {"left factor", "right factor"}, 2, {}, translate_matmul, nullptr, false, true},
        {"Max", {"operand", "operand"}, 2, {}, translate_limit, nullptr, false, true},
        {"MaxPool",
         {"input"},
         1,
         {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
         translate_max_pool},
        {"Min", {"operand", "operand"}, 2, {}, translate_limit, nullptr, false, true},
        {"Mish", {"input"}, 1, {}, translate_plain_activation},
        {"Mul", {"left factor", "right factor"}, 2, {"axis", "broadcast", "consumed_inputs"}, translate_mul, not_aligned},
        {"Neg", {"input"}, 1, {}, translate_neg},
        {"PRelu", {"input", "slope"}, 2, {"consumed_inputs"}, translate_prelu},
        {"Pad", {"input", "pads", "constant value", "axes"}, 1, {"mode", "paddings", "pads", "value"}, translate_rearrangement},
        {"ReduceMax", {"input", "axes"}, 1, {"axes", "keepdims", "noop_with_empty_axes"}, translate_reduction},
        {"ReduceMean", {"input", "axes"}, 1, {"axes", "keepdims", "noop_with_empty_axes"}, translate_reduction},
        {"ReduceSum", {"input", "axes"}, 1, {"axes", "keepdims", "noop_with_empty_axes"}, translate_reduction},
        {"Relu", {"input"}, 1, {"consumed_inputs"}, translate_plain_activation},
        {"Reshape", {"input", "shape"}, 1, {"allowzero", "shape"}, translate_rearrangement},
        {"Resize",
         {"input", "region of interest", "scales", "sizes"},
         1,
         {"antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value",
          "keep_aspect_ratio_policy", "mode", "nearest_mode"},
         translate_rearrangement},
        {"Scale", {"input", "scale", "shift"}, 1, {}, translate_scale},
        {"Selu", {"input"}, 1, {"alpha", "gamma", "consumed_inputs"}, translate_parametric_activation},
        {"Sigmoid", {"input"}, 1, {"consumed_inputs"}, translate_plain_activation},
        {"Silu", {"input"}, 1, {}, translate_plain_activation},
        {"Slice", {"input", "starts", "ends", "axes", "steps"}, 1, {"axes", "ends", "starts"}, translate_rearrangement},
        {"SpaceToDepth", {"input"}, 1, {"blocksize"}, translate_rearrangement},
        {"Split", {"input", "split"}, 1, {"axis", "num_outputs", "split"}, translate_rearrangement},
        {"Squeeze", {"input", "axes"}, 1, {"axes"}, translate_rearrangement},
        {"Softplus", {"input"}, 1, {}, translate_plain_activation},
        {"Softsign", {"input"}, 1, {}, translate_plain_activation},
        {"Sub", {"left operand", "right operand"}, 2, {"axis", "broadcast", "consumed_inputs"}, translate_sub, not_aligned},
        {"Sum", {"input"}, 1, {"consumed_inputs"}, translate_sum, nullptr, true},
        {"Tanh", {"input"}, 1, {"consumed_inputs"}, translate_plain_activation},
        {"Tile", {"input", "repeats"}, 2, {}, translate_rearrangement},
        {"Transpose", {"input"}, 1, {"perm"}, translate_rearrangement},
        {"Unsqueeze", {"input", "axes"}, 1, {"axes"}, translate_rearrangement},
        {"Upsample", {"input", "scales"}, 1, {"mode", "scales"}, translate_rearrangement},
    };
    return table;
}

const OperatorRow* operator_row(std::string_view op) {
    const auto& table = operator_table();
    const auto row = std::ranges::find(table, op, &OperatorRow::op);
    return row == table.end() ? nullptr : &*row;
}

}  // namespace qbound::internal
