// SPDX-License-Identifier: Apache-2.0
#include "bounds/classes.hpp"

#include <map>
#include <numeric>

namespace qbound::internal {
namespace {

AxisClasses one_class(std::int64_t extent) {
    return {std::vector<std::int32_t>(static_cast<std::size_t>(extent), 0), {0}, {extent}};
}

AxisClasses all_distinct(std::int64_t extent) {
    AxisClasses classes;
    classes.of.resize(static_cast<std::size_t>(extent));
    std::iota(classes.of.begin(), classes.of.end(), 0);
    classes.first = classes.of;
    classes.count.assign(static_cast<std::size_t>(extent), 1);
    return classes;
}

/// Positions with equal keys share a class.
AxisClasses group_by_keys(const std::vector<std::vector<std::int64_t>>& keys) {
    AxisClasses classes;
    classes.of.reserve(keys.size());
    std::map<std::vector<std::int64_t>, std::int32_t> known;
    for (std::size_t position = 0; position < keys.size(); ++position) {
        const auto [entry, is_new] = known.try_emplace(keys[position], static_cast<std::int32_t>(classes.first.size()));
        if (is_new) {
            classes.first.push_back(static_cast<std::int32_t>(position));
            classes.count.push_back(0);
        }
        classes.of.push_back(entry->second);
        ++classes.count[static_cast<std::size_t>(entry->second)];
    }
    return classes;
}

/// The coarsest partition finer than both.
AxisClasses common_refinement(const AxisClasses& a, const AxisClasses& b) {
    if (a == b) {
        return a;
    }
    std::vector<std::vector<std::int64_t>> keys;
    for (std::size_t i = 0; i < a.of.size(); ++i) {
        keys.push_back({a.of[i], b.of[i]});
    }
    return group_by_keys(keys);
}

/// Windows are equivalent if all their taps read equivalent positions and their labels (a pool's divisors) agree.
AxisClasses window_classes(const Axis& axis, const AxisClasses& in, std::span<const std::int64_t> labels = {}) {
    std::vector<std::vector<std::int64_t>> keys(static_cast<std::size_t>(axis.out));
    for (std::int64_t o = 0; o < axis.out; ++o) {
        auto& key = keys[static_cast<std::size_t>(o)];
        for (std::int64_t t = 0; t < axis.kernel; ++t) {
            const std::int64_t s = axis.source(o, t);
            key.push_back(s < 0 || s >= axis.in ? kOutside : in.of[static_cast<std::size_t>(s)]);
        }
        if (!labels.empty()) {
            key.push_back(labels[static_cast<std::size_t>(o)]);
        }
    }
    return group_by_keys(keys);
}

AxisClasses map_classes(std::span<const std::int32_t> map, const AxisClasses& in) {
    std::vector<std::vector<std::int64_t>> keys;
    for (const std::int32_t source : map) {
        keys.push_back({source < 0 ? kOutside : in.of[static_cast<std::size_t>(source)]});
    }
    return group_by_keys(keys);
}

/// The classes of several axes laid end to end.
AxisClasses concatenated(const std::vector<const AxisClasses*>& parts) {
    std::vector<std::vector<std::int64_t>> keys;
    std::int64_t offset = 0;
    for (const auto* part : parts) {
        for (const std::int32_t c : part->of) {
            keys.push_back({offset + c});
        }
        offset += part->size();
    }
    return group_by_keys(keys);
}

Grid refined(const std::vector<const Grid*>& inputs) {
    Grid grid = *inputs.front();
    for (const Grid* in : inputs) {
        grid.rows = common_refinement(grid.rows, in->rows);
        grid.columns = common_refinement(grid.columns, in->columns);
    }
    return grid;
}

Grid distinct(const Dims& dims) {
    return {all_distinct(dims.height), all_distinct(dims.width)};
}

}  // namespace

std::vector<Grid> position_classes(const Network& network) {
    std::vector<Grid> grids;
    grids.reserve(network.nodes().size());
    for (const Node& node : network.nodes()) {
        std::vector<const Grid*> inputs;
        for (const NodeId input : node.inputs) {
            inputs.push_back(&grids[static_cast<std::size_t>(input)]);
        }
        const auto windows = [&](const Axes& axes) {
            return Grid{window_classes(axes[0], inputs[0]->rows), window_classes(axes[1], inputs[0]->columns)};
        };
        grids.push_back(std::visit(
            overloaded{
                [&](const Input&) {
                    const bool per_channel = static_cast<std::int64_t>(network.box().lower.size()) == node.dims.channels;
                    return per_channel ? Grid{one_class(node.dims.height), one_class(node.dims.width)} : distinct(node.dims);
                },
                [&](const WeightLayer& layer) { return windows(layer.axes); },
                [&](const Diagonal&) { return *inputs[0]; },
                [&](const Activation&) { return *inputs[0]; },
                [&](const Sum&) { return refined(inputs); },
                [&](const Product&) { return refined(inputs); },
                [&](const Concat& concat) {
                    Grid grid;
                    std::vector<const AxisClasses*> parts;
                    if (concat.axis == 0) {
                        return refined(inputs);
                    }
                    const auto along = concat.axis == 1 ? &Grid::rows : &Grid::columns;
                    const auto across = concat.axis == 1 ? &Grid::columns : &Grid::rows;
                    grid.*across = inputs.front()->*across;
                    for (const Grid* in : inputs) {
                        parts.push_back(&(in->*along));
                        grid.*across = common_refinement(grid.*across, in->*across);
                    }
                    grid.*along = concatenated(parts);
                    return grid;
                },
                [&](const MaxPool& pool) { return windows(pool.axes); },
                [&](const AveragePool& pool) {
                    return Grid{window_classes(pool.axes[0], inputs[0]->rows, pool.divisors[0]),
                                window_classes(pool.axes[1], inputs[0]->columns, pool.divisors[1])};
                },
                [&](const Select& select) {
                    return select.separable()
                               ? Grid{map_classes(select.maps[1], inputs[0]->rows), map_classes(select.maps[2], inputs[0]->columns)}
                               : distinct(node.dims);
                },
                [&](const View&) {
                    const Dims& in = network.node(node.inputs[0]).dims;
                    return in == node.dims ? *inputs[0] : distinct(node.dims);
                },
            },
            node.kind));
    }
    return grids;
}

AxisTaps window_taps(const Axis& axis, const AxisClasses& in, const AxisClasses& out) {
    AxisTaps result{axis.kernel, {}};
    for (const std::int32_t o : out.first) {
        for (std::int64_t t = 0; t < axis.kernel; ++t) {
            const std::int64_t s = axis.source(o, t);
            result.source.push_back(s < 0 || s >= axis.in ? kOutside : in.of[static_cast<std::size_t>(s)]);
        }
    }
    return result;
}

AxisTaps map_taps(std::span<const std::int32_t> map, const AxisClasses& in, const AxisClasses& out) {
    AxisTaps result{1, {}};
    for (const std::int32_t o : out.first) {
        const std::int32_t source = map[static_cast<std::size_t>(o)];
        result.source.push_back(source < 0 ? kOutside : in.of[static_cast<std::size_t>(source)]);
    }
    return result;
}

}  // namespace qbound::internal
