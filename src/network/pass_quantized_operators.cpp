// SPDX-License-Identifier: Apache-2.0
#include "network/constant_folding.hpp"
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

namespace qbound::internal {

namespace {

/// A new tensor of the model, under a name like `name`.
std::string add_tensor(Model& model, std::string name, Tensor tensor) {
    while (model.tensors.contains(name)) {
        name += '_';
    }
    model.tensors[name] = std::make_shared<const Tensor>(std::move(tensor));
    return name;
}

/// QLinearConv (x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B) and QLinearMatMul (the same without
/// B, the second factor in the place of w) as Conv and MatMul on real values, with the weight w = (q − zero_point)·scale and the
/// bias B·(x_scale·w_scale).
void to_real_operator(Model& model, ModelNode& node, const Spend& spend) {
    std::vector<TensorPtr> constants(node.inputs.size());
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const auto tensor = model.tensors.find(node.inputs[i]);
        constants[i] = tensor == model.tensors.end() ? nullptr : tensor->second;
    }
    const bool convolution = node.op == "QLinearConv";
    const Arguments arguments(node, constants, model.opset, false, spend);
    const TensorPtr q = arguments.constant(3, "weight");
    const TensorPtr scale = arguments.constant(4, "weight scale");
    const TensorPtr zero_point = arguments.constant(5, "weight zero point");
    const std::int64_t axis = convolution ? 0 : static_cast<std::int64_t>(q->shape.size()) - 1;
    const std::string weight =
        add_tensor(model, node.inputs[3] + ".dequantized", dequantize(arguments, *q, *scale, zero_point.get(), axis));
    std::vector<std::string> inputs{node.inputs[0], weight};
    if (convolution && arguments.given(8)) {
        Tensor bias = *arguments.constant(8, "bias");
        const double x_scale = *arguments.scalar(1, "input scale");
        if (scale->size() != 1 && scale->size() != bias.size()) {
            arguments.malformed(fmt::format("{} weight scales for {} biases", scale->size(), bias.size()));
        }
        for (std::size_t c = 0; c < bias.data.size(); ++c) {
            bias.data[c] *= x_scale * scale->data[scale->size() == 1 ? 0 : c];
        }
        bias.type = ElementType::real;
        inputs.push_back(add_tensor(model, node.inputs[8] + ".dequantized", std::move(bias)));
    }
    node.op = convolution ? "Conv" : "MatMul";
    node.inputs = std::move(inputs);
}

}  // namespace

void pass_quantized_activations(Model& model, Log& log) {
    std::int64_t spent = 0;
    std::size_t passed = 0;
    std::size_t rewritten = 0;
    for (ModelNode& node : model.nodes) {
        const Spend spend = [&](std::int64_t entries) {
            if (entries > kMaxTableEntries - spent) {
                throw Error(ErrorKind::malformed, node_place(node.name), "its weights are too large");
            }
            spent += entries;
        };
        if (node.op == "QLinearConv" || node.op == "QLinearMatMul") {
            to_real_operator(model, node, spend);
            ++rewritten;
        } else if ((node.op == "QuantizeLinear" || node.op == "DequantizeLinear") && !node.inputs.empty() &&
                   !model.tensors.contains(node.inputs.front())) {
            node.op = "Identity";
            node.inputs.resize(1);
            node.attributes.clear();
            ++passed;
        }
    }
    if (passed + rewritten > 0) {
        log.notes.push_back(
            fmt::format("weights only: {} nodes that quantize or dequantize activations are passed through, {} quantized "
                        "operators are read on real values; the figures are for the weights alone",
                        passed, rewritten));
    }
}

}  // namespace qbound::internal
