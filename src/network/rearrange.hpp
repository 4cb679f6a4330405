// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/arguments.hpp"
#include "network/index_map.hpp"

#include <string_view>
#include <vector>

/// Operators that move, drop, repeat or pad entries and compute nothing: one function each from the input's shape to index maps,
/// used on constants (constant folding) and on computed values (Select and View nodes) alike. Shapes are ONNX's, with the batch
/// axis.
namespace qbound::internal {

/// An index map, its output seen as `shape` (as many entries as the map gives, in the same order).
struct Rearranged {
    IndexMap map;
    Shape shape;
};

/// One entry per output of the operator.
using Rearrange = std::vector<Rearranged> (*)(const Arguments&, const Shape& in);

/// The operator's function, or null if it is none of these.
[[nodiscard]] Rearrange rearrange_function(std::string_view op);

/// The map that leaves a value of shape `in` as it is.
[[nodiscard]] IndexMap identity_map(const Shape& in, const Spend& spend);

/// The value with its axes in the order `axes`.
[[nodiscard]] Rearranged permuted(const Shape& in, const std::vector<std::size_t>& axes, const Spend& spend);

/// The value stretched to shape `out`, aligned at the last axis; `out` is what broadcast_shape gave.
[[nodiscard]] Rearranged stretched(const Shape& in, const Shape& out, const Spend& spend);

/// The rearrangement of a constant.
[[nodiscard]] Tensor apply(const Rearranged& rearranged, const Tensor& tensor, const Spend& spend);

// rearrange_shape.cpp: entries keep their order
[[nodiscard]] std::vector<Rearranged> rearrange_reshape(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_flatten(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_squeeze(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_unsqueeze(const Arguments& arguments, const Shape& in);
// rearrange_axes.cpp: axis by axis
[[nodiscard]] std::vector<Rearranged> rearrange_transpose(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_slice(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_split(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_gather(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_expand(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_tile(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_depth_to_space(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_space_to_depth(const Arguments& arguments, const Shape& in);
// rearrange_pad.cpp, rearrange_resize.cpp
[[nodiscard]] std::vector<Rearranged> rearrange_pad(const Arguments& arguments, const Shape& in);
[[nodiscard]] std::vector<Rearranged> rearrange_resize(const Arguments& arguments, const Shape& in);

}  // namespace qbound::internal
