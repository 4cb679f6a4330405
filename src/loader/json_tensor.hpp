// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader/json_tree.hpp"
#include "qbound/model.hpp"

#include <string>
#include <string_view>

namespace qbound::internal {

/// A tensor as manifests and layer lists write it: a number, nested arrays, {"npy": path} or {"shape": […], "data": […]}.
/// Errors  Error{malformed} at `place`, also for empty tensors and for NaN or infinite entries.
[[nodiscard]] TensorPtr read_tensor(JsonValue& value, std::string_view place, const FileSource& beside);

/// Error{malformed} at `place` if the tensor is empty or an entry is NaN or infinite.
void require_weights(const Tensor& tensor, std::string_view place);

/// Reads the input of a network, {"name", "shape", "lower", "upper"}; a batch of 1 is put before the shape.
[[nodiscard]] ModelInput read_input(JsonValue& value, const FileSource& beside);

/// [1, shape…]; Error{malformed} at `place` if the shape is empty, an extent is not positive or the product is too large.
[[nodiscard]] Shape with_batch(const Shape& shape, std::string_view place);

}  // namespace qbound::internal
