// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/arguments.hpp"
#include "qbound/model.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

/// Evaluation of nodes whose inputs are all constants, in double: shape arithmetic, and the constant parts of a graph that
/// exporters leave. Rearrangements (rearrange.hpp) are folded as well.
namespace qbound::internal {

/// Whether a node of this operator is a constant when all its inputs are.
[[nodiscard]] bool is_foldable(std::string_view op);

/// If the node is foldable and all its inputs are tensors of the model, its outputs become tensors of the model.
/// Errors: Error{malformed} or Error{unsupported} naming the node; what `spend` throws when the results become too large.
bool fold_node(Model& model, const ModelNode& node, const Spend& spend);

/// The values that are constants once shapes are known: tensors, and outputs of foldable nodes and of Shape and Size that depend on
/// nothing else.
[[nodiscard]] std::unordered_set<std::string> constant_values(const Model& model);

/// What Shape gives for a value of shape `full` (attributes start and end).
[[nodiscard]] TensorPtr shape_tensor(const Arguments& arguments, const Shape& full);

using Constants = std::vector<TensorPtr>;  ///< null: absent

// constant_arithmetic.cpp
[[nodiscard]] Tensor fold_elementwise(const Arguments& arguments, const Constants& inputs);
[[nodiscard]] Tensor fold_where(const Arguments& arguments, const Constants& inputs);
[[nodiscard]] Tensor fold_cast(const Arguments& arguments, const Constants& inputs);
[[nodiscard]] Tensor fold_matmul(const Arguments& arguments, const Constants& inputs);
[[nodiscard]] Tensor fold_reduce(const Arguments& arguments, const Constants& inputs);
/// Whether fold_elementwise knows the operator.
[[nodiscard]] bool is_elementwise(std::string_view op);

// dequantize.cpp
/// (x − zero_point)·scale, one scale for all, one per entry of `axis`, or one per block along it. In double, where the product of
/// an integer of 8 bits and a float32 scale is exact.
[[nodiscard]] Tensor dequantize(const Arguments& arguments, const Tensor& x, const Tensor& scale, const Tensor* zero_point,
                                std::int64_t axis);
[[nodiscard]] Tensor fold_dequantize(const Arguments& arguments, const Constants& inputs);
[[nodiscard]] Tensor fold_quantize(const Arguments& arguments, const Constants& inputs);

}  // namespace qbound::internal
