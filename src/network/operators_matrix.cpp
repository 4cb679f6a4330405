// SPDX-License-Identifier: Apache-2.0
// Gemm and MatMul with a constant factor: dense layers, on either side, on one row or many.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace qbound::internal {

namespace {

[[noreturn]] void malformed(const ModelNode& node, std::string reason, std::string hint = {}) {
    throw Error(ErrorKind::malformed, node_place(node.name), std::move(reason), std::move(hint));
}

bool flag(const ModelNode& node, const std::string& name) {
    const std::int64_t value = integer_attribute(node, name, 0);
    if (value != 0 && value != 1) {
        malformed(node, fmt::format("{} {} is neither 0 nor 1", name, value));
    }
    return value == 1;
}

/// α times a stored matrix as out × in; `out_first` if it is stored so, else it is stored in × out.
TensorPtr matrix_weight(const Tensor& stored, bool out_first, double alpha) {
    const std::int64_t rows = stored.shape[out_first ? 0 : 1];
    const std::int64_t columns = stored.shape[out_first ? 1 : 0];
    auto weight = std::make_shared<Tensor>(Tensor{.shape = {rows, columns, 1, 1}, .data = {}});
    if (out_first) {
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

/// The constant factor: a matrix, where MatMul may write leading axes of 1.
TensorPtr matrix_operand(const Translator& t, const ModelNode& node, std::size_t i) {
    TensorPtr stored = t.constant(node, i, "weight");
    Shape shape = stored->shape;
    while (shape.size() > 2 && shape.front() == 1) {
        shape.erase(shape.begin());
    }
    if (shape.size() != 2) {
        malformed(node, fmt::format("weight {} has shape {}, not a matrix's", quoted(node.inputs[i]), to_string(stored->shape)));
    }
    return shape == stored->shape ? stored : std::make_shared<const Tensor>(Tensor{.shape = shape, .data = stored->data});
}

/// Axes of rank `rank` with `axis` in front.
std::vector<std::size_t> axis_first(std::size_t rank, std::size_t axis) {
    std::vector<std::size_t> axes{axis};
    for (std::size_t k = 0; k < rank; ++k) {
        if (k != axis) {
            axes.push_back(k);
        }
    }
    return axes;
}

/// Replaces axis `axis` (extent n) of value `id` by W·(that axis) + b, W of shape m × n × 1 × 1: a dense layer if the other axes
/// have one entry, else a 1×1 convolution at each of their positions. `swapped` exchanges the two axes of a matrix result.
void emit_product(Translator& t, const ModelNode& node, NodeId id, std::size_t axis, TensorPtr weight, std::vector<double> bias,
                  bool swapped) {
    const Shape full = t.full_shape(id);
    const std::int64_t n = weight->shape[1];
    const std::int64_t m = weight->shape[0];
    if (full[axis] != n) {
        malformed(node, fmt::format("a weight of {} outputs and {} inputs does not fit axis {} of shape {}", m, n, axis,
                                    to_string(full)));
    }
    Shape out = full;
    out[axis] = m;
    if (swapped) {
        std::swap(out.front(), out.back());
    }
    const Spend spend = [&](std::int64_t entries) { t.spend(entries, node); };
    const std::int64_t positions = dims_of(t.shape(id)).size() / n;
    Axes axes;
    if (positions == 1) {
        if (t.shape(id) != Shape{n}) {
            id = t.insert(node, "flatten", "Flatten", View{}, {id}, {1, n});
        }
        WeightLayer layer{.weight = std::move(weight), .bias = std::move(bias), .groups = 1, .axes = axes, .dense = true};
        if (sample_shape(out) == Shape{m}) {
            t.emit(node, std::move(layer), {id}, std::move(out));
            return;
        }
        id = t.insert(node, "product", node.op, std::move(layer), {id}, {1, m});
        t.emit(node, View{}, {id}, std::move(out));
        return;
    }
    const auto order = axis_first(full.size(), axis);
    Rearranged in_front = permuted(full, order, spend);
    const Shape permuted_shape = in_front.shape;
    in_front.shape = {1, n, positions};
    id = t.insert_rearranged(node, "rows", "Transpose", in_front, id);
    axes[1] = Axis{.in = positions, .out = positions};
    id = t.insert(node, "product", node.op,
                  WeightLayer{.weight = std::move(weight), .bias = std::move(bias), .groups = 1, .axes = axes, .dense = false},
                  {id}, {1, m, positions});
    Shape computed = permuted_shape;
    computed.front() = m;
    std::vector<std::size_t> back(full.size());
    for (std::size_t k = 0; k < order.size(); ++k) {
        back[order[k]] = k;
    }
    if (swapped) {
        std::swap(back.front(), back.back());
    }
    t.emit_rearranged(node, permuted(computed, back, spend), id);
}

/// β·C of a Gemm, one value per output feature. `feature_axis` is the axis of C (of two) along which the features lie.
std::vector<double> gemm_bias(const Translator& t, const ModelNode& node, std::int64_t outputs, std::int64_t positions,
                              std::size_t feature_axis, double beta) {
    if (!Translator::has_input(node, 2) || beta == 0) {
        return {};
    }
    const TensorPtr stored = t.constant(node, 2, "bias");
    Shape shape = stored->shape;
    shape.insert(shape.begin(), shape.size() < 2 ? 2 - shape.size() : 0, 1);
    const std::size_t position_axis = 1 - feature_axis;
    const bool fits = shape.size() == 2 && (shape[feature_axis] == 1 || shape[feature_axis] == outputs) &&
                      (shape[position_axis] == 1 || shape[position_axis] == positions);
    if (!fits) {
        malformed(node,
                  fmt::format("bias {} has shape {} for {} outputs", quoted(node.inputs[2]), to_string(stored->shape), outputs));
    }
    if (shape[position_axis] != 1) {
        throw Error(ErrorKind::unsupported, node_place(node.name),
                    fmt::format("bias {} differs from row to row", quoted(node.inputs[2])));
    }
    std::vector<double> bias =
        stored->size() == 1 ? std::vector<double>(static_cast<std::size_t>(outputs), stored->data[0]) : stored->data;
    if (beta != 1) {
        std::ranges::for_each(bias, [beta](double& b) { b *= beta; });
    }
    return bias;
}

/// The computed factor of a Gemm, a matrix. Where the batch axis may be left out, entries of one channel each (after
/// GlobalAveragePool, say) are flattened, as exporters do; more positions per channel mean that a Flatten was forgotten, and its
/// order is not for us to guess.
NodeId gemm_input(Translator& t, const ModelNode& node, std::size_t i) {
    const NodeId id = t.source(node, i);
    const Shape full = t.full_shape(id);
    if (full.size() == 2) {
        return id;
    }
    const Shape in = t.shape(id);
    const Dims dims = dims_of(in);
    if (dims.size() != in.front() || full.size() < 2) {
        malformed(node, fmt::format("its input has shape {} where a vector is needed", to_string(in)),
                  "insert a Flatten before it");
    }
    t.note(fmt::format("Gemm {}: its input of shape {} is flattened", quoted(node.name), to_string(in)));
    return t.insert(node, "flatten", "Flatten", View{}, {id}, {1, dims.size()});
}

}  // namespace

void translate_gemm(Translator& t, const ModelNode& node) {
    const bool left = t.is_constant(node, 0);  // the weight is the left factor
    const TensorPtr stored = matrix_operand(t, node, left ? 0 : 1);
    const bool weight_transposed = flag(node, left ? "transA" : "transB");
    const bool input_transposed = flag(node, left ? "transB" : "transA");
    const NodeId id = gemm_input(t, node, left ? 1 : 0);
    const double alpha = number_attribute(node, "alpha", 1);
    const double beta = number_attribute(node, "beta", 1);
    if (alpha != 1 || (beta != 1 && Translator::has_input(node, 2))) {
        t.note(fmt::format("Gemm {}: alpha and beta are multiplied into weight and bias, in double", quoted(node.name)));
    }
    if (left) {
        t.note(fmt::format("Gemm {}: the weight is its left factor {}", quoted(node.name), quoted(node.inputs[0])));
    }
    const std::size_t axis = (left ? 0 : 1) ^ (input_transposed ? 1 : 0);
    const Shape in = t.full_shape(id);
    const std::string key = fmt::format("{} {} {}", left != weight_transposed, alpha, node.inputs[left ? 0 : 1]);
    TensorPtr weight = t.shared_weight(key, [&] { return matrix_weight(*stored, left != weight_transposed, alpha); });
    if (weight->shape[1] != in[axis]) {
        malformed(node, fmt::format("weight {} of shape {} takes {} inputs, not {}", quoted(node.inputs[left ? 0 : 1]),
                                    to_string(stored->shape), weight->shape[1], in[axis]));
    }
    std::vector<double> bias = gemm_bias(t, node, weight->shape[0], in[1 - axis], left ? 0 : 1, beta);
    emit_product(t, node, id, axis, std::move(weight), std::move(bias), input_transposed);
}

void translate_matmul(Translator& t, const ModelNode& node) {
    const bool left = t.is_constant(node, 0);
    const NodeId id = t.source(node, left ? 1 : 0);
    const std::size_t rank = t.full_shape(id).size();
    const TensorPtr stored = matrix_operand(t, node, left ? 0 : 1);
    if (rank == 0) {
        malformed(node, "its computed factor is a scalar");
    }
    if (left) {
        t.note(fmt::format("MatMul {}: the weight is its left factor {}", quoted(node.name), quoted(node.inputs[0])));
    }
    const std::size_t axis = left && rank > 1 ? rank - 2 : rank - 1;
    TensorPtr weight = t.shared_weight(fmt::format("{} {} {}", left, 1.0, node.inputs[left ? 0 : 1]),
                                       [&] { return matrix_weight(*stored, left, 1); });
    emit_product(t, node, id, axis, std::move(weight), {}, false);
}

}  // namespace qbound::internal
