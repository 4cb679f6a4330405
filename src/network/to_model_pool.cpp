// SPDX-License-Identifier: Apache-2.0
// Pools in ONNX's vocabulary. A pool whose two axes follow different rules (ceil_mode, count_include_pad) is two pools, one per
// axis: largest entries and means of products of windows are those of rows, then columns.
#include "network/geometry.hpp"
#include "network/model_builder.hpp"
#include "network/naming.hpp"
#include "qbound/error.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace qbound::internal {

namespace {

/// What ONNX says once for all axes.
struct Rules {
    bool ceil = false;
    bool count_padding = false;
};

constexpr std::array<Rules, 4> kRules{{{false, false}, {true, false}, {false, true}, {true, true}}};

/// Whether these rules give the axis its outputs, and its divisors if there are any.
bool follows(const Axis& axis, std::span<const std::int64_t> divisors, const Rules& rules, const std::string& place) {
    const WindowAxis window{axis.kernel, axis.stride, axis.dilation, axis.pad_begin, axis.pad_end};
    if (slide(axis.in, window, AutoPad::not_set, rules.ceil, place).out != axis.out) {
        return false;
    }
    for (std::size_t o = 0; o < divisors.size(); ++o) {
        const auto position = static_cast<std::int64_t>(o);
        const std::int64_t taps =
            rules.count_padding ? taps_within(axis, position, -axis.pad_begin, axis.in + axis.pad_end) : real_taps(axis, position);
        if (divisors[o] != taps) {
            return false;
        }
    }
    return true;
}

struct Pool {
    std::string op;
    Axes axes;
    std::array<std::vector<std::int64_t>, 2> divisors;  ///< empty for MaxPool
};

std::optional<Rules> rules_of(const Pool& pool, const std::string& place) {
    for (const Rules& rules : kRules) {
        if (follows(pool.axes[0], pool.divisors[0], rules, place) && follows(pool.axes[1], pool.divisors[1], rules, place)) {
            return rules;
        }
    }
    return std::nullopt;
}

Value emit_pool(ModelBuilder& builder, const std::string& name, const Pool& pool, const Rules& rules, const Windowed& window) {
    Attributes attributes = window.attributes(pool.axes);
    attributes.emplace("ceil_mode", std::int64_t{rules.ceil});
    if (pool.op == "AveragePool") {
        attributes.emplace("count_include_pad", std::int64_t{rules.count_padding});
    }
    return builder.emit(name, pool.op, {window.in}, {}, std::move(attributes), window.out(window.in.shape.front(), pool.axes));
}

/// The pool along one axis alone.
Pool along(const Pool& pool, std::size_t k, std::int64_t other_extent) {
    Pool one = pool;
    one.axes[1 - k] = Axis{.in = other_extent, .out = other_extent};
    if (!pool.divisors[k].empty()) {
        one.divisors[1 - k].assign(static_cast<std::size_t>(other_extent), 1);
    }
    return one;
}

Value raise_pool(ModelBuilder& builder, const Node& node, const Pool& pool, const Value& in) {
    const std::string place = node_place(node.name);
    const Windowed window = windowed(builder, node.name, pool.axes, in);
    if (const auto rules = rules_of(pool, place)) {
        return emit_pool(builder, node.name, pool, *rules, window);
    }
    const Pool rows = along(pool, 0, pool.axes[1].in);
    const Pool columns = along(pool, 1, pool.axes[0].out);
    const auto row_rules = rules_of(rows, place);
    const auto column_rules = rules_of(columns, place);
    if (!row_rules || !column_rules) {
        throw Error(ErrorKind::unsupported, place, "its divisors are those of no AveragePool of ONNX");
    }
    const Value half = emit_pool(builder, builder.helper(node.name, "rows"), rows, *row_rules, window);
    return emit_pool(builder, node.name, columns, *column_rules, {half, window.one_dimensional});
}

bool is_global(const Axis& axis) {
    return axis == Axis{.in = axis.in, .out = 1, .kernel = axis.in};
}

}  // namespace

Value raise_max_pool(ModelBuilder& builder, const Node& node, const MaxPool& pool, const Value& in) {
    return raise_pool(builder, node, {"MaxPool", pool.axes, {}}, in);
}

Value raise_average_pool(ModelBuilder& builder, const Node& node, const AveragePool& pool, const Value& in) {
    const bool all_taps =
        pool.divisors[0] == std::vector{pool.axes[0].kernel} && pool.divisors[1] == std::vector{pool.axes[1].kernel};
    if (all_taps && is_global(pool.axes[0]) && is_global(pool.axes[1])) {
        const Windowed window = windowed(builder, node.name, pool.axes, in);
        return builder.emit(node.name, "GlobalAveragePool", {window.in}, {}, {}, window.out(window.in.shape.front(), pool.axes));
    }
    return raise_pool(builder, node, {"AveragePool", pool.axes, pool.divisors}, in);
}

}  // namespace qbound::internal
