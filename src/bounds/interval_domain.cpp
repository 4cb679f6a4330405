// SPDX-License-Identifier: Apache-2.0
// The interval domain (docs/theory.md I1–I8): arithmetic nodes and the pass over the network. Weight layers are in
// interval_layer.cpp, pools in interval_pool.cpp, nodes that only move entries in interval_rearrange.cpp.
#include "bounds/interval_entry.hpp"
#include "bounds/interval_nodes.hpp"

namespace qbound::internal {
namespace {

void input_intervals(const Box& box, DifferentialIntervals& out) {
    out.values[x_lower] = out.values[y_lower] = box.lower;
    out.values[x_upper] = out.values[y_upper] = box.upper;
    out.values[d_lower].assign(box.lower.size(), 0.0);
    out.values[d_upper].assign(box.lower.size(), 0.0);
}

void diagonal_intervals(const Diagonal& diagonal, const DifferentialIntervals& in, DifferentialIntervals& out) {
    for (std::int64_t channel = 0; channel < in.dims.channels; ++channel) {
        const double scale = diagonal.scale[static_cast<std::size_t>(channel)];
        const double shift = diagonal.shift[static_cast<std::size_t>(channel)];
        const auto affine = [&](Interval t) {
            const Interval product = multiply({scale, scale}, t);
            return shift == 0 ? product : Interval{next_down(product.lower + shift), next_up(product.upper + shift)};
        };
        for (std::int64_t p = 0; p < in.plane(); ++p) {
            const auto at = static_cast<std::size_t>(channel * in.plane() + p);
            const Entry entry = read(in, at);
            Entry result{affine(entry.x), affine(entry.y), {}};
            result.d = intersect(multiply({scale, scale}, entry.d), subtract(result.x, result.y));
            write(out, at, result);
        }
    }
}

/// I4: the difference is the input's times the slopes, and lies in the difference of the ranges; where both networks stay on the
/// part with slope exactly 1 it passes unchanged.
void activation_intervals(const Activation& activation, const DifferentialIntervals& in, DifferentialIntervals& out) {
    const ActivationRow& row = activation_row(activation.function);
    for (std::int64_t channel = 0; channel < in.dims.channels; ++channel) {
        const double slope = activation_slope(activation, channel);
        const ActivationFacts facts = row.facts(activation, slope);
        for (std::int64_t p = 0; p < in.plane(); ++p) {
            const auto at = static_cast<std::size_t>(channel * in.plane() + p);
            const Entry entry = read(in, at);
            Entry result{enclose_range(activation, slope, facts, entry.x), enclose_range(activation, slope, facts, entry.y), {}};
            const bool identity = std::min(entry.x.lower, entry.y.lower) >= facts.identity_lower &&
                                  std::max(entry.x.upper, entry.y.upper) <= facts.identity_upper;
            const Interval by_slope = identity ? entry.d : multiply({facts.slope_lower, facts.slope_upper}, entry.d);
            result.d = intersect(by_slope, subtract(result.x, result.y));
            write(out, at, result);
        }
    }
}

void sum_intervals(const Sum& sum, const std::vector<const DifferentialIntervals*>& inputs, DifferentialIntervals& out) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const DifferentialIntervals in = regrid(*inputs[i], out.grid);
        for (std::size_t at = 0; at < out.values[x_lower].size(); ++at) {
            const Entry entry = read(in, at);
            const auto signed_term = [&](Interval t) { return sum.signs[i] > 0 ? t : Interval{-t.upper, -t.lower}; };
            Entry total{signed_term(entry.x), signed_term(entry.y), signed_term(entry.d)};
            if (i > 0) {
                const auto add = [](Interval s, Interval t) {
                    return Interval{next_down(s.lower + t.lower), next_up(s.upper + t.upper)};
                };
                const Entry before = read(out, at);
                total = {add(before.x, total.x), add(before.y, total.y), add(before.d, total.d)};
            }
            write(out, at, total);
        }
    }
    for (std::size_t at = 0; at < out.values[x_lower].size(); ++at) {
        Entry total = read(out, at);
        total.d = intersect(total.d, subtract(total.x, total.y));
        write(out, at, total);
    }
}

/// I8: x − x' of a product by both telescopings, and by the difference of the ranges.
void product_intervals(const DifferentialIntervals& left, const DifferentialIntervals& right, DifferentialIntervals& out) {
    const DifferentialIntervals u_all = regrid(left, out.grid);
    const DifferentialIntervals v_all = regrid(right, out.grid);
    const auto add = [](Interval s, Interval t) { return Interval{next_down(s.lower + t.lower), next_up(s.upper + t.upper)}; };
    for (std::size_t at = 0; at < out.values[x_lower].size(); ++at) {
        const Entry u = read(u_all, at);
        const Entry v = read(v_all, at);
        Entry result{multiply(u.x, v.x), multiply(u.y, v.y), {}};
        const Interval first = add(multiply(u.x, v.d), multiply(u.d, v.y));
        const Interval second = add(multiply(u.y, v.d), multiply(u.d, v.x));
        result.d = intersect(intersect(first, second), subtract(result.x, result.y));
        write(out, at, result);
    }
}

}  // namespace

DifferentialIntervals::DifferentialIntervals(const Dims& node_dims, const Grid& classes) : dims(node_dims), grid(classes) {
    for (auto& component : values) {
        component.resize(static_cast<std::size_t>(entries()));
    }
}

DifferentialIntervals propagate_intervals(const Network& network, const WeightPair& pair, int threads, const NodeHook& after_node) {
    const auto& nodes = network.nodes();
    const std::vector<Grid> grids = position_classes(network);
    std::vector<DifferentialIntervals> values(nodes.size());
    std::vector<std::size_t> pending(nodes.size());
    for (std::size_t id = 0; id < nodes.size(); ++id) {
        pending[id] = network.consumers()[id].size();
    }
    std::size_t layer_index = 0;
    for (std::size_t id = 0; id < nodes.size(); ++id) {
        const Node& node = nodes[id];
        std::vector<const DifferentialIntervals*> inputs;
        for (const NodeId input : node.inputs) {
            inputs.push_back(&values[static_cast<std::size_t>(input)]);
        }
        DifferentialIntervals out(node.dims, grids[id]);
        std::visit(overloaded{
                       [&](const Input&) { input_intervals(network.box(), out); },
                       [&](const WeightLayer& layer) {
                           propagate_weight_layer(layer, pair.quantized(layer_index++), *inputs[0], out, threads);
                       },
                       [&](const Diagonal& diagonal) { diagonal_intervals(diagonal, *inputs[0], out); },
                       [&](const Activation& activation) { activation_intervals(activation, *inputs[0], out); },
                       [&](const Sum& sum) { sum_intervals(sum, inputs, out); },
                       [&](const Product&) { product_intervals(*inputs[0], *inputs[1], out); },
                       [&](const Concat& concat) { concat_intervals(concat, inputs, out); },
                       [&](const MaxPool& pool) { max_pool_intervals(pool, *inputs[0], out); },
                       [&](const AveragePool& pool) { average_pool_intervals(pool, *inputs[0], out); },
                       [&](const Select& select) { select_intervals(select, *inputs[0], out); },
                       [&](const View&) { view_intervals(*inputs[0], out); },
                   },
                   node.kind);
        if (after_node) {
            after_node(static_cast<NodeId>(id), out);
        }
        values[id] = std::move(out);
        for (const NodeId input : node.inputs) {
            if (--pending[static_cast<std::size_t>(input)] == 0) {
                values[static_cast<std::size_t>(input)] = {};
            }
        }
    }
    return std::move(values[static_cast<std::size_t>(network.output())]);
}

Upper largest_difference(const DifferentialIntervals& output) {
    return max(Upper::exactly(max_abs(output.values[d_lower])), Upper::exactly(max_abs(output.values[d_upper])));
}

double interval_operations(const Network& network) {
    const std::vector<Grid> grids = position_classes(network);
    double total = 0;
    for (const NodeId id : network.weight_layers()) {
        const auto& layer = std::get<WeightLayer>(network.node(id).kind);
        total +=
            12.0 * static_cast<double>(layer.weight->size()) * static_cast<double>(grids[static_cast<std::size_t>(id)].plane());
    }
    return total;
}

}  // namespace qbound::internal
