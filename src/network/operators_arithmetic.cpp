// SPDX-License-Identifier: Apache-2.0
// Add, Sub, Sum, Mul, Div and Neg: of two computed values, or of one and a constant.
#include "network/attributes.hpp"
#include "network/channel_values.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace qbound::internal {

namespace {

Spend spend_of(Translator& t, const ModelNode& node) {
    return [&t, &node](std::int64_t entries) { t.spend(entries, node); };
}

/// Before opset 7 the right operand was aligned at an axis (broadcast = 1): its shape with ones after it.
TensorPtr legacy_operand(const Translator& t, const ModelNode& node, TensorPtr tensor, const Shape& full) {
    if (!has_attribute(node, "axis")) {
        return tensor;
    }
    const Arguments arguments(node, {}, t.opset(), false, [](std::int64_t) {});
    const std::size_t axis = axis_of(arguments, integer_attribute(node, "axis", 0), full.size());
    Shape shape = tensor->shape;
    if (axis + shape.size() > full.size()) {
        arguments.malformed(fmt::format("an operand of shape {} at axis {} of shape {}", to_string(shape), axis, to_string(full)));
    }
    shape.resize(full.size() - axis, 1);
    return std::make_shared<const Tensor>(Tensor{.shape = std::move(shape), .data = tensor->data, .type = tensor->type});
}

/// A value and a constant per entry of it, or per channel.
struct Operand {
    NodeId id;
    std::vector<double> values;  ///< one per channel of `id`
    bool flat = false;           ///< `id` was laid out as one list, one entry a channel
    Shape full;                  ///< the result's shape
};

/// The constant operand `i` against the computed operand `id`: per channel where it is that, else per entry, after the value was
/// stretched if the constant is larger.
Operand with_constant(Translator& t, const ModelNode& node, NodeId id, std::size_t i) {
    const Shape in = t.shape(id);
    const TensorPtr tensor = legacy_operand(t, node, t.constant(node, i, "operand"), t.full_shape(id));
    // In a manifest a constant of all the sample's axes, or of the batch axis as well, may be one value per channel.
    const std::size_t rank = t.full_shape(id).size();
    const bool aligned = tensor->size() == 1 || tensor->shape.size() == rank ||
                         (t.batch_axis_optional() && tensor->shape.size() + 1 == rank) ||
                         (tensor->shape.size() < rank && tensor->shape.size() == in.size());
    if (tensor->size() == 1 && tensor->shape.size() <= rank) {
        const std::int64_t channels = dims_of(in).channels;
        t.spend(channels, node);
        return {id, std::vector<double>(static_cast<std::size_t>(channels), tensor->data.front()), false, t.full_shape(id)};
    }
    if (aligned && tensor->shape.size() >= in.size() && tensor->shape.size() <= rank) {
        t.spend(channel_values_cost(*tensor, in), node);
        auto values = channel_values(*tensor, in);
        if (values && values->size() == static_cast<std::size_t>(dims_of(in).channels)) {
            return {id, *std::move(values), false, t.full_shape(id)};
        }
    }
    const Shape full = broadcast_shape(node, t.full_shape(id), tensor->shape);
    id = t.insert_rearranged(node, "stretched", "Expand", stretched(t.full_shape(id), full, spend_of(t, node)), id);
    const std::int64_t size = dims_of(sample_shape(full)).size();
    Tensor stretched_constant = apply(stretched(tensor->shape, full, spend_of(t, node)), *tensor, spend_of(t, node));
    if (t.shape(id) != Shape{size}) {
        id = t.insert(node, "flat", "Reshape", View{}, {id}, {size});
    }
    return {id, std::move(stretched_constant.data), true, full};
}

/// scale·x + shift on the operand, in the result's shape.
void emit_diagonal(Translator& t, const ModelNode& node, const Operand& operand, Diagonal diagonal) {
    if (!operand.flat) {
        t.emit(node, std::move(diagonal), {operand.id}, operand.full);
        return;
    }
    const Shape flat = t.full_shape(operand.id);
    if (operand.full == flat) {
        t.emit(node, std::move(diagonal), {operand.id}, flat);
        return;
    }
    const NodeId id = t.insert(node, "entries", node.op, std::move(diagonal), {operand.id}, flat);
    t.emit(node, View{}, {id}, operand.full);
}

void emit_shifted(Translator& t, const ModelNode& node, NodeId id, std::size_t constant, double scale, double sign) {
    const Operand operand = with_constant(t, node, id, constant);
    Diagonal diagonal{std::vector<double>(operand.values.size(), scale), operand.values};
    std::ranges::for_each(diagonal.shift, [sign](double& v) { v *= sign; });
    emit_diagonal(t, node, operand, std::move(diagonal));
}

/// Both computed operands in the shape to which they broadcast.
struct Pair {
    NodeId left;
    NodeId right;
    Shape full;
};

Pair both_stretched(Translator& t, const ModelNode& node, NodeId left, NodeId right) {
    const Shape full = broadcast_shape(node, t.full_shape(left), t.full_shape(right));
    const Rearranged to_left = stretched(t.full_shape(left), full, spend_of(t, node));
    const Rearranged to_right = stretched(t.full_shape(right), full, spend_of(t, node));
    const NodeId a = t.insert_rearranged(node, "left", "Expand", to_left, left);
    const NodeId b = left == right ? a : t.insert_rearranged(node, "right", "Expand", to_right, right);
    return {a, b, full};
}

void translate_signed_sum(Translator& t, const ModelNode& node, int sign) {
    const bool left_constant = t.is_constant(node, 0);
    if (left_constant != t.is_constant(node, 1)) {
        const NodeId id = t.source(node, left_constant ? 1 : 0);
        emit_shifted(t, node, id, left_constant ? 0 : 1, left_constant ? sign : 1, left_constant ? 1 : sign);
        return;
    }
    const Pair pair = both_stretched(t, node, t.source(node, 0), t.source(node, 1));
    t.emit(node, Sum{{1, sign}}, {pair.left, pair.right}, pair.full);
}

}  // namespace

void translate_add(Translator& t, const ModelNode& node) {
    translate_signed_sum(t, node, 1);
}
void translate_sub(Translator& t, const ModelNode& node) {
    translate_signed_sum(t, node, -1);
}

void translate_sum(Translator& t, const ModelNode& node) {
    std::vector<NodeId> computed;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        if (t.is_constant(node, i)) {
            throw Error(ErrorKind::unsupported, node_place(node.name),
                        fmt::format("Sum with the constant {}", quoted(node.inputs[i])), "use Add");
        }
        computed.push_back(t.source(node, i));
    }
    Shape full = t.full_shape(computed.front());
    for (const NodeId id : computed) {
        full = broadcast_shape(node, full, t.full_shape(id));
    }
    for (NodeId& id : computed) {
        id = t.insert_rearranged(node, "term", "Expand", stretched(t.full_shape(id), full, spend_of(t, node)), id);
    }
    t.emit(node, Sum{std::vector<int>(computed.size(), 1)}, computed, full);
}

void translate_mul(Translator& t, const ModelNode& node) {
    const bool left_constant = t.is_constant(node, 0);
    if (left_constant != t.is_constant(node, 1)) {
        const Operand operand = with_constant(t, node, t.source(node, left_constant ? 1 : 0), left_constant ? 0 : 1);
        emit_diagonal(t, node, operand, Diagonal{operand.values, std::vector<double>(operand.values.size(), 0.0)});
        return;
    }
    const Pair pair = both_stretched(t, node, t.source(node, 0), t.source(node, 1));
    t.emit(node, Product{}, {pair.left, pair.right}, pair.full);
}

void translate_div(Translator& t, const ModelNode& node) {
    const Operand operand = with_constant(t, node, t.source(node, 0), 1);
    Diagonal diagonal{operand.values, std::vector<double>(operand.values.size(), 0.0)};
    bool exact = true;
    for (double& v : diagonal.scale) {
        if (v == 0) {
            throw Error(ErrorKind::malformed, node_place(node.name),
                        fmt::format("{} has a 0 to divide by", quoted(node.inputs[1])));
        }
        int exponent = 0;
        exact = exact && std::fabs(std::frexp(v, &exponent)) == 0.5;
        v = 1 / v;
    }
    if (!exact) {
        t.note(fmt::format("Div {}: a product with the reciprocal, rounded to double", quoted(node.name)));
    }
    emit_diagonal(t, node, operand, std::move(diagonal));
}

void translate_neg(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const std::int64_t channels = dims_of(t.shape(id)).channels;
    t.spend(2 * channels, node);
    const auto count = static_cast<std::size_t>(channels);
    t.emit_like(node, Diagonal{std::vector<double>(count, -1.0), std::vector<double>(count, 0.0)}, id);
}

}  // namespace qbound::internal
