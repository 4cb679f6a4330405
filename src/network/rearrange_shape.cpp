// SPDX-License-Identifier: Apache-2.0
// Reshape, Flatten, Squeeze and Unsqueeze: entries keep their order.
#include "network/attributes.hpp"
#include "network/rearrange.hpp"
#include "qbound/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

namespace qbound::internal {

namespace {

std::int64_t size_of(const Shape& shape) {
    return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<Rearranged> seen_as(const Arguments& arguments, const Shape& in, Shape out) {
    return {{identity_map(in, [&](std::int64_t entries) { arguments.spend(entries); }), std::move(out)}};
}

/// The shape that Reshape's `target` means for an input of shape `in`: 0 copies the input's extent (unless `allow_zero`), one −1 is
/// inferred. Nothing if the sizes do not agree.
std::optional<Shape> resolve(const std::vector<std::int64_t>& target, const Shape& in, bool allow_zero) {
    const std::int64_t size = size_of(in);
    Shape shape = target;
    std::optional<std::size_t> open;
    std::int64_t known = 1;
    for (std::size_t k = 0; k < shape.size(); ++k) {
        if (shape[k] == -1 && !open) {
            open = k;
            continue;
        }
        if (shape[k] == 0 && !allow_zero && k < in.size()) {
            shape[k] = in[k];
        }
        if (shape[k] < 1 || shape[k] > size / known) {
            return std::nullopt;
        }
        known *= shape[k];
    }
    if (open) {
        shape[*open] = size / known;
    }
    const bool agrees = open ? size % known == 0 : known == size;
    return agrees ? std::optional(shape) : std::nullopt;
}

}  // namespace

std::vector<Rearranged> rearrange_reshape(const Arguments& arguments, const Shape& in) {
    const auto target = arguments.integers(1, "shape");
    if (!target) {
        arguments.malformed("has no shape");
    }
    const bool allow_zero = integer_attribute(arguments.node(), "allowzero", 0) != 0;
    std::optional<Shape> out = resolve(*target, in, allow_zero);
    // Where the batch axis may be left out, a shape that does not keep a batch of 1 is one sample's.
    if (arguments.batch_axis_optional() && in.size() > 1 && in.front() == 1 && !(out && out->size() > 1 && out->front() == 1)) {
        out = resolve(*target, Shape(in.begin() + 1, in.end()), allow_zero);
        if (out) {
            out->insert(out->begin(), 1);
        }
    }
    if (!out) {
        arguments.malformed(fmt::format("an input of shape {} cannot be reshaped to {}",
                                        to_string(arguments.batch_axis_optional() ? sample_shape(in) : in), to_string(*target)));
    }
    return seen_as(arguments, in, *std::move(out));
}

std::vector<Rearranged> rearrange_flatten(const Arguments& arguments, const Shape& in) {
    const std::int64_t given = integer_attribute(arguments.node(), "axis", 1);
    const auto rank = static_cast<std::int64_t>(in.size());
    if (given < -rank || given > rank) {
        arguments.malformed(fmt::format("axis {} of an input of rank {}", given, rank));
    }
    const auto middle = in.begin() + (given < 0 ? given + rank : given);
    return seen_as(arguments, in, {size_of(Shape(in.begin(), middle)), size_of(Shape(middle, in.end()))});
}

std::vector<Rearranged> rearrange_squeeze(const Arguments& arguments, const Shape& in) {
    const auto given = arguments.integers(1, "axes");
    std::vector<std::size_t> axes;
    if (given) {
        axes = axes_of(arguments, *given, in.size());
    } else {
        for (std::size_t k = 0; k < in.size(); ++k) {
            if (in[k] == 1) {
                axes.push_back(k);
            }
        }
    }
    Shape out;
    for (std::size_t k = 0; k < in.size(); ++k) {
        if (!std::ranges::binary_search(axes, k)) {
            out.push_back(in[k]);
        } else if (in[k] != 1) {
            arguments.malformed(fmt::format("axis {} of shape {} is not 1", k, to_string(in)));
        }
    }
    return seen_as(arguments, in, std::move(out));
}

std::vector<Rearranged> rearrange_unsqueeze(const Arguments& arguments, const Shape& in) {
    const auto given = arguments.integers(1, "axes");
    if (!given) {
        arguments.malformed("has no axes");
    }
    const std::size_t rank = in.size() + given->size();
    const auto axes = axes_of(arguments, *given, rank);
    Shape out;
    auto next = in.begin();
    for (std::size_t k = 0; k < rank; ++k) {
        out.push_back(std::ranges::binary_search(axes, k) ? 1 : *next++);
    }
    return seen_as(arguments, in, std::move(out));
}

}  // namespace qbound::internal
