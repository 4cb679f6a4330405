// SPDX-License-Identifier: Apache-2.0
// QuantizeLinear and DequantizeLinear of constants.
#include "network/attributes.hpp"
#include "network/constant_folding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace qbound::internal {

namespace {

/// How entries of a tensor find their scale: entry i has scale (i / inner % extent) / block.
struct ScaleIndex {
    std::size_t inner = 1;
    std::size_t extent = 1;
    std::size_t block = 1;
    std::size_t groups = 1;  ///< scales along the axis
    bool blocked = false;

    [[nodiscard]] std::size_t of(std::size_t i) const {
        const std::size_t along = i / inner % extent;
        return blocked ? (i / (inner * extent) * groups + along / block) * inner + i % inner : along;
    }
};

ScaleIndex scale_index(const Arguments& arguments, const Tensor& x, const Tensor& scale, std::int64_t axis_given) {
    ScaleIndex index;
    if (scale.size() == 1) {
        index.extent = 1;
        return index;
    }
    const std::size_t axis = axis_of(arguments, axis_given, x.shape.size());
    for (std::size_t k = axis + 1; k < x.shape.size(); ++k) {
        index.inner *= static_cast<std::size_t>(x.shape[k]);
    }
    index.extent = static_cast<std::size_t>(x.shape[axis]);
    const std::int64_t block = integer_attribute(arguments.node(), "block_size", 0);
    if (block > 0) {
        Shape expected = x.shape;
        expected[axis] = (x.shape[axis] + block - 1) / block;
        if (scale.shape != expected) {
            arguments.malformed(
                fmt::format("scale of shape {} where blocks of {} need {}", to_string(scale.shape), block, to_string(expected)));
        }
        index.blocked = true;
        index.block = static_cast<std::size_t>(block);
        index.groups = static_cast<std::size_t>(expected[axis]);
        return index;
    }
    if (scale.size() != x.shape[axis]) {
        arguments.malformed(fmt::format("{} scales for axis {} of shape {}", scale.size(), axis, to_string(x.shape)));
    }
    return index;
}

void check_zero_point(const Arguments& arguments, const Tensor& scale, const Tensor* zero_point) {
    if (zero_point != nullptr && zero_point->size() != scale.size()) {
        arguments.malformed(fmt::format("{} zero points for {} scales", zero_point->size(), scale.size()));
    }
}

struct IntegerRange {
    double least;
    double most;
};

IntegerRange integer_range(const Arguments& arguments, ElementType type) {
    switch (type) {
        case ElementType::int4:
            return {-8, 7};
        case ElementType::uint4:
            return {0, 15};
        case ElementType::int8:
            return {-128, 127};
        case ElementType::uint8:
            return {0, 255};
        case ElementType::int16:
            return {-32768, 32767};
        case ElementType::uint16:
            return {0, 65535};
        default:
            arguments.unsupported("QuantizeLinear to integers of more than 16 bits");
    }
}

}  // namespace

Tensor dequantize(const Arguments& arguments, const Tensor& x, const Tensor& scale, const Tensor* zero_point, std::int64_t axis) {
    check_zero_point(arguments, scale, zero_point);
    const ScaleIndex index = scale_index(arguments, x, scale, axis);
    arguments.spend(x.size());
    Tensor result{.shape = x.shape, .data = std::vector<double>(x.data.size())};
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        const std::size_t s = index.of(i);
        result.data[i] = (x.data[i] - (zero_point != nullptr ? zero_point->data[s] : 0)) * scale.data[s];
    }
    return result;
}

Tensor fold_dequantize(const Arguments& arguments, const Constants& inputs) {
    const Tensor* zero_point = arguments.given(2) ? inputs[2].get() : nullptr;
    return dequantize(arguments, *inputs[0], *inputs[1], zero_point, integer_attribute(arguments.node(), "axis", 1));
}

Tensor fold_quantize(const Arguments& arguments, const Constants& inputs) {
    const Tensor& x = *inputs[0];
    const Tensor& scale = *inputs[1];
    const Tensor* zero_point = arguments.given(2) ? inputs[2].get() : nullptr;
    check_zero_point(arguments, scale, zero_point);
    if (integer_attribute(arguments.node(), "output_dtype", 0) != 0) {
        arguments.unsupported("attribute 'output_dtype'", "give the zero point instead");
    }
    const ScaleIndex index = scale_index(arguments, x, scale, integer_attribute(arguments.node(), "axis", 1));
    arguments.spend(x.size());
    Tensor result{.shape = x.shape,
                  .data = std::vector<double>(x.data.size()),
                  .type = zero_point != nullptr ? zero_point->type : ElementType::uint8};
    const auto [least, most] = integer_range(arguments, result.type);
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        const std::size_t s = index.of(i);
        const double q = std::nearbyint(x.data[i] / scale.data[s]) + (zero_point != nullptr ? zero_point->data[s] : 0);
        result.data[i] = std::clamp(q, least, most);
    }
    return result;
}

}  // namespace qbound::internal
