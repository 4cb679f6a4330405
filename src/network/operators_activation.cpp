// SPDX-License-Identifier: Apache-2.0
// Activations: the row of the activation table with the node's parameters.
#include "network/attributes.hpp"
#include "network/channel_values.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <limits>

namespace qbound::internal {

namespace {

void emit_activation(Translator& t, const ModelNode& node, Activation activation) {
    if (const auto defect = activation_defect(activation)) {
        throw Error(ErrorKind::malformed, node_place(node.name), *defect);
    }
    t.emit_like(node, std::move(activation), t.source(node, 0));
}

ActivationFunction function_of(std::string_view op) {
    for (const ActivationRow& row : activation_table()) {
        if (row.op == op) {
            return row.function;
        }
    }
    throw Error(ErrorKind::internal, "", fmt::format("operator {} is not in the activation table", op));
}

/// A limit of Clip: input `i` (ONNX since opset 11) or the attribute.
double clip_limit(const Translator& t, const ModelNode& node, std::size_t i, std::string_view role, const std::string& attribute,
                  double fallback) {
    if (!Translator::has_input(node, i)) {
        return limit_attribute(node, attribute, fallback);
    }
    const TensorPtr limit = t.raw_constant(node, i, role);
    if (limit->size() != 1) {
        throw Error(ErrorKind::malformed, node_place(node.name), fmt::format("{} has {} values", role, limit->size()));
    }
    return limit->data.front();
}

}  // namespace

void translate_clip(Translator& t, const ModelNode& node) {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    emit_activation(t, node,
                    {.function = ActivationFunction::clip,
                     .lower = clip_limit(t, node, 1, "lower limit", "min", -kInf),
                     .upper = clip_limit(t, node, 2, "upper limit", "max", kInf),
                     .slopes = {}});
}

void translate_limit(Translator& t, const ModelNode& node) {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    const std::size_t constant = t.is_constant(node, 0) ? 0 : 1;
    const TensorPtr limit = t.raw_constant(node, constant, "limit");
    const NodeId id = t.source(node, 1 - constant);
    if (limit->size() != 1 || limit->shape.size() > t.full_shape(id).size()) {
        throw Error(ErrorKind::unsupported, node_place(node.name), fmt::format("a limit of shape {}", to_string(limit->shape)));
    }
    const double value = limit->data.front();
    const Activation clip{.function = ActivationFunction::clip,
                          .lower = node.op == "Max" ? value : -kInf,
                          .upper = node.op == "Max" ? kInf : value,
                          .slopes = {}};
    if (const auto defect = activation_defect(clip)) {
        throw Error(ErrorKind::malformed, node_place(node.name), *defect);
    }
    t.emit_like(node, clip, id);
}

void translate_prelu(Translator& t, const ModelNode& node) {
    const Shape in = t.shape(t.source(node, 0));
    const TensorPtr tensor = t.constant(node, 1, "slope");
    // ONNX aligns shapes at the last axis; where the batch axis is optional, a list is one slope per channel.
    if (!t.batch_axis_optional() && tensor->shape.size() == 1 && in.size() > 1 && tensor->size() > 1 &&
        tensor->size() == in.back()) {
        throw Error(ErrorKind::unsupported, node_place(node.name),
                    fmt::format("slope {} has one value per position of the last axis", quoted(node.inputs[1])));
    }
    t.spend(channel_values_cost(*tensor, in), node);
    auto slopes = channel_values(*tensor, in);
    if (!slopes) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("slope {} of shape {} is neither one value nor one per channel of {}", quoted(node.inputs[1]),
                                to_string(tensor->shape), to_string(in)));
    }
    emit_activation(t, node, {.function = ActivationFunction::prelu, .slopes = *std::move(slopes)});
}

void translate_gelu(Translator& t, const ModelNode& node) {
    const std::string form = string_attribute(node, "approximate", "none");
    if (form != "none" && form != "tanh") {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("approximate {} is neither none nor tanh", quoted(form)));
    }
    emit_activation(t, node, {.function = form == "tanh" ? ActivationFunction::gelu_tanh : ActivationFunction::gelu, .slopes = {}});
}

void translate_parametric_activation(Translator& t, const ModelNode& node) {
    Activation activation{.function = function_of(node.op), .slopes = {}};
    switch (activation.function) {
        case ActivationFunction::leaky_relu:
            activation.alpha = number_attribute(node, "alpha", 0.01);
            break;
        case ActivationFunction::hard_sigmoid:
            activation.alpha = number_attribute(node, "alpha", 0.2);
            activation.beta = number_attribute(node, "beta", 0.5);
            break;
        case ActivationFunction::elu:
            activation.alpha = number_attribute(node, "alpha", 1);
            break;
        default:  // Selu; ONNX's defaults are these float32 numbers
            activation.alpha = number_attribute(node, "alpha", 1.67326319217681884765625);
            activation.beta = number_attribute(node, "gamma", 1.05070102214813232421875);
            break;
    }
    emit_activation(t, node, std::move(activation));
}

void translate_plain_activation(Translator& t, const ModelNode& node) {
    emit_activation(t, node, {.function = function_of(node.op), .slopes = {}});
}

}  // namespace qbound::internal
