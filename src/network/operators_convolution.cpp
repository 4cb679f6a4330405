// SPDX-License-Identifier: Apache-2.0
// Conv and ConvTranspose.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/window_attributes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace qbound::internal {

namespace {

[[noreturn]] void malformed(const ModelNode& node, std::string reason, std::string hint = {}) {
    throw Error(ErrorKind::malformed, node_place(node.name), std::move(reason), std::move(hint));
}

/// The same data in another shape; shares the tensor where the shape is already that one.
TensorPtr reshaped(const TensorPtr& tensor, Shape shape) {
    if (tensor->shape == shape) {
        return tensor;
    }
    return std::make_shared<Tensor>(Tensor{std::move(shape), tensor->data});
}

std::vector<double> conv_bias(const Translator& t, const ModelNode& node, std::int64_t outputs) {
    if (!Translator::has_input(node, 2)) {
        return {};
    }
    const TensorPtr bias = t.constant(node, 2, "bias");
    if (bias->shape != Shape{outputs}) {
        malformed(node, fmt::format("bias {} has shape {} instead of {}", quoted(node.inputs[2]), to_string(bias->shape), outputs));
    }
    return bias->data;
}

/// What a ConvTranspose does along one axis: `stuffed` = (in − 1)·stride + 1 entries with zeros between, padded by `begin` and
/// `end` (negative: cut), then a convolution of stride 1.
struct TransposedAxis {
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t out = 1;
};

TransposedAxis transposed_axis(const ModelNode& node, std::int64_t in, std::int64_t kernel, std::size_t k, std::size_t spatial) {
    const auto strides = integers_attribute(node, "strides", spatial, 1);
    const auto dilations = integers_attribute(node, "dilations", spatial, 1);
    const auto pads = integers_attribute(node, "pads", 2 * spatial, 0);
    const auto extra = integers_attribute(node, "output_padding", spatial, 0);
    const std::int64_t largest = std::int64_t{1} << 24;
    for (const std::int64_t value : {strides[k], dilations[k], pads[k], pads[spatial + k], extra[k], kernel, in}) {
        if (value < 0 || value > largest) {
            malformed(node, fmt::format("{} is out of range for an attribute or extent", value));
        }
    }
    if (strides[k] < 1 || dilations[k] < 1 || extra[k] >= std::max(strides[k], dilations[k])) {
        malformed(node, "strides and dilations are at least 1, output_padding is below one of them");
    }
    const std::int64_t reach = (kernel - 1) * dilations[k];
    std::int64_t before = pads[k];
    std::int64_t after = pads[spatial + k];
    const std::int64_t unpadded = (in - 1) * strides[k] + reach + 1 + extra[k];
    const std::string mode = string_attribute(node, "auto_pad", "NOTSET");
    std::int64_t out = unpadded - before - after;
    if (const auto shape = integers_attribute(node, "output_shape")) {
        if (shape->size() != spatial && shape->size() != spatial + 2) {
            malformed(node, fmt::format("output_shape has {} entries", shape->size()));
        }
        out = (*shape)[shape->size() - spatial + k];
    } else if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
        out = in * strides[k];
    } else if (mode != "NOTSET" && mode != "VALID") {
        malformed(node, fmt::format("auto_pad {} is not NOTSET, VALID, SAME_UPPER or SAME_LOWER", quoted(mode)));
    }
    if (has_attribute(node, "output_shape") || mode.starts_with("SAME")) {
        const std::int64_t total = unpadded - out;
        before = total <= 0 ? 0 : (mode == "SAME_UPPER" ? total / 2 : total - total / 2);  // what is missing is added at the end
        after = total - before;
    }
    if (out < 1 || out > largest) {
        malformed(node, fmt::format("an output extent of {}", out));
    }
    // The correlation with the flipped kernel reads `reach` entries before and after, less what the padding cuts off.
    return {strides[k], dilations[k], reach - before, reach - after + extra[k], out};
}

/// Zeros between and around the entries of an axis, as offsets in steps of `unit`.
std::vector<std::int64_t> stuffed(const TransposedAxis& axis, std::int64_t in, std::int64_t unit) {
    std::vector<std::int64_t> offsets;
    const std::int64_t length = (in - 1) * axis.stride + 1 + axis.begin + axis.end;
    for (std::int64_t o = 0; o < length; ++o) {
        const std::int64_t at = o - axis.begin;
        const bool entry = at >= 0 && at <= (in - 1) * axis.stride && at % axis.stride == 0;
        offsets.push_back(entry ? at / axis.stride * unit : -1);
    }
    return offsets;
}

/// The kernel of the convolution: C × M/g × k… becomes M × C/g × k… with every spatial axis reversed.
TensorPtr flipped_kernel(const Tensor& stored, std::int64_t groups) {
    const Shape& w = stored.shape;
    const std::int64_t in_per_group = w[0] / groups;
    const std::int64_t out_per_group = w[1];
    std::int64_t taps = 1;
    for (std::size_t k = 2; k < w.size(); ++k) {
        taps *= w[k];
    }
    auto kernel = std::make_shared<Tensor>();
    kernel->shape = {groups * out_per_group, in_per_group, w.size() == 3 ? 1 : w[2], w.back()};
    kernel->data.resize(stored.data.size());
    for (std::int64_t c = 0; c < w[0]; ++c) {
        for (std::int64_t m = 0; m < out_per_group; ++m) {
            const std::int64_t row = (c / in_per_group * out_per_group + m) * in_per_group + c % in_per_group;
            for (std::int64_t tap = 0; tap < taps; ++tap) {
                kernel->data[static_cast<std::size_t>((row + 1) * taps - 1 - tap)] =
                    stored.data[static_cast<std::size_t>((c * out_per_group + m) * taps + tap)];
            }
        }
    }
    return kernel;
}

}  // namespace

void translate_conv(Translator& t, const ModelNode& node) {
    const NodeId id = t.batched_source(node, 0);
    const Shape in = t.shape(id);
    const std::size_t spatial = spatial_rank(node, in);
    const TensorPtr stored = t.constant(node, 1, "weight");
    const Shape& w = stored->shape;
    if (w.size() != spatial + 2) {
        malformed(node, fmt::format("weight {} has shape {} for an input of shape {}", quoted(node.inputs[1]), to_string(w),
                                    to_string(in)));
    }
    const std::int64_t groups = integer_attribute(node, "group", 1);
    if (groups < 1 || w[0] % groups != 0) {
        malformed(node, fmt::format("{} output channels do not split into {} groups", w[0], groups));
    }
    if (in[0] % groups != 0 || in[0] / groups != w[1]) {
        malformed(node, fmt::format("weight {} of shape {} in {} groups does not fit an input of {} channels",
                                    quoted(node.inputs[1]), to_string(w), groups, in[0]));
    }
    const Axes axes = window_axes(node, in, Shape(w.begin() + 2, w.end()));
    std::vector<double> bias = conv_bias(t, node, w[0]);
    const Shape out = batched(window_output(w[0], axes, in.size()));
    const Shape kernel = spatial == 1 ? Shape{w[0], w[1], 1, w[2]} : w;
    t.emit(node,
           WeightLayer{.weight = reshaped(stored, kernel), .bias = std::move(bias), .groups = groups, .axes = axes, .dense = false},
           {id}, out);
}

void translate_conv_transpose(Translator& t, const ModelNode& node) {
    NodeId id = t.batched_source(node, 0);
    const Shape in = t.shape(id);
    const std::size_t spatial = spatial_rank(node, in);
    const TensorPtr stored = t.constant(node, 1, "weight");
    const Shape& w = stored->shape;
    const std::int64_t groups = integer_attribute(node, "group", 1);
    if (w.size() != spatial + 2 || w[0] != in[0] || groups < 1 || in[0] % groups != 0) {
        malformed(node, fmt::format("weight {} of shape {} in {} groups does not fit an input of shape {}", quoted(node.inputs[1]),
                                    to_string(w), groups, to_string(in)));
    }
    if (has_attribute(node, "kernel_shape") && *integers_attribute(node, "kernel_shape") != Shape(w.begin() + 2, w.end())) {
        malformed(node, fmt::format("kernel_shape differs from the weight's shape {}", to_string(w)));
    }
    const auto strides = strides_of(in);
    const Spend spend = [&](std::int64_t entries) { t.spend(entries, node); };
    Rearranged zeros{.map = identity_map(t.full_shape(id), spend), .shape = t.full_shape(id)};
    Axes axes;
    for (std::size_t k = 0; k < spatial; ++k) {
        const TransposedAxis axis = transposed_axis(node, in[k + 1], w[k + 2], k, spatial);
        const std::int64_t length = (in[k + 1] - 1) * axis.stride + 1 + axis.begin + axis.end;
        t.spend(length, node);
        zeros.map.offsets[k + 2] = stuffed(axis, in[k + 1], strides[k + 1]);
        zeros.shape[k + 2] = length;
        const WindowAxis window{.kernel = w[k + 2], .dilation = axis.dilation};
        axes[2 - spatial + k] = slide(length, window, AutoPad::not_set, false, node_place(node.name));
    }
    std::vector<double> bias = conv_bias(t, node, groups * w[1]);
    id = t.insert_rearranged(node, "zeros", "Pad", zeros, id);
    t.note(fmt::format("ConvTranspose {}: a convolution with the reversed kernel over the input with zeros between its entries",
                       quoted(node.name)));
    const Shape out = batched(window_output(groups * w[1], axes, in.size()));
    t.emit(node,
           WeightLayer{
               .weight = flipped_kernel(*stored, groups), .bias = std::move(bias), .groups = groups, .axes = axes, .dense = false},
           {id}, out);
}

}  // namespace qbound::internal
