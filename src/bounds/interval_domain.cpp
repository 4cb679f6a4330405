// SPDX-License-Identifier: Apache-2.0
// The interval domain: one function per node kind (docs/theory.md I1–I6). Weight layers are in interval_layer.cpp.
#include "bounds/differential.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace qbound::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A product rounded down (up) that is exactly 0 if a factor is, also against an infinite factor: the factor is a point.
double product_down(double a, double b) {
    return a == 0 || b == 0 ? 0.0 : next_down(a * b);
}
double product_up(double a, double b) {
    return a == 0 || b == 0 ? 0.0 : next_up(a * b);
}

/// [a,b]·[c,d] rounded outward.
Interval multiply(Interval s, Interval t) {
    return {std::min({product_down(s.lower, t.lower), product_down(s.lower, t.upper), product_down(s.upper, t.lower),
                      product_down(s.upper, t.upper)}),
            std::max({product_up(s.lower, t.lower), product_up(s.lower, t.upper), product_up(s.upper, t.lower),
                      product_up(s.upper, t.upper)})};
}

/// {s − t}, outward. Infinite ends of like sign cannot meet: lower ends are < +∞ and upper ends > −∞.
Interval subtract(Interval s, Interval t) {
    return {next_down(s.lower - t.upper), next_up(s.upper - t.lower)};
}

Interval intersect(Interval s, Interval t) {
    return {std::max(s.lower, t.lower), std::min(s.upper, t.upper)};
}

struct Entry {
    Interval x;
    Interval y;
    Interval d;
};

Entry read(const DifferentialIntervals& in, std::size_t at) {
    const auto& v = in.values;
    return {{v[x_lower][at], v[x_upper][at]}, {v[y_lower][at], v[y_upper][at]}, {v[d_lower][at], v[d_upper][at]}};
}

void write(DifferentialIntervals& out, std::size_t at, const Entry& entry) {
    out.values[x_lower][at] = entry.x.lower;
    out.values[x_upper][at] = entry.x.upper;
    out.values[y_lower][at] = entry.y.lower;
    out.values[y_upper][at] = entry.y.upper;
    out.values[d_lower][at] = entry.d.lower;
    out.values[d_upper][at] = entry.d.upper;
}

/// The same values on finer classes.
DifferentialIntervals regrid(const DifferentialIntervals& in, const Grid& grid) {
    if (grid == in.grid) {
        return in;
    }
    DifferentialIntervals out(in.dims, grid);
    std::size_t to = 0;
    for (std::int64_t channel = 0; channel < in.dims.channels; ++channel) {
        for (const std::int32_t r : grid.rows.first) {
            for (const std::int32_t c : grid.columns.first) {
                const auto from = static_cast<std::size_t>(channel * in.plane() +
                                                           in.grid.rows.of[static_cast<std::size_t>(r)] * in.grid.columns.size() +
                                                           in.grid.columns.of[static_cast<std::size_t>(c)]);
                for (std::size_t q = 0; q < kComponents; ++q) {
                    out.values[q][to] = in.values[q][from];
                }
                ++to;
            }
        }
    }
    return out;
}

// ---- one function per node kind ------------------------------------------------------------------------------------------------

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

void concat_intervals(const Concat& concat, const std::vector<const DifferentialIntervals*>& inputs, DifferentialIntervals& out) {
    const AxisClasses& rows = out.grid.rows;
    const AxisClasses& columns = out.grid.columns;
    std::int64_t begin = 0;  // of the current input, along the axis
    for (const auto* in : inputs) {
        const std::int64_t extent = concat.axis == 0 ? in->dims.channels : (concat.axis == 1 ? in->dims.height : in->dims.width);
        const auto inside = [&](std::int64_t position) { return position >= begin && position < begin + extent; };
        for (std::int64_t channel = 0; channel < in->dims.channels; ++channel) {
            const std::int64_t out_channel = concat.axis == 0 ? begin + channel : channel;
            for (std::int64_t r = 0; r < rows.size(); ++r) {
                const std::int64_t row = rows.first[static_cast<std::size_t>(r)];
                if (concat.axis == 1 && !inside(row)) {
                    continue;
                }
                const std::int64_t in_row = in->grid.rows.of[static_cast<std::size_t>(concat.axis == 1 ? row - begin : row)];
                for (std::int64_t c = 0; c < columns.size(); ++c) {
                    const std::int64_t column = columns.first[static_cast<std::size_t>(c)];
                    if (concat.axis == 2 && !inside(column)) {
                        continue;
                    }
                    const std::int64_t in_column =
                        in->grid.columns.of[static_cast<std::size_t>(concat.axis == 2 ? column - begin : column)];
                    const auto from =
                        static_cast<std::size_t>((channel * in->grid.rows.size() + in_row) * in->grid.columns.size() + in_column);
                    const auto to = static_cast<std::size_t>((out_channel * rows.size() + r) * columns.size() + c);
                    for (std::size_t q = 0; q < kComponents; ++q) {
                        out.values[q][to] = in->values[q][from];
                    }
                }
            }
        }
        begin += extent;
    }
}

/// The real entries of a pool's window.
struct Window {
    std::vector<std::size_t> entries;        ///< offsets into a channel's plane
    std::vector<std::int64_t> multiplicity;  ///< taps that read each of them
};

/// Real entries of the window of output classes (r, c), each class once with the number of taps that read it.
Window window_entries(const AxisTaps& rows, const AxisTaps& columns, std::int64_t r, std::int64_t c, std::int64_t in_columns) {
    const auto counts = [](const AxisTaps& axis, std::int64_t out_class) {
        std::vector<std::pair<std::int32_t, std::int64_t>> result;
        for (std::int64_t t = 0; t < axis.taps; ++t) {
            const std::int32_t source = axis.at(out_class, t);
            if (source == kOutside) {
                continue;
            }
            const auto known = std::find_if(result.begin(), result.end(), [&](const auto& e) { return e.first == source; });
            if (known == result.end()) {
                result.emplace_back(source, 1);
            } else {
                ++known->second;
            }
        }
        return result;
    };
    Window window;
    const auto column_counts = counts(columns, c);
    for (const auto& [row, row_count] : counts(rows, r)) {
        for (const auto& [column, column_count] : column_counts) {
            window.entries.push_back(static_cast<std::size_t>(row * in_columns + column));
            window.multiplicity.push_back(row_count * column_count);
        }
    }
    return window;
}

/// I5: for the difference's upper end only entries that may attain x's maximum count, for the lower end those that may attain x''s.
void max_pool_intervals(const MaxPool& pool, const DifferentialIntervals& in, DifferentialIntervals& out) {
    const AxisTaps rows = window_taps(pool.axes[0], in.grid.rows, out.grid.rows);
    const AxisTaps columns = window_taps(pool.axes[1], in.grid.columns, out.grid.columns);
    for (std::int64_t r = 0; r < out.grid.rows.size(); ++r) {
        for (std::int64_t c = 0; c < out.grid.columns.size(); ++c) {
            const Window window = window_entries(rows, columns, r, c, in.grid.columns.size());
            for (std::int64_t channel = 0; channel < in.dims.channels; ++channel) {
                const auto base = static_cast<std::size_t>(channel * in.plane());
                Entry result{{-kInfinity, -kInfinity}, {-kInfinity, -kInfinity}, {kInfinity, -kInfinity}};
                for (const std::size_t offset : window.entries) {
                    const Entry entry = read(in, base + offset);
                    result.x = {std::max(result.x.lower, entry.x.lower), std::max(result.x.upper, entry.x.upper)};
                    result.y = {std::max(result.y.lower, entry.y.lower), std::max(result.y.upper, entry.y.upper)};
                }
                for (const std::size_t offset : window.entries) {
                    const Entry entry = read(in, base + offset);
                    if (entry.x.upper >= result.x.lower) {
                        result.d.upper = std::max(result.d.upper, entry.d.upper);
                    }
                    if (entry.y.upper >= result.y.lower) {
                        result.d.lower = std::min(result.d.lower, entry.d.lower);
                    }
                }
                result.d = intersect(result.d, subtract(result.x, result.y));
                write(out, static_cast<std::size_t>(channel * out.plane() + r * out.grid.columns.size() + c), result);
            }
        }
    }
}

/// Mean of a window, each end rounded outward: the computed sum moved by γ times the sum of magnitudes (R1), then divided.
void average_pool_intervals(const AveragePool& pool, const DifferentialIntervals& in, DifferentialIntervals& out) {
    const AxisTaps rows = window_taps(pool.axes[0], in.grid.rows, out.grid.rows);
    const AxisTaps columns = window_taps(pool.axes[1], in.grid.columns, out.grid.columns);
    for (std::int64_t r = 0; r < out.grid.rows.size(); ++r) {
        const std::int64_t row = out.grid.rows.first[static_cast<std::size_t>(r)];
        for (std::int64_t c = 0; c < out.grid.columns.size(); ++c) {
            const std::int64_t column = out.grid.columns.first[static_cast<std::size_t>(c)];
            const Window window = window_entries(rows, columns, r, c, in.grid.columns.size());
            const auto terms = static_cast<std::int64_t>(window.entries.size()) + 1;  // + the product with a multiplicity
            const auto row_divisor = static_cast<double>(pool.divisors[0][static_cast<std::size_t>(row)]);
            const auto column_divisor = static_cast<double>(pool.divisors[1][static_cast<std::size_t>(column)]);
            for (std::int64_t channel = 0; channel < in.dims.channels; ++channel) {
                const auto base = static_cast<std::size_t>(channel * in.plane());
                const auto mean = [&](std::size_t component, bool up) {
                    double sum = 0;
                    double magnitude = 0;
                    for (std::size_t i = 0; i < window.entries.size(); ++i) {
                        const double term =
                            in.values[component][base + window.entries[i]] * static_cast<double>(window.multiplicity[i]);
                        sum += term;
                        magnitude += std::fabs(term);
                    }
                    const double error = inflate_sum_up(magnitude, terms) * gamma_up(terms + 4) + 0x1p-1020;
                    return up ? next_up(next_up(next_up(sum + error) / row_divisor) / column_divisor)
                              : next_down(next_down(next_down(sum - error) / row_divisor) / column_divisor);
                };
                Entry result{{mean(x_lower, false), mean(x_upper, true)},
                             {mean(y_lower, false), mean(y_upper, true)},
                             {mean(d_lower, false), mean(d_upper, true)}};
                const auto sane = [](Interval& t) {
                    if (std::isnan(t.lower)) t.lower = -kInfinity;
                    if (std::isnan(t.upper)) t.upper = kInfinity;
                };
                sane(result.x);
                sane(result.y);
                sane(result.d);
                result.d = intersect(result.d, subtract(result.x, result.y));
                write(out, static_cast<std::size_t>(channel * out.plane() + r * out.grid.columns.size() + c), result);
            }
        }
    }
}

void select_intervals(const Select& select, const DifferentialIntervals& in, DifferentialIntervals& out) {
    const std::int64_t in_columns = in.grid.columns.size();
    const auto copy = [&](std::size_t to, std::optional<std::int64_t> from) {
        for (std::size_t q = 0; q < kComponents; ++q) {
            out.values[q][to] =
                from ? in.values[q][static_cast<std::size_t>(*from)] : (q == d_lower || q == d_upper ? 0.0 : select.constant);
        }
    };
    if (!select.separable()) {  // every output position is a class of its own
        for (std::size_t to = 0; to < select.entries.size(); ++to) {
            const std::int64_t source = select.entries[to];
            if (source < 0) {
                copy(to, std::nullopt);
                continue;
            }
            const std::int64_t position = source % in.dims.positions();
            const std::int64_t row = in.grid.rows.of[static_cast<std::size_t>(position / in.dims.width)];
            const std::int64_t column = in.grid.columns.of[static_cast<std::size_t>(position % in.dims.width)];
            copy(to, source / in.dims.positions() * in.plane() + row * in_columns + column);
        }
        return;
    }
    const AxisTaps rows = map_taps(select.maps[1], in.grid.rows, out.grid.rows);
    const AxisTaps columns = map_taps(select.maps[2], in.grid.columns, out.grid.columns);
    std::size_t to = 0;
    for (const std::int32_t channel : select.maps[0]) {
        for (std::int64_t r = 0; r < out.grid.rows.size(); ++r) {
            for (std::int64_t c = 0; c < out.grid.columns.size(); ++c) {
                const std::int64_t row = rows.at(r, 0);
                const std::int64_t column = columns.at(c, 0);
                const bool padding = channel < 0 || row < 0 || column < 0;
                copy(to++, padding ? std::nullopt : std::optional(channel * in.plane() + row * in_columns + column));
            }
        }
    }
}

void view_intervals(const DifferentialIntervals& in, DifferentialIntervals& out) {
    if (in.dims == out.dims) {
        out.values = in.values;
        return;
    }
    // The shape changes: every entry stands for itself, in C order.
    std::size_t to = 0;
    for (std::int64_t channel = 0; channel < in.dims.channels; ++channel) {
        for (const std::int32_t r : in.grid.rows.of) {
            for (const std::int32_t c : in.grid.columns.of) {
                const auto from = static_cast<std::size_t>(channel * in.plane() + r * in.grid.columns.size() + c);
                for (std::size_t q = 0; q < kComponents; ++q) {
                    out.values[q][to] = in.values[q][from];
                }
                ++to;
            }
        }
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
