// SPDX-License-Identifier: Apache-2.0
#include "network/index_map.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace qbound::internal {

namespace {

using Offsets = std::vector<std::int64_t>;

/// Adds up the offsets of several axes, the last one running fastest; −1 where any of them is.
Offsets combine(std::span<const Offsets> axes) {
    Offsets sums{0};
    for (const Offsets& axis : axes) {
        Offsets next;
        next.reserve(sums.size() * axis.size());
        for (const std::int64_t sum : sums) {
            for (const std::int64_t offset : axis) {
                next.push_back(sum < 0 || offset < 0 ? -1 : sum + offset);
            }
        }
        sums = std::move(next);
    }
    return sums;
}

std::int64_t table_size(std::span<const Offsets> axes) {
    std::int64_t size = 1;
    for (const Offsets& axis : axes) {
        size *= static_cast<std::int64_t>(axis.size());
    }
    return size;
}

bool is_identity(const IndexMap& map, const Shape& in) {
    const Shape out = map.shape();
    if (dims_of(out).size() != dims_of(in).size()) {
        return false;
    }
    const auto strides = strides_of(out);
    for (std::size_t k = 0; k < out.size(); ++k) {
        for (std::size_t i = 0; i < map.offsets[k].size(); ++i) {
            if (map.offsets[k][i] != static_cast<std::int64_t>(i) * strides[k]) {
                return false;
            }
        }
    }
    return true;
}

/// The axes of a shape that make up its channels, its height and its width (Network's canonical view).
std::array<std::span<const Offsets>, 3> canonical_groups(const std::vector<Offsets>& axes) {
    const std::span all(axes);
    const std::size_t rank = all.size();
    switch (rank) {
        case 0:
        case 1:
            return {all, {}, {}};
        case 2:
            return {all.first(1), {}, all.last(1)};
        default:
            return {all.first(rank - 2), all.subspan(rank - 2, 1), all.last(1)};
    }
}

/// Divides every offset by `unit`; false if one does not fall on a multiple below `extent`·unit.
bool to_indices(const Offsets& offsets, std::int64_t unit, std::int64_t extent, std::vector<std::int32_t>& indices) {
    indices.reserve(offsets.size());
    for (const std::int64_t offset : offsets) {
        const std::int64_t index = offset < 0 ? -1 : offset / unit;
        if (offset > 0 && (offset % unit != 0 || index >= extent || index > std::numeric_limits<std::int32_t>::max())) {
            return false;
        }
        indices.push_back(static_cast<std::int32_t>(index));
    }
    return true;
}

}  // namespace

Shape IndexMap::shape() const {
    Shape shape;
    for (const auto& axis : offsets) {
        shape.push_back(static_cast<std::int64_t>(axis.size()));
    }
    return shape;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
    std::vector<std::int64_t> strides(shape.size(), 1);
    for (std::size_t k = shape.size(); k-- > 1;) {
        strides[k - 1] = strides[k] * shape[k];
    }
    return strides;
}

NodeKind kind_of(const IndexMap& map, const Shape& in, const Spend& spend) {
    if (is_identity(map, in)) {
        return View{};
    }
    const Dims dims = dims_of(in);
    const auto groups = canonical_groups(map.offsets);
    const std::array<std::int64_t, 3> units{dims.positions(), dims.width, 1};
    const std::array<std::int64_t, 3> extents{dims.channels, dims.height, dims.width};
    Select separable{.maps = {}, .entries = {}, .constant = map.constant};
    bool fits = true;
    for (std::size_t g = 0; g < 3 && fits; ++g) {
        spend(table_size(groups[g]));
        fits = to_indices(combine(groups[g]), units[g], extents[g], separable.maps[g]);
    }
    if (fits) {
        return separable;
    }
    spend(table_size(map.offsets));
    return Select{.maps = {}, .entries = combine(map.offsets), .constant = map.constant};
}

}  // namespace qbound::internal
