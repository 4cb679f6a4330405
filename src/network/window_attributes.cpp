// SPDX-License-Identifier: Apache-2.0
#include "network/window_attributes.hpp"

#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

namespace qbound::internal {

namespace {

AutoPad auto_pad_of(const ModelNode& node) {
    const std::string mode = string_attribute(node, "auto_pad", "NOTSET");
    if (mode == "NOTSET") {
        return AutoPad::not_set;
    }
    if (mode == "VALID") {
        return AutoPad::valid;
    }
    if (mode == "SAME_UPPER") {
        return AutoPad::same_upper;
    }
    if (mode == "SAME_LOWER") {
        return AutoPad::same_lower;
    }
    throw Error(ErrorKind::malformed, node_place(node.name),
                fmt::format("auto_pad {} is not NOTSET, VALID, SAME_UPPER or SAME_LOWER", quoted(mode)));
}

std::vector<std::int64_t> kernel_extents(const ModelNode& node, const std::vector<std::int64_t>& kernel, std::size_t spatial) {
    if (!has_attribute(node, "kernel_shape")) {
        if (kernel.empty()) {
            throw Error(ErrorKind::malformed, node_place(node.name), "attribute 'kernel_shape' is missing");
        }
        return kernel;
    }
    auto given = integers_attribute(node, "kernel_shape", spatial, 1);
    if (!kernel.empty() && given != kernel) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("kernel_shape {} differs from the weight's {}", to_string(given), to_string(kernel)));
    }
    return given;
}

}  // namespace

std::size_t spatial_rank(const ModelNode& node, const Shape& in) {
    if (in.size() < 2) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("{} needs channels and at least one spatial axis; its input is {}", node.op, to_string(in)));
    }
    if (in.size() > 3) {
        throw Error(ErrorKind::unsupported, node_place(node.name), fmt::format("{} over {} spatial axes", node.op, in.size() - 1),
                    "one or two are supported");
    }
    return in.size() - 1;
}

Axes window_axes(const ModelNode& node, const Shape& in, const std::vector<std::int64_t>& kernel) {
    const std::size_t spatial = spatial_rank(node, in);
    const std::string place = node_place(node.name);
    const auto extents = kernel_extents(node, kernel, spatial);
    const auto strides = integers_attribute(node, "strides", spatial, 1);
    const auto dilations = integers_attribute(node, "dilations", spatial, 1);
    const auto pads = integers_attribute(node, "pads", 2 * spatial, 0);
    const AutoPad auto_pad = auto_pad_of(node);
    const std::int64_t ceil_mode = integer_attribute(node, "ceil_mode", 0);
    if (ceil_mode != 0 && ceil_mode != 1) {
        throw Error(ErrorKind::malformed, place, fmt::format("ceil_mode {} is neither 0 nor 1", ceil_mode));
    }
    Axes axes;
    for (std::size_t k = 0; k < spatial; ++k) {
        const WindowAxis window{extents[k], strides[k], dilations[k], pads[k], pads[spatial + k]};
        axes[2 - spatial + k] = slide(in[k + 1], window, auto_pad, ceil_mode == 1, place);
    }
    return axes;
}

Shape window_output(std::int64_t channels, const Axes& axes, std::size_t rank) {
    if (rank == 2) {
        return {channels, axes[1].out};
    }
    return {channels, axes[0].out, axes[1].out};
}

}  // namespace qbound::internal
