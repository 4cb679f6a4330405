// SPDX-License-Identifier: Apache-2.0
#include "network/arguments.hpp"

#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qbound::internal {

void Arguments::malformed(std::string reason, std::string hint) const {
    throw Error(ErrorKind::malformed, node_place(node_.name), std::move(reason), std::move(hint));
}

void Arguments::unsupported(std::string reason, std::string hint) const {
    throw Error(ErrorKind::unsupported, node_place(node_.name), std::move(reason), std::move(hint));
}

TensorPtr Arguments::constant(std::size_t i, std::string_view role) const {
    if (!given(i)) {
        malformed(fmt::format("the {} is missing", role));
    }
    if (constants_[i] == nullptr) {
        unsupported(fmt::format("{} is not a constant", role), "fold constants first");
    }
    return constants_[i];
}

std::optional<double> Arguments::scalar(std::size_t i, std::string_view role) const {
    if (!given(i)) {
        return std::nullopt;
    }
    const TensorPtr tensor = constant(i, role);
    if (tensor->size() != 1) {
        malformed(fmt::format("{} {} has {} entries", role, quoted(node_.inputs[i]), tensor->size()));
    }
    return tensor->data.front();
}

std::optional<std::vector<std::int64_t>> Arguments::integers(std::size_t i, const std::string& attribute) const {
    if (has_attribute(node_, attribute)) {
        return integers_attribute(node_, attribute);
    }
    if (!given(i)) {
        return std::nullopt;
    }
    return integer_entries(*this, *constant(i, attribute), i);
}

std::size_t axis_of(const Arguments& arguments, std::int64_t axis, std::size_t rank) {
    const auto count = static_cast<std::int64_t>(rank);
    if (axis < -count || axis >= count) {
        arguments.malformed(fmt::format("axis {} of an input of rank {}", axis, rank));
    }
    return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

std::vector<std::size_t> axes_of(const Arguments& arguments, const std::vector<std::int64_t>& axes, std::size_t rank) {
    std::vector<std::size_t> result;
    for (const std::int64_t axis : axes) {
        result.push_back(axis_of(arguments, axis, rank));
    }
    std::ranges::sort(result);
    if (std::ranges::adjacent_find(result) != result.end()) {
        arguments.malformed("an axis is named twice");
    }
    return result;
}

std::vector<std::int64_t> integer_entries(const Arguments& arguments, const Tensor& tensor, std::size_t i) {
    constexpr double kLimit = 0x1p62;
    std::vector<std::int64_t> result;
    result.reserve(tensor.data.size());
    for (const double value : tensor.data) {
        if (std::isnan(value) || value != std::trunc(value)) {
            arguments.malformed(
                fmt::format("input {} has the entry {}, which is not an integer", quoted(arguments.node().inputs[i]), value));
        }
        result.push_back(static_cast<std::int64_t>(std::clamp(value, -kLimit, kLimit)));
    }
    return result;
}

Shape broadcast_shape(const ModelNode& node, const Shape& a, const Shape& b) {
    Shape out(std::max(a.size(), b.size()));
    for (std::size_t k = 0; k < out.size(); ++k) {
        const std::int64_t x = k < a.size() ? a[a.size() - 1 - k] : 1;
        const std::int64_t y = k < b.size() ? b[b.size() - 1 - k] : 1;
        if (x != y && x != 1 && y != 1) {
            throw Error(ErrorKind::malformed, node_place(node.name),
                        fmt::format("shapes {} and {} do not fit each other", to_string(a), to_string(b)));
        }
        out[out.size() - 1 - k] = x == 1 ? y : x;
    }
    (void)checked_size(out, node_place(node.name));
    return out;
}

}  // namespace qbound::internal
