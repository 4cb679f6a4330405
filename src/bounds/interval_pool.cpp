// SPDX-License-Identifier: Apache-2.0
// Pools in the interval domain (docs/theory.md I5, I7).
#include "bounds/interval_entry.hpp"
#include "bounds/interval_nodes.hpp"

#include <cmath>
#include <utility>

namespace qbound::internal {
namespace {

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

}  // namespace

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

}  // namespace qbound::internal
