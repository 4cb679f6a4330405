// SPDX-License-Identifier: Apache-2.0
// Select in ONNX's vocabulary: the first of Slice, Pad, Expand and Transpose that says it in one node, else Gather, axis by axis or
// on the flattened value. Constants that lie between entries are first padded to the end, as many as there are, so that no entry is
// read more often than before.
#include "network/index_map.hpp"
#include "network/model_builder.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace qbound::internal {

namespace {

using Map = std::vector<std::int64_t>;  ///< one axis: the input's index per output, −1 for the constant

/// A separable Select, one map per axis of the value.
struct AxisMaps {
    std::vector<Map> maps;
    double constant = 0;

    [[nodiscard]] Shape shape() const {
        Shape shape;
        for (const Map& map : maps) {
            shape.push_back(static_cast<std::int64_t>(map.size()));
        }
        return shape;
    }
};

bool is_identity(const Map& map, std::int64_t extent) {
    for (std::size_t i = 0; i < map.size(); ++i) {
        if (map[i] != static_cast<std::int64_t>(i)) {
            return false;
        }
    }
    return static_cast<std::int64_t>(map.size()) == extent;
}

/// The step of a map that has no constants and goes evenly; 0 if it does not.
std::int64_t even_step(const Map& map) {
    const std::int64_t step = map.size() > 1 ? map[1] - map[0] : 1;
    for (std::size_t i = 1; i < map.size(); ++i) {
        if (map[i] - map[i - 1] != step) {
            return 0;
        }
    }
    return std::ranges::find(map, -1) == map.end() ? step : 0;
}

struct Slices {
    std::vector<std::int64_t> starts, ends, axes, steps;
};

std::optional<Slices> as_slice(const AxisMaps& select, const Shape& in) {
    Slices slices;
    for (std::size_t k = 0; k < in.size(); ++k) {
        const Map& map = select.maps[k];
        const std::int64_t step = even_step(map);
        if (step == 0) {
            return std::nullopt;
        }
        if (is_identity(map, in[k])) {
            continue;
        }
        const std::int64_t end = map.back() + (step > 0 ? 1 : -1);
        slices.starts.push_back(map.front());
        slices.ends.push_back(end < 0 ? -in[k] - 1 : end);  // an end of −1 would be counted from the back
        slices.axes.push_back(static_cast<std::int64_t>(k) + 1);
        slices.steps.push_back(step);
    }
    return slices;
}

/// Paddings of the axes, first all beginnings, negative where entries are cut off; the batch axis first.
std::optional<std::vector<std::int64_t>> as_pads(const AxisMaps& select, const Shape& in) {
    const std::size_t rank = in.size() + 1;
    std::vector<std::int64_t> pads(2 * rank, 0);
    for (std::size_t k = 0; k < in.size(); ++k) {
        const Map& map = select.maps[k];
        const auto is_entry = [](std::int64_t index) { return index >= 0; };
        const auto first = std::ranges::find_if(map, is_entry);
        const auto last = std::find_if(map.rbegin(), map.rend(), is_entry).base();
        if (first == map.end() || even_step(Map(first, last)) != 1) {
            return std::nullopt;
        }
        const std::int64_t before = first - map.begin();
        const std::int64_t after = map.end() - last;
        const std::int64_t cut_before = *first;
        const std::int64_t cut_after = in[k] - 1 - *(last - 1);
        if ((before > 0 && cut_before > 0) || (after > 0 && cut_after > 0)) {
            return std::nullopt;
        }
        pads[k + 1] = before - cut_before;
        pads[k + 1 + rank] = after - cut_after;
    }
    return pads;
}

bool is_expansion(const AxisMaps& select, const Shape& in) {
    for (std::size_t k = 0; k < in.size(); ++k) {
        const bool repeats = in[k] == 1 && std::ranges::all_of(select.maps[k], [](std::int64_t i) { return i == 0; });
        if (!repeats && !is_identity(select.maps[k], in[k])) {
            return false;
        }
    }
    return true;
}

Attributes pad_attributes(std::vector<std::int64_t> pads, double constant) {
    return {{"pads", std::move(pads)}, {"mode", std::string("constant")}, {"value", constant}};
}

Value gather(ModelBuilder& builder, const std::string& name, const Value& in, std::size_t axis, const Map& indices) {
    Shape shape = in.shape;
    shape[axis] = static_cast<std::int64_t>(indices.size());
    return builder.emit(name, "Gather", {in}, {builder.integers(name, "indices", indices)},
                        {{"axis", static_cast<std::int64_t>(axis) + 1}}, std::move(shape));
}

/// Pads the end of each axis by the constants that its map needs, and lets the map refer to them.
Value with_constants(ModelBuilder& builder, const std::string& name, AxisMaps& select, Value in) {
    const std::size_t rank = in.shape.size() + 1;
    std::vector<std::int64_t> pads(2 * rank, 0);
    Shape padded = in.shape;
    for (std::size_t k = 0; k < in.shape.size(); ++k) {
        for (std::int64_t& index : select.maps[k]) {
            if (index < 0) {
                index = padded[k]++;
            }
        }
        pads[k + 1 + rank] = padded[k] - in.shape[k];
    }
    if (padded == in.shape) {
        return in;
    }
    return builder.emit(builder.helper(name, "constant"), "Pad", {in}, {}, pad_attributes(std::move(pads), select.constant),
                        std::move(padded));
}

Value raise_axes(ModelBuilder& builder, const std::string& name, AxisMaps select, Value in) {
    if (const auto slices = as_slice(select, in.shape)) {
        if (slices->axes.empty()) {
            return builder.emit(name, "Reshape", {in}, {}, {{"shape", with_batch_axis(in.shape)}}, in.shape);
        }
        return builder.emit(name, "Slice", {in},
                            {builder.integers(name, "starts", slices->starts), builder.integers(name, "ends", slices->ends),
                             builder.integers(name, "axes", slices->axes), builder.integers(name, "steps", slices->steps)},
                            {}, select.shape());
    }
    if (auto pads = as_pads(select, in.shape)) {
        return builder.emit(name, "Pad", {in}, {}, pad_attributes(*std::move(pads), select.constant), select.shape());
    }
    if (is_expansion(select, in.shape)) {
        return builder.emit(name, "Expand", {in}, {builder.integers(name, "shape", with_batch_axis(select.shape()))}, {},
                            select.shape());
    }
    in = with_constants(builder, name, select, std::move(in));
    std::vector<std::size_t> moved;
    for (std::size_t k = 0; k < in.shape.size(); ++k) {
        if (!is_identity(select.maps[k], in.shape[k])) {
            moved.push_back(k);
        }
    }
    for (const std::size_t k : moved) {
        const std::string step = k == moved.back() ? name : builder.helper(name, "axis" + std::to_string(k + 1));
        in = gather(builder, step, in, k, select.maps[k]);
    }
    return in;
}

/// The order of the axes in which the entries lie, if they are all of the input's entries in such an order.
std::optional<std::vector<std::int64_t>> as_permutation(const std::vector<std::int64_t>& entries, const Shape& in) {
    constexpr std::size_t kMostAxes = 5;
    if (in.size() < 2 || in.size() > kMostAxes || dims_of(in).size() != static_cast<std::int64_t>(entries.size())) {
        return std::nullopt;
    }
    const auto strides = strides_of(in);
    std::vector<std::int64_t> order(in.size());
    std::iota(order.begin(), order.end(), 0);
    const auto matches = [&] {
        std::vector<std::int64_t> index(in.size(), 0);
        std::int64_t offset = 0;
        for (const std::int64_t entry : entries) {
            if (entry != offset) {
                return false;
            }
            for (std::size_t k = in.size(); k-- > 0;) {
                const auto axis = static_cast<std::size_t>(order[k]);
                offset += strides[axis];
                if (++index[k] < in[axis]) {
                    break;
                }
                offset -= in[axis] * strides[axis];
                index[k] = 0;
            }
        }
        return true;
    };
    while (std::ranges::next_permutation(order).found) {
        if (matches()) {
            return order;
        }
    }
    return std::nullopt;
}

Value raise_entries(ModelBuilder& builder, const Node& node, const Select& select, const Value& in) {
    if (const auto order = as_permutation(select.entries, in.shape)) {
        std::vector<std::int64_t> perm{0};
        Shape shape;
        for (const std::int64_t axis : *order) {
            perm.push_back(axis + 1);
            shape.push_back(in.shape[static_cast<std::size_t>(axis)]);
        }
        return builder.emit(node.name, "Transpose", {in}, {}, {{"perm", std::move(perm)}}, std::move(shape));
    }
    const Value flat = builder.reshaped(in, {dims_of(in.shape).size()}, node.name, "flat");
    AxisMaps maps{.maps = {select.entries}, .constant = select.constant};
    return raise_axes(builder, node.name, std::move(maps), flat);
}

}  // namespace

Value raise_select(ModelBuilder& builder, const Node& node, const Select& select, const Value& in) {
    if (!select.separable()) {
        return raise_entries(builder, node, select, in);
    }
    // The canonical axes that the value's own axes are.
    static const std::array<std::vector<std::size_t>, 4> kOwnAxes{{{}, {0}, {0, 2}, {0, 1, 2}}};
    const bool trivial_height = select.maps[1] == std::vector<std::int32_t>{0};
    const bool trivial_width = select.maps[2] == std::vector<std::int32_t>{0};
    const std::size_t rank = in.shape.size();
    const bool direct = rank == 3 || (rank == 2 && trivial_height) || (rank == 1 && trivial_height && trivial_width);
    const Value source = direct ? in : builder.canonical(in, node.name);
    AxisMaps maps{.maps = {}, .constant = select.constant};
    for (const std::size_t k : kOwnAxes[source.shape.size()]) {
        maps.maps.emplace_back(select.maps[k].begin(), select.maps[k].end());
    }
    return raise_axes(builder, node.name, std::move(maps), source);
}

}  // namespace qbound::internal
