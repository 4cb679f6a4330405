// SPDX-License-Identifier: Apache-2.0
// Flatten, Reshape, Concat and Identity: entries keep their order or are laid side by side.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace qbound::internal {

namespace {

[[noreturn]] void malformed(const ModelNode& node, std::string reason) {
    throw Error(ErrorKind::malformed, node_place(node.name), std::move(reason));
}

/// The shape that Reshape's `target` means for an input of shape `in` (both with batch, or both without): 0 copies the input's
/// extent (unless `allow_zero`), one −1 is inferred. Nothing if the sizes do not agree.
std::optional<Shape> resolve(const std::vector<std::int64_t>& target, const Shape& in, bool allow_zero) {
    const std::int64_t size = dims_of(in).size();
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

std::vector<std::int64_t> reshape_target(const Translator& t, const ModelNode& node) {
    if (!Translator::has_input(node, 1)) {
        auto target = integers_attribute(node, "shape");
        if (!target) {
            malformed(node, "has no shape");
        }
        return *std::move(target);
    }
    const TensorPtr tensor = t.constant(node, 1, "shape");
    std::vector<std::int64_t> target;
    for (const double extent : tensor->data) {
        if (!(extent >= -1 && extent <= static_cast<double>(kMaxEntries) &&
              extent == static_cast<double>(static_cast<std::int64_t>(extent)))) {
            malformed(node, fmt::format("shape {} has the extent {}", quoted(node.inputs[1]), extent));
        }
        target.push_back(static_cast<std::int64_t>(extent));
    }
    return target;
}

}  // namespace

void translate_flatten(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const auto rank = static_cast<std::int64_t>(in.size()) + 1;
    const std::int64_t given = integer_attribute(node, "axis", 1);
    if (given < -rank || given > rank) {
        malformed(node, fmt::format("axis {} of an input of rank {}", given, rank));
    }
    const std::int64_t axis = given < 0 ? given + rank : given;
    const auto rows_end = in.begin() + std::max<std::int64_t>(axis - 1, 0);
    if (std::any_of(in.begin(), rows_end, [](std::int64_t extent) { return extent != 1; })) {
        throw Error(ErrorKind::unsupported, node_place(node.name), fmt::format("Flatten about axis {} gives several rows", axis));
    }
    t.emit(node, View{}, {id}, {dims_of(in).size()});
}

void translate_reshape(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const auto target = reshape_target(t, node);
    const bool allow_zero = integer_attribute(node, "allowzero", 0) != 0;
    // Read with the batch axis, as ONNX has it; where that does not leave a batch of 1, the shape is one sample's.
    Shape batched = in;
    batched.insert(batched.begin(), 1);
    std::optional<Shape> out = resolve(target, batched, allow_zero);
    if (out && out->size() > 1 && out->front() == 1) {
        out->erase(out->begin());
    } else {
        out = resolve(target, in, allow_zero);
    }
    if (!out) {
        malformed(node, fmt::format("an input of shape {} cannot be reshaped to {}", to_string(in), to_string(target)));
    }
    t.emit(node, View{}, {id}, *std::move(out));
}

void translate_concat(Translator& t, const ModelNode& node) {
    std::vector<NodeId> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        inputs.push_back(t.source(node, i));
    }
    Shape out = t.shape(inputs.front());
    const auto rank = static_cast<std::int64_t>(out.size()) + 1;
    const std::int64_t given = integer_attribute(node, "axis", 1);
    if (given < -rank || given >= rank) {
        malformed(node, fmt::format("axis {} of an input of rank {}", given, rank));
    }
    const std::int64_t batched = given < 0 ? given + rank : given;
    if (batched == 0) {
        throw Error(ErrorKind::unsupported, node_place(node.name), "Concat along the batch axis");
    }
    const auto axis = static_cast<std::size_t>(batched - 1);
    if (axis > 0 && axis + 2 < out.size()) {
        throw Error(ErrorKind::unsupported, node_place(node.name), fmt::format("Concat along axis {} of rank {}", batched, rank));
    }
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        const Shape& next = t.shape(inputs[i]);
        Shape expected = out;
        if (next.size() == out.size()) {
            expected[axis] = next[axis];
        }
        if (next != expected) {
            malformed(node, fmt::format("input {} of shape {} does not fit {} along axis {}", quoted(node.inputs[i]),
                                        to_string(next), to_string(t.shape(inputs.front())), batched));
        }
        out[axis] += next[axis];
        (void)checked_size(out, node_place(node.name));
    }
    int canonical = 0;
    if (out.size() > 1) {
        const std::size_t from_end = out.size() - 1 - axis;
        canonical = from_end == 0 ? 2 : (from_end == 1 && out.size() > 2 ? 1 : 0);
    }
    t.emit(node, Concat{canonical}, std::move(inputs), std::move(out));
}

void translate_identity(Translator& t, const ModelNode& node) {
    t.alias(node, t.source(node, 0));
}

}  // namespace qbound::internal
