// SPDX-License-Identifier: Apache-2.0
// Transpose and Pad: index maps.
#include "network/attributes.hpp"
#include "network/geometry.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qbound::internal {

namespace {

[[noreturn]] void malformed(const ModelNode& node, std::string reason, std::string hint = {}) {
    throw Error(ErrorKind::malformed, node_place(node.name), std::move(reason), std::move(hint));
}

/// The permutation of one sample's axes; `perm` may count the batch axis, which must stay in front.
std::vector<std::size_t> sample_permutation(const ModelNode& node, std::vector<std::int64_t> perm, std::size_t rank) {
    const std::size_t length = perm.size();
    if (length != rank && length != rank + 1) {
        malformed(node, fmt::format("perm has {} entries for an input of rank {} (with batch)", length, rank + 1));
    }
    const auto count = static_cast<std::int64_t>(length);
    std::vector<bool> seen(length, false);
    for (std::int64_t& axis : perm) {
        axis += axis < 0 ? count : 0;
        if (axis < 0 || axis >= count || seen[static_cast<std::size_t>(axis)]) {
            malformed(node, "perm is not a permutation of the axes");
        }
        seen[static_cast<std::size_t>(axis)] = true;
    }
    const bool batched = length == rank + 1;
    if (batched && perm.front() != 0) {
        throw Error(ErrorKind::unsupported, node_place(node.name), "Transpose moves the batch axis");
    }
    std::vector<std::size_t> axes;
    for (std::size_t k = batched ? 1 : 0; k < length; ++k) {
        axes.push_back(static_cast<std::size_t>(perm[k] - (batched ? 1 : 0)));
    }
    return axes;
}

enum class PadMode { constant, edge, reflect, wrap };

PadMode pad_mode(const ModelNode& node) {
    const std::string mode = string_attribute(node, "mode", "constant");
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
    malformed(node, fmt::format("mode {} is not constant, edge, reflect or wrap", quoted(mode)));
}

std::vector<std::int64_t> given_pads(const Translator& t, const ModelNode& node) {
    if (!Translator::has_input(node, 1)) {
        auto pads = integers_attribute(node, "pads");
        if (!pads) {
            malformed(node, "has no pads");
        }
        return *std::move(pads);
    }
    const TensorPtr tensor = t.constant(node, 1, "pads");
    std::vector<std::int64_t> pads;
    for (const double pad : tensor->data) {
        if (!(std::abs(pad) <= static_cast<double>(kMaxWindowParameter) && pad == std::trunc(pad))) {
            malformed(node, fmt::format("pads {} has the value {}", quoted(node.inputs[1]), pad));
        }
        pads.push_back(static_cast<std::int64_t>(pad));
    }
    return pads;
}

struct Padding {
    std::int64_t begin = 0;
    std::int64_t end = 0;
};

/// One pair per axis of a sample. The list counts the batch axis, or starts at the channels, or at the first spatial axis.
std::vector<Padding> sample_pads(const ModelNode& node, const std::vector<std::int64_t>& pads, std::size_t rank) {
    const std::size_t axes = pads.size() / 2;
    const bool spatial_only = rank >= 2 && axes == rank - 1;
    if (pads.size() % 2 != 0 || (axes != rank + 1 && axes != rank && !spatial_only)) {
        malformed(node, fmt::format("pads has {} entries for an input of rank {} (with batch)", pads.size(), rank + 1));
    }
    for (const std::int64_t pad : pads) {
        if (pad > kMaxWindowParameter || pad < -kMaxWindowParameter) {
            malformed(node, fmt::format("padding {} is out of range", pad));
        }
    }
    if (axes == rank + 1 && (pads[0] != 0 || pads[axes] != 0)) {
        throw Error(ErrorKind::unsupported, node_place(node.name), "Pad along the batch axis");
    }
    std::vector<Padding> result(rank);
    for (std::size_t k = 0; k < rank; ++k) {
        const std::size_t listed = k + axes;  // the last axis is the last one listed
        if (listed >= rank) {
            result[k] = {pads[listed - rank], pads[listed - rank + axes]};
        }
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

/// Checks one axis of a Pad and returns its output extent.
std::int64_t padded_extent(const ModelNode& node, std::int64_t n, const Padding& pad, PadMode mode) {
    const std::int64_t out = n + pad.begin + pad.end;
    if (out < 1 || std::max<std::int64_t>(-pad.begin, 0) >= n || std::max<std::int64_t>(-pad.end, 0) >= n) {
        malformed(node, fmt::format("pads {} and {} leave nothing of an axis of extent {}", pad.begin, pad.end, n));
    }
    if (mode == PadMode::reflect && std::max(pad.begin, pad.end) >= n) {
        malformed(node, fmt::format("reflecting {} entries of an axis of extent {}", std::max(pad.begin, pad.end), n));
    }
    return out;
}

double pad_constant(const Translator& t, const ModelNode& node) {
    if (!Translator::has_input(node, 2)) {
        return number_attribute(node, "value", 0);
    }
    const TensorPtr tensor = t.constant(node, 2, "constant value");
    if (tensor->size() != 1) {
        malformed(node, fmt::format("constant value {} has {} entries", quoted(node.inputs[2]), tensor->size()));
    }
    return tensor->data.front();
}

}  // namespace

void translate_transpose(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    auto perm = integers_attribute(node, "perm");
    if (!perm) {
        malformed(node, "perm is missing, which would move the batch axis", "give the permutation of all axes");
    }
    const auto axes = sample_permutation(node, *std::move(perm), in.size());
    const auto strides = strides_of(in);
    IndexMap map;
    for (const std::size_t axis : axes) {
        t.spend(in[axis], node);
        auto& offsets = map.offsets.emplace_back();
        for (std::int64_t i = 0; i < in[axis]; ++i) {
            offsets.push_back(i * strides[axis]);
        }
    }
    t.emit_map(node, map, id);
}

void translate_pad(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const PadMode mode = pad_mode(node);
    const auto pads = sample_pads(node, given_pads(t, node), in.size());
    const double value = pad_constant(t, node);
    const auto strides = strides_of(in);
    IndexMap map;
    map.constant = mode == PadMode::constant ? value : 0;
    for (std::size_t k = 0; k < in.size(); ++k) {
        const std::int64_t out = padded_extent(node, in[k], pads[k], mode);
        t.spend(out, node);
        auto& offsets = map.offsets.emplace_back();
        for (std::int64_t o = 0; o < out; ++o) {
            const std::int64_t source = padded_source(o - pads[k].begin, in[k], mode);
            offsets.push_back(source < 0 ? -1 : source * strides[k]);
        }
    }
    t.emit_map(node, map, id);
}

}  // namespace qbound::internal
