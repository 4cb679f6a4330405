// SPDX-License-Identifier: Apache-2.0
// Add and Sub, of two computed values or of one and a constant per channel.
#include "network/channel_values.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qbound::internal {

namespace {

/// The extents of two shapes stretched to each other, aligned at the last axis (ONNX and NumPy broadcasting). The batch axis in
/// front has extent 1 in every operand and may be left out.
Shape broadcast(const ModelNode& node, const Shape& a, const Shape& b) {
    Shape out(std::max(a.size(), b.size()));
    for (std::size_t k = 0; k < out.size(); ++k) {
        const std::int64_t x = k < a.size() ? a[a.size() - 1 - k] : 1;
        const std::int64_t y = k < b.size() ? b[b.size() - 1 - k] : 1;
        if (x != y && x != 1 && y != 1) {
            throw Error(ErrorKind::malformed, node_place(node.name),
                        fmt::format("shapes {} and {} do not fit each other", to_string(a), to_string(b)));
        }
        out[out.size() - 1 - k] = x == 1 ? y : x;
    }
    return out;
}

/// `id`, stretched to shape `out` where it has another shape.
NodeId expand(Translator& t, const ModelNode& node, NodeId id, const Shape& out, std::string_view suffix) {
    const Shape in = t.shape(id);
    if (in == out) {
        return id;
    }
    (void)checked_size(out, node_place(node.name));
    const auto strides = strides_of(in);
    IndexMap map;
    for (std::size_t k = 0; k < out.size(); ++k) {
        t.spend(out[k], node);
        auto& axis = map.offsets.emplace_back(static_cast<std::size_t>(out[k]), 0);
        const std::size_t missing = out.size() - in.size();
        if (k >= missing && in[k - missing] != 1) {
            for (std::size_t i = 0; i < axis.size(); ++i) {
                axis[i] = static_cast<std::int64_t>(i) * strides[k - missing];
            }
        }
    }
    NodeKind kind = kind_of(map, in, [&](std::int64_t entries) { t.spend(entries, node); });
    const bool view = std::holds_alternative<View>(kind);
    return t.insert(node, suffix, view ? "Reshape" : "Expand", std::move(kind), {id}, out);
}

/// A constant operand per channel: shape [C,1,…,1] with as many axes as the input, possibly with a batch axis of 1, or one value.
std::vector<double> constant_operand(Translator& t, const ModelNode& node, std::size_t i, const Shape& in) {
    const TensorPtr tensor = t.constant(node, i, "operand");
    const bool aligned = tensor->size() == 1 || tensor->shape.size() >= in.size();
    auto values = aligned ? channel_values(*tensor, in) : std::nullopt;
    if (!values) {
        throw Error(ErrorKind::unsupported, node_place(node.name),
                    fmt::format("constant {} of shape {} is neither one value nor one per channel of {}", quoted(node.inputs[i]),
                                to_string(tensor->shape), to_string(in)));
    }
    if (values->size() == 1) {
        const std::int64_t channels = dims_of(in).channels;
        t.spend(channels, node);
        values->resize(static_cast<std::size_t>(channels), values->front());
    }
    return *std::move(values);
}

void translate_signed_sum(Translator& t, const ModelNode& node, int sign) {
    const bool left_constant = t.is_constant(node, 0);
    const bool right_constant = t.is_constant(node, 1);
    if (left_constant != right_constant) {
        const NodeId id = t.source(node, left_constant ? 1 : 0);
        const Shape in = t.shape(id);
        std::vector<double> shift = constant_operand(t, node, left_constant ? 0 : 1, in);
        if (right_constant && sign < 0) {
            std::ranges::for_each(shift, [](double& v) { v = -v; });
        }
        std::vector<double> scale(shift.size(), left_constant && sign < 0 ? -1.0 : 1.0);
        t.emit(node, Diagonal{std::move(scale), std::move(shift)}, {id}, in);
        return;
    }
    const NodeId left = t.source(node, 0);
    const NodeId right = t.source(node, 1);
    const Shape out = broadcast(node, t.shape(left), t.shape(right));
    const NodeId a = expand(t, node, left, out, "left");
    const NodeId b = expand(t, node, right, out, "right");
    t.emit(node, Sum{{1, sign}}, {a, b}, out);
}

}  // namespace

void translate_add(Translator& t, const ModelNode& node) {
    translate_signed_sum(t, node, 1);
}
void translate_sub(Translator& t, const ModelNode& node) {
    translate_signed_sum(t, node, -1);
}

}  // namespace qbound::internal
