// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace qbound::internal {

/// A partition of the positions of one spatial axis into classes on which every domain value is constant (docs/theory.md I6).
/// Classes are numbered in the order of their first position, which represents them.
struct AxisClasses {
    std::vector<std::int32_t> of;     ///< class of each position
    std::vector<std::int32_t> first;  ///< first position of each class
    std::vector<std::int64_t> count;  ///< positions of each class

    [[nodiscard]] std::int64_t size() const noexcept { return static_cast<std::int64_t>(first.size()); }
    [[nodiscard]] std::int64_t extent() const noexcept { return static_cast<std::int64_t>(of.size()); }
    friend bool operator==(const AxisClasses& a, const AxisClasses& b) { return a.of == b.of; }
};

/// Classes of a node's positions: rows × columns.
struct Grid {
    AxisClasses rows;
    AxisClasses columns;

    [[nodiscard]] std::int64_t plane() const noexcept { return rows.size() * columns.size(); }
    /// Positions in class (r, c).
    [[nodiscard]] std::int64_t multiplicity(std::int64_t r, std::int64_t c) const {
        return rows.count[static_cast<std::size_t>(r)] * columns.count[static_cast<std::size_t>(c)];
    }
    friend bool operator==(const Grid&, const Grid&) = default;
};

/// The classes of every node, indexed by NodeId (docs/theory.md I6): from the box, one class per axis where it is constant per
/// channel; then output positions are equivalent if their windows read equivalent positions. Cost  positions × taps per axis.
[[nodiscard]] std::vector<Grid> position_classes(const Network& network);

/// A position outside the axis: padding.
inline constexpr std::int32_t kOutside = -1;

/// Which input class each tap of each output class reads, along one axis.
struct AxisTaps {
    std::int64_t taps = 1;
    std::vector<std::int32_t> source;  ///< classes of the output × taps: class of the input, or kOutside

    [[nodiscard]] std::int32_t at(std::int64_t out_class, std::int64_t tap) const {
        return source[static_cast<std::size_t>(out_class * taps + tap)];
    }
};

[[nodiscard]] AxisTaps window_taps(const Axis& axis, const AxisClasses& in, const AxisClasses& out);

/// The same for an index map: output position o reads map[o], or a constant where it is negative.
[[nodiscard]] AxisTaps map_taps(std::span<const std::int32_t> map, const AxisClasses& in, const AxisClasses& out);

}  // namespace qbound::internal
