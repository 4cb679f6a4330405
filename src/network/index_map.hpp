// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace qbound::internal {

/// A rearrangement of entries, axis by axis: output (i_0, i_1, …) is the input's entry Σ_k offsets[k][i_k] in C order, or the
/// constant where one of those offsets is −1. Transpose, Pad, Slice and broadcasting are of this form.
struct IndexMap {
    std::vector<std::vector<std::int64_t>> offsets;  ///< one list per axis of the output, as long as the axis
    double constant = 0;

    [[nodiscard]] Shape shape() const;
};

/// Strides of a shape in C order, in entries.
[[nodiscard]] std::vector<std::int64_t> strides_of(const Shape& shape);

/// Told how many table entries are about to be allocated; throws if they are too many.
using Spend = std::function<void(std::int64_t)>;

/// The node kind of the map on an input of shape `in`: View where every entry stays in its place, a separable Select where
/// channels, rows and columns are selected independently, else a general Select. Cost: the tables' size, announced to `spend`
/// first.
[[nodiscard]] NodeKind kind_of(const IndexMap& map, const Shape& in, const Spend& spend);

}  // namespace qbound::internal
