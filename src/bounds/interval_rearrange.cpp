// SPDX-License-Identifier: Apache-2.0
// Nodes that move entries without computing on them, in the interval domain (docs/theory.md I6, I7).
#include "bounds/interval_nodes.hpp"

#include <optional>

namespace qbound::internal {

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

}  // namespace qbound::internal
