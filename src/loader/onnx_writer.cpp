// SPDX-License-Identifier: Apache-2.0
// Model → ONNX. The model's operators are those of to_model; attributes that are inputs in today's ONNX become initializers.
#include "loader/onnx_graph.hpp"
#include "loader/text.hpp"
#include "qbound/writer.hpp"

#include <cmath>
#include <numbers>
#include <utility>

namespace qbound {
namespace internal {
namespace {

constexpr std::int64_t kOpset = 17;
constexpr std::int64_t kOpsetOfDilatedAveragePool = 19;
constexpr std::int64_t kOpsetOfGelu = 20;

class OnnxWriter {
  public:
    OnnxWriter(const Model& model, RealType type) : model_(model), graph_(model, type) {}

    OnnxFile write(const Shape& output_shape) {
        for (const auto& [name, tensor] : model_.tensors) {
            graph_.initializer(name, *tensor);
        }
        for (const ModelNode& node : model_.nodes) {
            write(node);
        }
        return graph_.finish(output_shape, opset_);
    }

  private:
    void write(const ModelNode& node) {
        if (node.op == "Scale") {
            scale(node);
        } else if (node.op == "Silu") {
            const std::string gate = part(node, "gate", "Sigmoid", {node.inputs[0]});
            last(node, "Mul", {node.inputs[0], gate});
        } else if (node.op == "Mish") {
            const std::string softplus = part(node, "softplus", "Softplus", {node.inputs[0]});
            last(node, "Mul", {node.inputs[0], part(node, "gate", "Tanh", {softplus})});
        } else if (node.op == "Gelu") {
            gelu(node);
        } else if (node.op == "Reshape") {
            const auto& shape = std::get<std::vector<std::int64_t>>(node.attributes.at("shape"));
            last(node, "Reshape", {node.inputs[0], graph_.integers(node.name + ".shape", shape)});
        } else if (node.op == "Pad") {
            pad(node);
        } else if (node.op == "Clip") {
            clip(node);
        } else {
            plain(node);
        }
    }

    std::string part(const ModelNode& node, std::string_view suffix, const std::string& op,
                     const std::vector<std::string>& inputs) {
        std::string name = graph_.unused(node.name + "." + std::string(suffix));
        graph_.node(name, op, inputs);
        return name;
    }

    void last(const ModelNode& node, const std::string& op, const std::vector<std::string>& inputs) {
        graph_.node(node.name, op, inputs);
    }

    /// Gelu by tanh has no other form that readers recognise, so that it needs the operator.
    void gelu(const ModelNode& node) {
        const auto form = node.attributes.find("approximate");
        if (form != node.attributes.end() && std::get<std::string>(form->second) == "tanh") {
            plain(node);
            opset_ = std::max(opset_, kOpsetOfGelu);
            return;
        }
        const std::string& x = node.inputs[0];
        const std::string scaled = part(node, "scaled", "Div", {x, graph_.constant(node.name + ".root", std::numbers::sqrt2)});
        const std::string erf = part(node, "erf", "Erf", {scaled});
        const std::string gate = part(node, "gate", "Add", {erf, graph_.constant(node.name + ".one", 1)});
        const std::string twice = part(node, "twice", "Mul", {x, gate});
        last(node, "Mul", {twice, graph_.constant(node.name + ".half", 0.5)});
    }

    void pad(const ModelNode& node) {
        const auto& pads = std::get<std::vector<std::int64_t>>(node.attributes.at("pads"));
        const auto value = node.attributes.find("value");
        std::vector<std::string> inputs{node.inputs[0], graph_.integers(node.name + ".pads", pads)};
        if (value != node.attributes.end()) {
            inputs.push_back(graph_.number(node.name + ".value", std::get<double>(value->second)));
        }
        onnx::NodeProto& proto = graph_.node(node.name, "Pad", inputs);
        if (const auto mode = node.attributes.find("mode"); mode != node.attributes.end()) {
            graph_.attribute(proto, "mode", mode->second);
        }
    }

    void clip(const ModelNode& node) {
        std::vector<std::string> inputs{node.inputs[0]};
        for (const char* limit : {"min", "max"}) {
            const auto found = node.attributes.find(limit);
            inputs.push_back(found == node.attributes.end()
                                 ? std::string()
                                 : graph_.number(node.name + "." + limit, std::get<double>(found->second)));
        }
        while (inputs.back().empty()) {
            inputs.pop_back();
        }
        last(node, "Clip", inputs);
    }

    /// BatchNormalization of mean 0, variance 1 and ε = 0: exactly scale·x + shift. After a layer stands a Reshape to the same
    /// shape, without which readers would fold it into the layer's weights.
    void scale(const ModelNode& node) {
        const Tensor& scale = *model_.tensors.at(node.inputs[1]);
        const auto filled = [&](std::string_view suffix, double value) {
            return graph_.initializer(graph_.unused(node.name + "." + std::string(suffix)),
                                      {.shape = scale.shape, .data = std::vector<double>(scale.data.size(), value)});
        };
        std::string x = node.inputs[0];
        if (const auto rank = rank_of_layer(x)) {
            const std::vector<std::int64_t> unchanged(*rank, 0);  // 0: as the input has it
            x = part(node, "view", "Reshape", {x, graph_.integers(node.name + ".shape", unchanged)});
        }
        const std::string shift = node.inputs.size() > 2 ? node.inputs[2] : filled("shift", 0);
        onnx::NodeProto& proto =
            graph_.node(node.name, "BatchNormalization", {x, node.inputs[1], shift, filled("mean", 0), filled("variance", 1)});
        graph_.attribute(proto, "epsilon", 0.0);
    }

    /// The rank of a Conv's or Gemm's output, which its weight has as well; nothing for another value.
    [[nodiscard]] std::optional<std::size_t> rank_of_layer(const std::string& value) const {
        for (const ModelNode& node : model_.nodes) {
            if (node.outputs.front() == value && (node.op == "Conv" || node.op == "Gemm")) {
                return model_.tensors.at(node.inputs[1])->shape.size();
            }
        }
        return std::nullopt;
    }

    void plain(const ModelNode& node) {
        onnx::NodeProto& proto = graph_.node(node.name, node.op, node.inputs);
        for (const auto& [name, value] : node.attributes) {
            const auto* integers = std::get_if<std::vector<std::int64_t>>(&value);
            if (node.op == "AveragePool" && name == "dilations") {
                if (std::ranges::all_of(*integers, [](std::int64_t dilation) { return dilation == 1; })) {
                    continue;  // an attribute of later opsets
                }
                opset_ = std::max(opset_, kOpsetOfDilatedAveragePool);
            }
            graph_.attribute(proto, name, value);
        }
    }

    const Model& model_;
    OnnxGraph graph_;
    std::int64_t opset_ = kOpset;
};

}  // namespace
}  // namespace internal

OnnxFile write_onnx(const Model& model, const Shape& output_shape, RealType type) {
    return internal::OnnxWriter(model, type).write(output_shape);
}

}  // namespace qbound
