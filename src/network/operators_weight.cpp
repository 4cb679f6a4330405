// SPDX-License-Identifier: Apache-2.0
// Conv and Gemm: the weight layers.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/window_attributes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace qbound::internal {

namespace {

[[noreturn]] void malformed(const ModelNode& node, std::string reason, std::string hint = {}) {
    throw Error(ErrorKind::malformed, node_place(node.name), std::move(reason), std::move(hint));
}

/// The same data in another shape; shares the tensor where the shape is already that one.
TensorPtr reshaped(const TensorPtr& tensor, Shape shape) {
    if (tensor->shape == shape) {
        return tensor;
    }
    return std::make_shared<Tensor>(Tensor{std::move(shape), tensor->data});
}

std::vector<double> conv_bias(const Translator& t, const ModelNode& node, std::int64_t outputs) {
    if (!Translator::has_input(node, 2)) {
        return {};
    }
    const TensorPtr bias = t.constant(node, 2, "bias");
    if (bias->shape != Shape{outputs}) {
        malformed(node, fmt::format("bias {} has shape {} instead of {}", quoted(node.inputs[2]), to_string(bias->shape), outputs));
    }
    return bias->data;
}

/// α·B as out × in.
TensorPtr gemm_weight(const Tensor& stored, bool transposed, double alpha) {
    const std::int64_t rows = stored.shape[transposed ? 0 : 1];
    const std::int64_t columns = stored.shape[transposed ? 1 : 0];
    auto weight = std::make_shared<Tensor>(Tensor{{rows, columns, 1, 1}, {}});
    if (transposed) {
        weight->data = stored.data;
    } else {
        weight->data.resize(stored.data.size());
        for (std::int64_t j = 0; j < columns; ++j) {
            for (std::int64_t i = 0; i < rows; ++i) {
                weight->data[static_cast<std::size_t>(i * columns + j)] = stored.data[static_cast<std::size_t>(j * rows + i)];
            }
        }
    }
    if (alpha != 1) {
        std::ranges::for_each(weight->data, [alpha](double& w) { w *= alpha; });
    }
    return weight;
}

/// β·C, one value per output.
std::vector<double> gemm_bias(const Translator& t, const ModelNode& node, std::int64_t outputs, double beta) {
    if (!Translator::has_input(node, 2) || beta == 0) {
        return {};
    }
    const TensorPtr stored = t.constant(node, 2, "bias");
    const Shape& shape = stored->shape;
    const bool fits = shape.size() <= 2 && (shape.size() < 2 || shape[0] == 1) && (stored->size() == 1 || shape.back() == outputs);
    if (!fits) {
        malformed(node, fmt::format("bias {} has shape {} for {} outputs", quoted(node.inputs[2]), to_string(shape), outputs));
    }
    std::vector<double> bias =
        stored->size() == 1 ? std::vector<double>(static_cast<std::size_t>(outputs), stored->data[0]) : stored->data;
    if (beta != 1) {
        std::ranges::for_each(bias, [beta](double& b) { b *= beta; });
    }
    return bias;
}

/// The input of a Gemm as a vector of n entries. Entries of one channel each (after GlobalAveragePool, say) are flattened silently,
/// as exporters do; more positions per channel mean that a Flatten was forgotten, and its order is not for us to guess.
NodeId gemm_input(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    if (in.size() == 1) {
        return id;
    }
    const Dims dims = dims_of(in);
    if (dims.size() != in.front()) {
        malformed(node, fmt::format("its input has shape {} where a vector is needed", to_string(in)),
                  "insert a Flatten before it");
    }
    t.note(fmt::format("Gemm {}: its input of shape {} is flattened", quoted(node.name), to_string(in)));
    return t.insert(node, "flatten", "Flatten", View{}, {id}, {dims.size()});
}

}  // namespace

void translate_conv(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const std::size_t spatial = spatial_rank(node, in);
    const TensorPtr stored = t.constant(node, 1, "weight");
    const Shape& w = stored->shape;
    if (w.size() != spatial + 2) {
        malformed(node, fmt::format("weight {} has shape {} for an input of shape {}", quoted(node.inputs[1]), to_string(w),
                                    to_string(in)));
    }
    const std::int64_t groups = integer_attribute(node, "group", 1);
    if (groups < 1 || w[0] % groups != 0) {
        malformed(node, fmt::format("{} output channels do not split into {} groups", w[0], groups));
    }
    if (in[0] % groups != 0 || in[0] / groups != w[1]) {
        malformed(node, fmt::format("weight {} of shape {} in {} groups does not fit an input of {} channels",
                                    quoted(node.inputs[1]), to_string(w), groups, in[0]));
    }
    const Axes axes = window_axes(node, in, Shape(w.begin() + 2, w.end()));
    std::vector<double> bias = conv_bias(t, node, w[0]);
    const Shape out = window_output(w[0], axes, in.size());
    const Shape kernel = spatial == 1 ? Shape{w[0], w[1], 1, w[2]} : w;
    t.emit(node,
           WeightLayer{.weight = reshaped(stored, kernel), .bias = std::move(bias), .groups = groups, .axes = axes, .dense = false},
           {id}, out);
}

void translate_gemm(Translator& t, const ModelNode& node) {
    const NodeId id = gemm_input(t, node);
    const std::int64_t in = t.shape(id).front();
    const TensorPtr stored = t.constant(node, 1, "weight");
    if (stored->shape.size() != 2) {
        malformed(node, fmt::format("weight {} has shape {}, not a matrix's", quoted(node.inputs[1]), to_string(stored->shape)));
    }
    const std::int64_t transposed = integer_attribute(node, "transB", 0);
    if (transposed != 0 && transposed != 1) {
        malformed(node, fmt::format("transB {} is neither 0 nor 1", transposed));
    }
    const std::int64_t columns = stored->shape[transposed == 1 ? 1 : 0];
    if (columns != in) {
        malformed(node, fmt::format("weight {} of shape {} takes {} inputs, not {}", quoted(node.inputs[1]),
                                    to_string(stored->shape), columns, in));
    }
    const double alpha = number_attribute(node, "alpha", 1);
    const double beta = number_attribute(node, "beta", 1);
    if (alpha != 1 || (beta != 1 && Translator::has_input(node, 2))) {
        t.note(fmt::format("Gemm {}: alpha and beta are multiplied into weight and bias, in double", quoted(node.name)));
    }
    TensorPtr weight = gemm_weight(*stored, transposed == 1, alpha);
    const std::int64_t outputs = weight->shape[0];
    std::vector<double> bias = gemm_bias(t, node, outputs, beta);
    Axes axes;  // one position
    t.emit(node, WeightLayer{.weight = std::move(weight), .bias = std::move(bias), .groups = 1, .axes = axes, .dense = true}, {id},
           {outputs});
}

}  // namespace qbound::internal
