// SPDX-License-Identifier: Apache-2.0
// Pools, and reductions as pools over the reduced axes.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/window_attributes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qbound::internal {

namespace {

Axes pool_axes(Translator& t, const ModelNode& node, const Shape& in) {
    const Axes axes = window_axes(node, in, {});
    for (const Axis& axis : axes) {
        check_windows_are_real(axis, node_place(node.name));
        t.spend(axis.out, node);
    }
    return axes;
}

/// What ONNX divides the windows of one axis by: the taps on real entries, or with `count_padding` those on padding too, but never
/// those beyond the padding (where ceil_mode lets the last window end).
std::vector<std::int64_t> divisors(const Axis& axis, bool count_padding) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(axis.out));
    for (std::int64_t o = 0; o < axis.out; ++o) {
        counts[static_cast<std::size_t>(o)] =
            count_padding ? taps_within(axis, o, -axis.pad_begin, axis.in + axis.pad_end) : real_taps(axis, o);
    }
    return counts;
}

/// What a Reduce operator reduces: the kept axes, then the reduced ones; how many entries go into one; the result's shape.
struct Reduction {
    std::vector<std::size_t> order;
    std::int64_t entries = 1;
    Shape out;
};

Reduction reduction_of(const Arguments& arguments, const Shape& in) {
    const ModelNode& node = arguments.node();
    const bool keep = integer_attribute(node, "keepdims", 1) != 0;
    const auto given = arguments.integers(1, "axes");
    std::vector<std::size_t> axes;
    if (given && !given->empty()) {
        axes = axes_of(arguments, *given, in.size());
    } else if (integer_attribute(node, "noop_with_empty_axes", 0) == 0) {
        for (std::size_t k = 0; k < in.size(); ++k) {
            axes.push_back(k);
        }
    }
    Reduction result;
    for (std::size_t k = 0; k < in.size(); ++k) {
        if (!std::ranges::binary_search(axes, k)) {
            result.order.push_back(k);
            result.out.push_back(in[k]);
        } else if (keep) {
            result.out.push_back(1);
        }
    }
    for (const std::size_t k : axes) {
        result.order.push_back(k);
        result.entries *= in[k];
    }
    return result;
}

}  // namespace

void translate_max_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.batched_source(node, 0);
    const Shape in = t.shape(id);
    const Axes axes = pool_axes(t, node, in);
    t.emit(node, MaxPool{axes}, {id}, batched(window_output(in[0], axes, in.size())));
}

void translate_average_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.batched_source(node, 0);
    const Shape in = t.shape(id);
    const Axes axes = pool_axes(t, node, in);
    const std::int64_t count_padding = integer_attribute(node, "count_include_pad", 0);
    if (count_padding != 0 && count_padding != 1) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("count_include_pad {} is neither 0 nor 1", count_padding));
    }
    AveragePool pool{axes, {divisors(axes[0], count_padding == 1), divisors(axes[1], count_padding == 1)}};
    t.emit(node, std::move(pool), {id}, batched(window_output(in[0], axes, in.size())));
}

namespace {

/// The window that covers the whole image.
Axes global_axes(const ModelNode& node, const Shape& in) {
    const std::size_t spatial = spatial_rank(node, in);
    Axes axes;
    for (std::size_t k = 0; k < spatial; ++k) {
        const WindowAxis window{.kernel = in[k + 1]};
        axes[2 - spatial + k] = slide(in[k + 1], window, AutoPad::not_set, false, node_place(node.name));
    }
    return axes;
}

}  // namespace

void translate_global_average_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.batched_source(node, 0);
    const Shape in = t.shape(id);
    const Axes axes = global_axes(node, in);
    AveragePool pool{axes, {divisors(axes[0], false), divisors(axes[1], false)}};
    t.emit(node, std::move(pool), {id}, batched(window_output(in[0], axes, in.size())));
}

void translate_global_max_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.batched_source(node, 0);
    const Shape in = t.shape(id);
    const Axes axes = global_axes(node, in);
    t.emit(node, MaxPool{axes}, {id}, batched(window_output(in[0], axes, in.size())));
}

void translate_reduction(Translator& t, const ModelNode& node) {
    NodeId id = t.source(node, 0);
    const Shape in = t.full_shape(id);
    const Arguments arguments = t.arguments(node);
    const Reduction reduction = reduction_of(arguments, in);
    if (reduction.entries == 1) {
        t.emit(node, View{}, {id}, reduction.out);
        return;
    }
    const Spend spend = [&](std::int64_t entries) { t.spend(entries, node); };
    Rearranged last = permuted(in, reduction.order, spend);
    last.shape = {1, dims_of(t.shape(id)).size() / reduction.entries, reduction.entries};
    id = t.insert_rearranged(node, "last", "Transpose", last, id);
    Axes axes;
    axes[1] = Axis{.in = reduction.entries, .out = 1, .kernel = reduction.entries};
    NodeKind pool = MaxPool{axes};
    if (node.op != "ReduceMax") {
        pool = AveragePool{axes, {std::vector<std::int64_t>{1}, std::vector<std::int64_t>{reduction.entries}}};
    }
    const Shape pooled{1, last.shape[1], 1};
    id = t.insert(node, "pool", node.op, std::move(pool), {id}, pooled);
    if (node.op == "ReduceSum") {  // the mean times the number of entries
        const auto channels = static_cast<std::size_t>(pooled[1]);
        t.spend(2 * pooled[1], node);
        id = t.insert(
            node, "sum", "Scale",
            Diagonal{std::vector<double>(channels, static_cast<double>(reduction.entries)), std::vector<double>(channels, 0.0)},
            {id}, pooled);
    }
    t.emit(node, View{}, {id}, reduction.out);
}

}  // namespace qbound::internal
