// SPDX-License-Identifier: Apache-2.0
// Pad: constant, edge, reflect and wrap, with negative pads that cut.
#include "network/attributes.hpp"
#include "network/geometry.hpp"
#include "network/naming.hpp"
#include "network/rearrange.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qbound::internal {

namespace {

enum class PadMode { constant, edge, reflect, wrap };

PadMode pad_mode(const Arguments& arguments) {
    const std::string mode = string_attribute(arguments.node(), "mode", "constant");
    if (mode == "constant") {
        return PadMode::constant;
    }
    if (mode == "edge") {
        return PadMode::edge;
    }
    if (mode == "reflect") {
        return PadMode::reflect;
    }
    if (mode == "wrap") {
        return PadMode::wrap;
    }
    arguments.malformed(fmt::format("mode {} is not constant, edge, reflect or wrap", quoted(mode)));
}

struct Padding {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

/// One pair per axis of the input. The list counts all axes, or those that the input 'axes' names; where the batch axis may be left
/// out, also a sample's axes, or its spatial axes.
std::vector<Padding> paddings(const Arguments& arguments, const std::vector<std::int64_t>& pads, const Shape& in) {
    for (const std::int64_t pad : pads) {
        if (pad > kMaxWindowParameter || pad < -kMaxWindowParameter) {
            arguments.malformed(fmt::format("padding {} is out of range", pad));
        }
    }
    const std::size_t count = pads.size() / 2;
    std::vector<Padding> result(in.size());
    if (arguments.given(3)) {
        const auto axes = *arguments.integers(3, "axes");
        (void)axes_of(arguments, axes, in.size());
        if (pads.size() != 2 * axes.size()) {
            arguments.malformed(fmt::format("pads has {} entries for {} axes", pads.size(), axes.size()));
        }
        for (std::size_t k = 0; k < axes.size(); ++k) {
            result[axis_of(arguments, axes[k], in.size())] = {pads[k], pads[k + count]};
        }
        return result;
    }
    const bool partial = arguments.batch_axis_optional() && in.front() == 1 &&
                         (count + 1 == in.size() || (in.size() >= 3 && count + 2 == in.size()));
    if (pads.size() % 2 != 0 || (count != in.size() && !partial)) {
        arguments.malformed(fmt::format("pads has {} entries for an input of rank {} (with batch)", pads.size(), in.size()));
    }
    if (arguments.batch_axis_optional() && count == in.size() && (pads[0] != 0 || pads[count] != 0)) {
        arguments.unsupported("Pad along the batch axis");
    }
    for (std::size_t k = 0; k < count; ++k) {
        result[k + in.size() - count] = {pads[k], pads[k + count]};
    }
    return result;
}

/// Input index of output position `o` along an axis of extent n; −1: the constant.
std::int64_t padded_source(std::int64_t o, std::int64_t n, PadMode mode) {
    if (o >= 0 && o < n) {
        return o;
    }
    switch (mode) {
        case PadMode::constant:
            return -1;
        case PadMode::edge:
            return o < 0 ? 0 : n - 1;
        case PadMode::reflect:
            return o < 0 ? -o : 2 * (n - 1) - o;
        case PadMode::wrap:
            return (o % n + n) % n;
    }
    return -1;
}

/// Checks one axis and returns its output extent.
std::int64_t padded_extent(const Arguments& arguments, std::int64_t n, const Padding& pad, PadMode mode) {
    const std::int64_t out = n + pad.begin + pad.end;
    if (out < 1 || std::max<std::int64_t>(-pad.begin, 0) >= n || std::max<std::int64_t>(-pad.end, 0) >= n) {
        arguments.malformed(fmt::format("pads {} and {} leave nothing of an axis of extent {}", pad.begin, pad.end, n));
    }
    if (mode == PadMode::reflect && std::max(pad.begin, pad.end) >= n) {
        arguments.malformed(fmt::format("reflecting {} entries of an axis of extent {}", std::max(pad.begin, pad.end), n));
    }
    return out;
}

}  // namespace

std::vector<Rearranged> rearrange_pad(const Arguments& arguments, const Shape& in) {
    const PadMode mode = pad_mode(arguments);
    const bool first_name = has_attribute(arguments.node(), "paddings");  // opset 1
    const auto given = arguments.integers(1, first_name ? "paddings" : "pads");
    if (!given) {
        arguments.malformed("has no pads");
    }
    const auto pads = paddings(arguments, *given, in);
    const double value = arguments.scalar(2, "constant value").value_or(number_attribute(arguments.node(), "value", 0));
    const auto strides = strides_of(in);
    Rearranged result;
    result.map.constant = mode == PadMode::constant ? value : 0;
    for (std::size_t k = 0; k < in.size(); ++k) {
        const std::int64_t out = padded_extent(arguments, in[k], pads[k], mode);
        arguments.spend(out);
        result.shape.push_back(out);
        auto& offsets = result.map.offsets.emplace_back();
        for (std::int64_t o = 0; o < out; ++o) {
            const std::int64_t source = padded_source(o - pads[k].begin, in[k], mode);
            offsets.push_back(source < 0 ? -1 : source * strides[k]);
        }
    }
    return {std::move(result)};
}

}  // namespace qbound::internal
