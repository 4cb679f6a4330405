// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/geometry.hpp"
#include "qbound/model.hpp"

#include <string>
#include <vector>

namespace qbound::internal {

/// The sliding window of a Conv or pooling node from kernel_shape, strides, dilations, pads, auto_pad and ceil_mode. `kernel` gives
/// the extents where they are known from a weight (kernel_shape must then agree if it is there); empty: kernel_shape is required.
///
/// `in` is the input's shape without batch, of rank 2 (one spatial axis, the canonical width) or 3.
/// Errors: Error{malformed} or Error{unsupported} naming the node.
[[nodiscard]] Axes window_axes(const ModelNode& node, const Shape& in, const std::vector<std::int64_t>& kernel);

/// The output's shape: `channels` and the axes' output extents, in the input's rank.
[[nodiscard]] Shape window_output(std::int64_t channels, const Axes& axes, std::size_t rank);

/// Number of spatial axes of a node that slides over its input; Error{malformed} if the rank is 1, Error{unsupported} beyond 3.
[[nodiscard]] std::size_t spatial_rank(const ModelNode& node, const Shape& in);

}  // namespace qbound::internal
