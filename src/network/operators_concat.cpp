// SPDX-License-Identifier: Apache-2.0
// Concat: values laid side by side.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>

namespace qbound::internal {

namespace {

/// The canonical axis of axis `axis` of a sample of rank `rank`; nothing for an axis between the first and the last two.
std::optional<int> canonical_axis(std::size_t axis, std::size_t rank) {
    const std::size_t from_end = rank - 1 - axis;
    if (rank == 1 || axis == 0) {
        return 0;
    }
    if (from_end == 0) {
        return 2;
    }
    return from_end == 1 ? std::optional(1) : std::nullopt;
}

/// The shape of all inputs side by side.
Shape joined_shape(Translator& t, const ModelNode& node, const std::vector<NodeId>& inputs, std::size_t axis) {
    Shape out = t.full_shape(inputs.front());
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        const Shape& next = t.full_shape(inputs[i]);
        Shape expected = out;
        if (next.size() == out.size()) {
            expected[axis] = next[axis];
        }
        if (next != expected) {
            throw Error(ErrorKind::malformed, node_place(node.name),
                        fmt::format("input {} of shape {} does not fit {} along axis {}", quoted(node.inputs[i]),
                                    to_string(t.shape(inputs[i])), to_string(t.shape(inputs.front())), axis));
        }
        out[axis] += next[axis];
        (void)checked_size(out, node_place(node.name));
    }
    return out;
}

}  // namespace

void translate_concat(Translator& t, const ModelNode& node) {
    std::vector<NodeId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        inputs.push_back(t.source(node, i));
    }
    const Shape first = t.full_shape(inputs.front());
    const std::int64_t given = integer_attribute(node, "axis", 1);
    const std::size_t axis = axis_of(t.arguments(node), given, first.size());
    Shape out = joined_shape(t, node, inputs, axis);
    const bool batch_in_front = t.shape(inputs.front()).size() + 1 == first.size();
    if (axis == 0 && batch_in_front) {
        // The batch axis grows: entries follow one another, which needs no structure.
        if (t.batch_axis_optional()) {
            throw Error(ErrorKind::unsupported, node_place(node.name), "Concat along the batch axis");
        }
        for (NodeId& id : inputs) {
            id = t.insert(node, "flatten", "Reshape", View{}, {id}, {dims_of(t.shape(id)).size()});
        }
        const NodeId flat = t.insert(node, "concat", node.op, Concat{0}, inputs, {dims_of(sample_shape(out)).size()});
        t.emit(node, View{}, {flat}, std::move(out));
        return;
    }
    const std::size_t skipped = batch_in_front ? 1 : 0;
    const auto canonical = canonical_axis(axis - skipped, first.size() - skipped);
    if (!canonical) {
        throw Error(ErrorKind::unsupported, node_place(node.name),
                    fmt::format("Concat along axis {} of rank {}", axis, first.size()));
    }
    t.emit(node, Concat{*canonical}, std::move(inputs), std::move(out));
}

}  // namespace qbound::internal
