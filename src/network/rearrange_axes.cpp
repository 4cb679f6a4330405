// SPDX-License-Identifier: Apache-2.0
// Transpose, Slice, Split, Gather, Expand, Tile, DepthToSpace and SpaceToDepth: each output axis picks along input axes.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/rearrange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace qbound::internal {

namespace {

Spend spend_of(const Arguments& arguments) {
    return [&arguments](std::int64_t entries) { arguments.spend(entries); };
}

std::vector<std::int64_t> stepping(std::int64_t count, std::int64_t stride) {
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] = static_cast<std::int64_t>(i) * stride;
    }
    return offsets;
}

/// `in` with the entries `picked` of one axis.
Rearranged with_axis(const Arguments& arguments, const Shape& in, std::size_t axis, const std::vector<std::int64_t>& picked) {
    arguments.spend(static_cast<std::int64_t>(picked.size()));
    Rearranged result{.map = identity_map(in, spend_of(arguments)), .shape = in};
    const std::int64_t stride = strides_of(in)[axis];
    auto& offsets = result.map.offsets[axis];
    offsets.clear();
    for (const std::int64_t index : picked) {
        offsets.push_back(index * stride);
    }
    result.shape[axis] = static_cast<std::int64_t>(picked.size());
    return result;
}

std::int64_t block_size(const Arguments& arguments, const Shape& in) {
    if (in.size() != 4) {
        arguments.malformed(fmt::format("{} needs an input of 4 axes, not {}", arguments.node().op, to_string(in)));
    }
    const std::int64_t block = integer_attribute(arguments.node(), "blocksize", 0);
    if (block < 1 || block > kMaxEntries) {
        arguments.malformed(fmt::format("blocksize {} is not positive", block));
    }
    return block;
}

}  // namespace

std::vector<Rearranged> rearrange_transpose(const Arguments& arguments, const Shape& in) {
    auto perm = integers_attribute(arguments.node(), "perm");
    std::vector<std::size_t> axes;
    if (!perm) {
        for (std::size_t k = in.size(); k-- > 0;) {
            axes.push_back(k);
        }
        if (arguments.batch_axis_optional() && in.size() > 1) {
            arguments.malformed("perm is missing, which would move the batch axis", "give the permutation of all axes");
        }
        return {permuted(in, axes, spend_of(arguments))};
    }
    const bool sample = arguments.batch_axis_optional() && in.front() == 1 && perm->size() + 1 == in.size();
    if (perm->size() != in.size() && !sample) {
        arguments.malformed(fmt::format("perm has {} entries for an input of rank {} (with batch)", perm->size(), in.size()));
    }
    if (arguments.batch_axis_optional() && !sample && perm->front() != 0) {
        arguments.unsupported("Transpose moves the batch axis");
    }
    if (sample) {
        axes.push_back(0);
    }
    const auto count = static_cast<std::int64_t>(perm->size());
    std::vector<bool> seen(perm->size(), false);
    for (std::int64_t axis : *perm) {
        axis += axis < 0 ? count : 0;
        if (axis < 0 || axis >= count || seen[static_cast<std::size_t>(axis)]) {
            arguments.malformed("perm is not a permutation of the axes");
        }
        seen[static_cast<std::size_t>(axis)] = true;
        axes.push_back(static_cast<std::size_t>(axis) + (sample ? 1 : 0));
    }
    return {permuted(in, axes, spend_of(arguments))};
}

std::vector<Rearranged> rearrange_slice(const Arguments& arguments, const Shape& in) {
    const auto starts = arguments.integers(1, "starts");
    const auto ends = arguments.integers(2, "ends");
    if (!starts || !ends) {
        arguments.malformed("has no starts or no ends");
    }
    std::vector<std::int64_t> leading(starts->size());
    std::iota(leading.begin(), leading.end(), 0);
    const auto axes = arguments.integers(3, "axes").value_or(leading);
    const auto steps = arguments.integers(4, "steps").value_or(std::vector<std::int64_t>(starts->size(), 1));
    if (ends->size() != starts->size() || axes.size() != starts->size() || steps.size() != starts->size()) {
        arguments.malformed("starts, ends, axes and steps differ in length");
    }
    (void)axes_of(arguments, axes, in.size());
    Rearranged result{.map = identity_map(in, spend_of(arguments)), .shape = in};
    const auto strides = strides_of(in);
    for (std::size_t n = 0; n < axes.size(); ++n) {
        const std::size_t axis = axis_of(arguments, axes[n], in.size());
        const std::int64_t extent = in[axis];
        const std::int64_t step = steps[n];
        if (step == 0) {
            arguments.malformed("a step is 0");
        }
        const auto counted = [extent](std::int64_t i) { return i < 0 ? i + extent : i; };
        const std::int64_t first = std::clamp<std::int64_t>(counted((*starts)[n]), 0, step > 0 ? extent : extent - 1);
        const std::int64_t last = std::clamp<std::int64_t>(counted((*ends)[n]), step > 0 ? 0 : -1, extent);
        auto& offsets = result.map.offsets[axis];
        offsets.clear();
        for (std::int64_t i = first; step > 0 ? i < last : i > last; i += std::clamp(step, -extent - 1, extent + 1)) {
            offsets.push_back(i * strides[axis]);
        }
        result.shape[axis] = static_cast<std::int64_t>(offsets.size());
    }
    return {std::move(result)};
}

std::vector<Rearranged> rearrange_split(const Arguments& arguments, const Shape& in) {
    const ModelNode& node = arguments.node();
    const std::size_t axis = axis_of(arguments, integer_attribute(node, "axis", 0), in.size());
    const auto outputs = static_cast<std::int64_t>(node.outputs.size());
    auto lengths = arguments.integers(1, "split");
    if (!lengths) {
        const std::int64_t count = integer_attribute(node, "num_outputs", outputs);
        if (count < 1 || count != outputs) {
            arguments.malformed(fmt::format("num_outputs {} for {} outputs", count, outputs));
        }
        const std::int64_t length = (in[axis] + count - 1) / count;
        if (arguments.opset() < 18 && in[axis] % count != 0) {
            arguments.malformed(fmt::format("axis {} of shape {} does not split into {} equal parts", axis, to_string(in), count));
        }
        lengths.emplace(static_cast<std::size_t>(count), length);
        lengths->back() = in[axis] - length * (count - 1);
    }
    const std::int64_t sum = std::accumulate(lengths->begin(), lengths->end(), std::int64_t{0});
    if (std::ranges::any_of(*lengths, [&](std::int64_t l) { return l < 0 || l > in[axis]; }) || sum != in[axis] ||
        lengths->size() != node.outputs.size()) {
        arguments.malformed(fmt::format("split {} does not divide axis {} of shape {} among {} outputs", to_string(*lengths), axis,
                                        to_string(in), outputs));
    }
    std::vector<Rearranged> parts;
    std::int64_t begin = 0;
    for (const std::int64_t length : *lengths) {
        std::vector<std::int64_t> picked(static_cast<std::size_t>(length));
        std::iota(picked.begin(), picked.end(), begin);
        parts.push_back(with_axis(arguments, in, axis, picked));
        begin += length;
    }
    return parts;
}

std::vector<Rearranged> rearrange_gather(const Arguments& arguments, const Shape& in) {
    const std::size_t axis = axis_of(arguments, integer_attribute(arguments.node(), "axis", 0), in.size());
    const TensorPtr indices = arguments.constant(1, "indices");
    auto picked = integer_entries(arguments, *indices, 1);
    for (std::int64_t& index : picked) {
        index += index < 0 ? in[axis] : 0;
        if (index < 0 || index >= in[axis]) {
            arguments.malformed(fmt::format("index {} of an axis of extent {}", index, in[axis]));
        }
    }
    Rearranged result = with_axis(arguments, in, axis, picked);
    result.shape.assign(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis));
    result.shape.insert(result.shape.end(), indices->shape.begin(), indices->shape.end());
    result.shape.insert(result.shape.end(), in.begin() + static_cast<std::ptrdiff_t>(axis) + 1, in.end());
    return {std::move(result)};
}

std::vector<Rearranged> rearrange_expand(const Arguments& arguments, const Shape& in) {
    const auto target = arguments.integers(1, "shape");
    if (!target || std::ranges::any_of(*target, [](std::int64_t extent) { return extent < 1; })) {
        arguments.malformed("has no shape of positive extents");
    }
    return {stretched(in, broadcast_shape(arguments.node(), in, *target), spend_of(arguments))};
}

std::vector<Rearranged> rearrange_tile(const Arguments& arguments, const Shape& in) {
    const auto repeats = arguments.integers(1, "repeats");
    if (!repeats || repeats->size() != in.size() ||
        std::ranges::any_of(*repeats, [](std::int64_t r) { return r < 1 || r > kMaxEntries; })) {
        arguments.malformed(fmt::format("repeats is no positive number for each axis of {}", to_string(in)));
    }
    Rearranged result{.map = identity_map(in, spend_of(arguments)), .shape = in};
    for (std::size_t k = 0; k < in.size(); ++k) {
        const auto once = result.map.offsets[k];
        if (in[k] > kMaxEntries / (*repeats)[k]) {
            arguments.malformed("repeats is too large");
        }
        result.shape[k] = in[k] * (*repeats)[k];
        arguments.spend(result.shape[k]);
        for (std::int64_t r = 1; r < (*repeats)[k]; ++r) {
            result.map.offsets[k].insert(result.map.offsets[k].end(), once.begin(), once.end());
        }
    }
    return {std::move(result)};
}

std::vector<Rearranged> rearrange_depth_to_space(const Arguments& arguments, const Shape& in) {
    const std::int64_t b = block_size(arguments, in);
    const std::string mode = string_attribute(arguments.node(), "mode", "DCR");
    if (mode != "DCR" && mode != "CRD") {
        arguments.malformed(fmt::format("mode {} is neither DCR nor CRD", quoted(mode)));
    }
    if (b > in[1] || in[1] % (b * b) != 0) {
        arguments.malformed(fmt::format("{} channels do not split into blocks of {}", in[1], b));
    }
    const std::int64_t depth = in[1] / (b * b);
    const std::int64_t plane = in[2] * in[3];
    const auto strides = strides_of(in);
    // DCR: input channel (row, column, depth); CRD: (depth, row, column).
    const std::int64_t depth_step = mode == "DCR" ? 1 : b * b;
    const std::int64_t row_step = mode == "DCR" ? b * depth : b;
    const std::int64_t column_step = mode == "DCR" ? depth : 1;
    arguments.spend(in[0] + depth + b * (in[2] + in[3]));
    Rearranged result{.map = {}, .shape = {in[0], depth, in[2] * b, in[3] * b}};
    result.map.offsets = {stepping(in[0], strides[0]), stepping(depth, depth_step * plane), {}, {}};
    for (std::int64_t h = 0; h < in[2] * b; ++h) {
        result.map.offsets[2].push_back(h / b * in[3] + h % b * row_step * plane);
    }
    for (std::int64_t w = 0; w < in[3] * b; ++w) {
        result.map.offsets[3].push_back(w / b + w % b * column_step * plane);
    }
    return {std::move(result)};
}

std::vector<Rearranged> rearrange_space_to_depth(const Arguments& arguments, const Shape& in) {
    const std::int64_t b = block_size(arguments, in);
    if (in[2] % b != 0 || in[3] % b != 0) {
        arguments.malformed(fmt::format("an image of {}x{} does not split into blocks of {}", in[2], in[3], b));
    }
    const auto strides = strides_of(in);
    Rearranged result{.map = {}, .shape = {in[0], b * b * in[1], in[2] / b, in[3] / b}};
    (void)checked_size(result.shape, node_place(arguments.node().name));
    arguments.spend(result.shape[0] + result.shape[1] + result.shape[2] + result.shape[3]);
    result.map.offsets = {stepping(in[0], strides[0]), {}, stepping(in[2] / b, b * in[3]), stepping(in[3] / b, b)};
    for (std::int64_t block = 0; block < b * b; ++block) {
        for (std::int64_t c = 0; c < in[1]; ++c) {
            result.map.offsets[1].push_back(c * strides[1] + block / b * in[3] + block % b);
        }
    }
    return {std::move(result)};
}

}  // namespace qbound::internal
