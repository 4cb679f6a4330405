// SPDX-License-Identifier: Apache-2.0
// MaxPool, AveragePool and GlobalAveragePool.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/window_attributes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

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

}  // namespace

void translate_max_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const Axes axes = pool_axes(t, node, in);
    t.emit(node, MaxPool{axes}, {id}, window_output(in[0], axes, in.size()));
}

void translate_average_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const Axes axes = pool_axes(t, node, in);
    const std::int64_t count_padding = integer_attribute(node, "count_include_pad", 0);
    if (count_padding != 0 && count_padding != 1) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("count_include_pad {} is neither 0 nor 1", count_padding));
    }
    AveragePool pool{axes, {divisors(axes[0], count_padding == 1), divisors(axes[1], count_padding == 1)}};
    t.emit(node, std::move(pool), {id}, window_output(in[0], axes, in.size()));
}

void translate_global_average_pool(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const std::size_t spatial = spatial_rank(node, in);
    Axes axes;
    for (std::size_t k = 0; k < spatial; ++k) {
        const WindowAxis window{.kernel = in[k + 1]};
        axes[2 - spatial + k] = slide(in[k + 1], window, AutoPad::not_set, false, node_place(node.name));
    }
    AveragePool pool{axes, {divisors(axes[0], false), divisors(axes[1], false)}};
    t.emit(node, std::move(pool), {id}, window_output(in[0], axes, in.size()));
}

}  // namespace qbound::internal
