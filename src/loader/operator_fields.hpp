// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace qbound::internal {

enum class FieldType { integer, number, text, integers };

/// An attribute of an operator, named as in ONNX.
struct AttributeField {
    std::string_view name;
    FieldType type = FieldType::number;
    std::optional<double> only = std::nullopt;  ///< the one value allowed, where the manifest leaves no choice
};

/// A field that is a tensor: a constant input of the operator, in ONNX's order after the values.
struct TensorField {
    std::string_view name;
    bool required = true;
};

/// What a node of a manifest may say beside its name, operator and inputs.
struct OperatorFields {
    std::string_view op;
    std::size_t min_inputs = 1;
    std::size_t max_inputs = 1;
    std::span<const TensorField> tensors = {};
    std::span<const AttributeField> attributes = {};
};

/// The row of `op`; null for operators that qbound does not know.
[[nodiscard]] const OperatorFields* find_operator(std::string_view op) noexcept;

/// An activation as people write it: an ONNX operator name in any case, with or without underscores; also "swish" and "none" or
/// "linear". Empty for no activation, null if there is no such activation.
[[nodiscard]] std::optional<std::string_view> find_activation(std::string_view name);

}  // namespace qbound::internal
