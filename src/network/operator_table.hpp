// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/translator.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// One operator of the file's vocabulary. A new operator is one row and its `translate` function.
struct OperatorRow {
    std::string_view op;
    std::vector<std::string_view> inputs;      ///< their roles, in ONNX's order
    std::size_t required;                      ///< how many of them must be there
    std::vector<std::string_view> attributes;  ///< understood, or known to have no influence on the first output
    /// Expresses the node in network nodes.
    void (*translate)(Translator&, const ModelNode&);
    /// What the node asks for that has no meaning here, or "" (null: nothing). E.g. "transA = 1".
    std::string (*objection)(const Model&, const ModelNode&) = nullptr;
    bool variadic = false;          ///< any number of inputs
    bool constant_operand = false;  ///< one of its operands must be a constant
};

/// The row of `op`, or nullptr.
[[nodiscard]] const OperatorRow* operator_row(std::string_view op);

[[nodiscard]] const std::vector<OperatorRow>& operator_table();

// The operators, grouped by file.
void translate_conv(Translator& t, const ModelNode& node);
void translate_conv_transpose(Translator& t, const ModelNode& node);
void translate_gemm(Translator& t, const ModelNode& node);
void translate_matmul(Translator& t, const ModelNode& node);
void translate_batch_normalization(Translator& t, const ModelNode& node);
void translate_scale(Translator& t, const ModelNode& node);
void translate_add(Translator& t, const ModelNode& node);
void translate_sub(Translator& t, const ModelNode& node);
void translate_sum(Translator& t, const ModelNode& node);
void translate_mul(Translator& t, const ModelNode& node);
void translate_div(Translator& t, const ModelNode& node);
void translate_neg(Translator& t, const ModelNode& node);
void translate_concat(Translator& t, const ModelNode& node);
void translate_max_pool(Translator& t, const ModelNode& node);
void translate_average_pool(Translator& t, const ModelNode& node);
void translate_global_average_pool(Translator& t, const ModelNode& node);
void translate_global_max_pool(Translator& t, const ModelNode& node);
void translate_reduction(Translator& t, const ModelNode& node);      ///< ReduceMean, ReduceSum, ReduceMax
void translate_rearrangement(Translator& t, const ModelNode& node);  ///< those of rearrange.hpp
void translate_identity(Translator& t, const ModelNode& node);
void translate_limit(Translator& t, const ModelNode& node);  ///< Max, Min with a constant
void translate_clip(Translator& t, const ModelNode& node);
void translate_prelu(Translator& t, const ModelNode& node);
void translate_gelu(Translator& t, const ModelNode& node);
void translate_parametric_activation(Translator& t, const ModelNode& node);  ///< LeakyRelu, HardSigmoid, Elu, Selu
void translate_plain_activation(Translator& t, const ModelNode& node);       ///< those without parameters

}  // namespace qbound::internal
