// SPDX-License-Identifier: Apache-2.0
#include "loader/operator_fields.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace qbound::internal {
namespace {

constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

using enum FieldType;

constexpr std::array<TensorField, 2> kWeightAndBias{{{"weight"}, {"bias", false}}};
constexpr std::array<TensorField, 4> kNormalization{{{"scale"}, {"bias"}, {"mean"}, {"var"}}};
constexpr std::array<TensorField, 2> kScaleAndShift{{{"scale"}, {"shift", false}}};
constexpr std::array<TensorField, 1> kSlope{{{"slope"}}};
constexpr std::array<TensorField, 1> kIndices{{{"indices"}}};
constexpr std::array<TensorField, 1> kShape{{{"shape"}}};
constexpr std::array<TensorField, 4> kSlice{{{"starts"}, {"ends"}, {"axes"}, {"steps", false}}};

constexpr std::array<AttributeField, 6> kConv{{{"kernel_shape", integers},
                                               {"strides", integers},
                                               {"pads", integers},
                                               {"dilations", integers},
                                               {"group", integer},
                                               {"auto_pad", text}}};
// The weight of a manifest is [out, in] and nothing is scaled; files that say so are welcome.
constexpr std::array<AttributeField, 4> kGemm{
    {{"transA", integer, 0.0}, {"transB", integer, 1.0}, {"alpha", number, 1.0}, {"beta", number, 1.0}}};
constexpr std::array<AttributeField, 3> kBatchNormalization{{{"epsilon"}, {"momentum"}, {"training_mode", integer}}};
constexpr std::array<AttributeField, 6> kMaxPool{{{"kernel_shape", integers},
                                                  {"strides", integers},
                                                  {"pads", integers},
                                                  {"dilations", integers},
                                                  {"ceil_mode", integer},
                                                  {"auto_pad", text}}};
constexpr std::array<AttributeField, 7> kAveragePool{{{"kernel_shape", integers},
                                                      {"strides", integers},
                                                      {"pads", integers},
                                                      {"dilations", integers},
                                                      {"count_include_pad", integer},
                                                      {"ceil_mode", integer},
                                                      {"auto_pad", text}}};
constexpr std::array<AttributeField, 1> kAxis{{{"axis", integer}}};
constexpr std::array<AttributeField, 2> kReshape{{{"shape", integers}, {"allowzero", integer, 0.0}}};
constexpr std::array<AttributeField, 1> kPerm{{{"perm", integers}}};
constexpr std::array<AttributeField, 3> kPad{{{"pads", integers}, {"mode", text}, {"value"}}};
constexpr std::array<AttributeField, 2> kDropout{{{"ratio"}, {"seed", integer}}};
constexpr std::array<AttributeField, 2> kClip{{{"min"}, {"max"}}};
constexpr std::array<AttributeField, 1> kAlpha{{{"alpha"}}};
constexpr std::array<AttributeField, 2> kAlphaBeta{{{"alpha"}, {"beta"}}};
constexpr std::array<AttributeField, 2> kAlphaGamma{{{"alpha"}, {"gamma"}}};
constexpr std::array<AttributeField, 1> kApproximate{{{"approximate", text}}};

constexpr std::array kOperators{
    OperatorFields{.op = "Conv", .tensors = kWeightAndBias, .attributes = kConv},
    OperatorFields{.op = "Gemm", .tensors = kWeightAndBias, .attributes = kGemm},
    OperatorFields{.op = "BatchNormalization", .tensors = kNormalization, .attributes = kBatchNormalization},
    OperatorFields{.op = "Scale", .tensors = kScaleAndShift},
    OperatorFields{.op = "Add", .min_inputs = 2, .max_inputs = 2},
    OperatorFields{.op = "Sub", .min_inputs = 2, .max_inputs = 2},
    OperatorFields{.op = "Mul", .min_inputs = 2, .max_inputs = 2},
    OperatorFields{.op = "Concat", .max_inputs = kAny, .attributes = kAxis},
    OperatorFields{.op = "MaxPool", .attributes = kMaxPool},
    OperatorFields{.op = "AveragePool", .attributes = kAveragePool},
    OperatorFields{.op = "GlobalAveragePool"},
    OperatorFields{.op = "Flatten", .attributes = kAxis},
    OperatorFields{.op = "Reshape", .attributes = kReshape},
    OperatorFields{.op = "Transpose", .attributes = kPerm},
    OperatorFields{.op = "Pad", .attributes = kPad},
    OperatorFields{.op = "Slice", .tensors = kSlice},
    OperatorFields{.op = "Gather", .tensors = kIndices, .attributes = kAxis},
    OperatorFields{.op = "Expand", .tensors = kShape},
    OperatorFields{.op = "Identity"},
    OperatorFields{.op = "Dropout", .attributes = kDropout},
    OperatorFields{.op = "Softmax", .attributes = kAxis},
};

// Operators that act entry by entry and may follow a layer of a layer list.
constexpr std::array kActivations{
    OperatorFields{.op = "Relu"},
    OperatorFields{.op = "Clip", .attributes = kClip},
    OperatorFields{.op = "LeakyRelu", .attributes = kAlpha},
    OperatorFields{.op = "PRelu", .tensors = kSlope},
    OperatorFields{.op = "Sigmoid"},
    OperatorFields{.op = "Tanh"},
    OperatorFields{.op = "HardSwish"},
    OperatorFields{.op = "HardSigmoid", .attributes = kAlphaBeta},
    OperatorFields{.op = "Silu"},
    OperatorFields{.op = "Gelu", .attributes = kApproximate},
    OperatorFields{.op = "Softplus"},
    OperatorFields{.op = "Softsign"},
    OperatorFields{.op = "Elu", .attributes = kAlpha},
    OperatorFields{.op = "Selu", .attributes = kAlphaGamma},
    OperatorFields{.op = "Erf"},
    OperatorFields{.op = "Mish"},
};

/// Lower case, without underscores.
std::string plain(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c != '_') {
            text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return text;
}

}  // namespace

const OperatorFields* find_operator(std::string_view op) noexcept {
    const auto named = [&](const OperatorFields& row) { return row.op == op; };
    if (const auto row = std::ranges::find_if(kOperators, named); row != kOperators.end()) {
        return &*row;
    }
    const auto row = std::ranges::find_if(kActivations, named);
    return row != kActivations.end() ? &*row : nullptr;
}

std::optional<std::string_view> find_activation(std::string_view name) {
    const std::string wanted = plain(name);
    if (wanted == "none" || wanted == "linear" || wanted == "identity") {
        return std::string_view{};
    }
    if (wanted == "swish") {
        return "Silu";
    }
    if (wanted == "softmax") {
        return "Softmax";
    }
    const auto row = std::ranges::find_if(kActivations, [&](const OperatorFields& entry) { return plain(entry.op) == wanted; });
    return row != kActivations.end() ? std::optional(row->op) : std::nullopt;
}

}  // namespace qbound::internal
