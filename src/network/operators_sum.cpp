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
        t.emit_like(node, Diagonal{std::move(scale), std::move(shift)}, id);
        return;
    }
    const NodeId left = t.source(node, 0);
    const NodeId right = t.source(node, 1);
    const Shape out = broadcast_shape(node, t.full_shape(left), t.full_shape(right));
    const Spend spend = [&](std::int64_t entries) { t.spend(entries, node); };
    const NodeId a = t.insert_rearranged(node, "left", "Expand", stretched(t.full_shape(left), out, spend), left);
    const NodeId b = t.insert_rearranged(node, "right", "Expand", stretched(t.full_shape(right), out, spend), right);
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
