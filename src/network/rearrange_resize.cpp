// SPDX-License-Identifier: Apache-2.0
// Resize (opset 10 on) and Upsample (7 to 9), nearest neighbour: each output position reads one input position.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/rearrange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace qbound::internal {

namespace {

struct Rule {
    std::string transformation;
    std::string rounding;
};

/// Position in the input of output position `o` (ONNX, Resize, coordinate_transformation_mode).
double position(const Arguments& arguments, const Rule& rule, std::int64_t o, std::int64_t in, std::int64_t out, double scale) {
    const auto x = static_cast<double>(o);
    if (rule.transformation == "asymmetric") {
        return x / scale;
    }
    if (rule.transformation == "half_pixel") {
        return (x + 0.5) / scale - 0.5;
    }
    if (rule.transformation == "pytorch_half_pixel") {
        return out > 1 ? (x + 0.5) / scale - 0.5 : 0.0;
    }
    if (rule.transformation == "align_corners") {
        return out > 1 ? x * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0.0;
    }
    if (rule.transformation == "half_pixel_symmetric") {
        const double adjustment = static_cast<double>(out) / (scale * static_cast<double>(in));
        const double centre = static_cast<double>(in) / 2;
        return centre * (1 - adjustment) + (x + 0.5) / scale - 0.5;
    }
    arguments.unsupported(fmt::format("coordinate_transformation_mode {}", quoted(rule.transformation)));
}

std::int64_t nearest(const Arguments& arguments, const Rule& rule, double x) {
    const double below = std::floor(x);
    const double above = std::ceil(x);
    if (rule.rounding == "floor") {
        return static_cast<std::int64_t>(below);
    }
    if (rule.rounding == "ceil") {
        return static_cast<std::int64_t>(above);
    }
    if (rule.rounding == "round_prefer_floor") {
        return static_cast<std::int64_t>(x - below <= 0.5 ? below : above);
    }
    if (rule.rounding == "round_prefer_ceil") {
        return static_cast<std::int64_t>(x - below < 0.5 ? below : above);
    }
    arguments.unsupported(fmt::format("nearest_mode {}", quoted(rule.rounding)));
}

/// The numbers of input `i` or of the attribute; nothing if neither is there or it is empty, as exporters write an absent input.
std::optional<std::vector<double>> numbers(const Arguments& arguments, std::size_t i, const std::string& attribute) {
    const auto found = arguments.node().attributes.find(attribute);
    if (found != arguments.node().attributes.end()) {
        if (const auto* list = std::get_if<std::vector<double>>(&found->second)) {
            return *list;
        }
        arguments.malformed(fmt::format("attribute {} is not a list of numbers", quoted(attribute)));
    }
    if (!arguments.given(i)) {
        return std::nullopt;
    }
    const TensorPtr tensor = arguments.constant(i, attribute);
    return tensor->data.empty() ? std::nullopt : std::optional(tensor->data);
}

}  // namespace

std::vector<Rearranged> rearrange_resize(const Arguments& arguments, const Shape& in) {
    const ModelNode& node = arguments.node();
    const bool current = node.op == "Resize" && arguments.opset() >= 11;
    if (const std::string mode = string_attribute(node, "mode", "nearest"); mode != "nearest") {
        arguments.unsupported(fmt::format("mode {} interpolates", quoted(mode)), "only mode nearest is supported");
    }
    const Rule rule = current ? Rule{string_attribute(node, "coordinate_transformation_mode", "half_pixel"),
                                     string_attribute(node, "nearest_mode", "round_prefer_floor")}
                              : Rule{"asymmetric", "floor"};
    if (string_attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch") {
        arguments.unsupported("keep_aspect_ratio_policy other than stretch");
    }
    auto scales = numbers(arguments, current ? 2 : 1, "scales");
    std::optional<std::vector<std::int64_t>> sizes;
    if (current && arguments.given(3) && !arguments.constant(3, "sizes")->data.empty()) {
        sizes = integer_entries(arguments, *arguments.constant(3, "sizes"), 3);
    }
    const std::size_t listed = sizes ? sizes->size() : (scales ? scales->size() : 0);
    std::vector<std::size_t> axes(in.size());
    for (std::size_t k = 0; k < axes.size(); ++k) {
        axes[k] = k;
    }
    if (const auto given = integers_attribute(node, "axes")) {
        axes = axes_of(arguments, *given, in.size());
        if (!std::ranges::is_sorted(*given) || given->front() < 0) {
            arguments.unsupported("axes that are not in order");
        }
    }
    if (listed != axes.size()) {
        arguments.malformed(fmt::format("scales or sizes has {} entries for {} axes", listed, axes.size()));
    }
    const auto strides = strides_of(in);
    Rearranged result{.map = identity_map(in, [&](std::int64_t entries) { arguments.spend(entries); }), .shape = in};
    for (std::size_t n = 0; n < axes.size(); ++n) {
        const std::size_t k = axes[n];
        double scale = sizes ? static_cast<double>((*sizes)[n]) / static_cast<double>(in[k]) : (*scales)[n];
        const double extent = sizes ? static_cast<double>((*sizes)[n]) : std::floor(static_cast<double>(in[k]) * scale);
        if (!(scale > 0) || !(extent >= 1 && extent <= static_cast<double>(kMaxEntries))) {
            arguments.malformed(fmt::format("scale {} of an axis of extent {}", scale, in[k]));
        }
        const auto out = static_cast<std::int64_t>(extent);
        arguments.spend(out);
        auto& offsets = result.map.offsets[k];
        offsets.clear();
        for (std::int64_t o = 0; o < out; ++o) {
            const std::int64_t source = nearest(arguments, rule, position(arguments, rule, o, in[k], out, scale));
            offsets.push_back(std::clamp<std::int64_t>(source, 0, in[k] - 1) * strides[k]);
        }
        result.shape[k] = out;
    }
    return {std::move(result)};
}

}  // namespace qbound::internal
