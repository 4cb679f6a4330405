// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/arguments.hpp"
#include "network/rearrange.hpp"
#include "qbound/model.hpp"
#include "qbound/network.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace qbound::internal {

/// What lowering did and decided, for the user.
struct Log {
    std::vector<std::string> folds;
    std::vector<std::string> notes;
};

/// Nodes of a network that is not checked yet. Ids are positions; an input has a smaller id than its consumer.
struct Draft {
    std::vector<Node> nodes;
    NodeId output = 0;
};

/// One sample's shape with a batch axis of 1 in front.
[[nodiscard]] inline Shape batched(Shape sample) {
    sample.insert(sample.begin(), 1);
    return sample;
}

/// Tables that lowering makes beyond the file's own size (index maps, divisors, values repeated per channel) have at most this many
/// entries in all, so that a small file cannot ask for much memory.
inline constexpr std::int64_t kMaxTableEntries = std::int64_t{1} << 26;

/// Turns a model's nodes, in topological order, into network nodes. Operators (operator_table.hpp) call it for inputs, constants
/// and output.
class Translator {
  public:
    /// `model` must have passed the passes before translation (passes.hpp). Its tensors are taken out of it after their last use.
    Translator(Model& model, Log& log);

    /// Id and shape of the node behind input `i` (without batch).
    /// Errors: Error{unsupported} if the input is a constant, or an output of an operator that has no meaning here.
    [[nodiscard]] NodeId source(const ModelNode& node, std::size_t i) const;
    /// One sample's shape.
    [[nodiscard]] const Shape& shape(NodeId id) const { return draft_.nodes[static_cast<std::size_t>(id)].shape; }
    /// The shape as ONNX has it, with the batch axis in front unless the graph took it away.
    [[nodiscard]] const Shape& full_shape(NodeId id) const { return full_shapes_[static_cast<std::size_t>(id)]; }
    /// `source` for operators that ONNX defines on N×C×…. Errors also: Error{unsupported} if the value has no batch axis of 1.
    [[nodiscard]] NodeId batched_source(const ModelNode& node, std::size_t i) const;

    [[nodiscard]] static bool has_input(const ModelNode& node, std::size_t i) {
        return i < node.inputs.size() && !node.inputs[i].empty();
    }
    [[nodiscard]] bool is_constant(const ModelNode& node, std::size_t i) const;

    /// The tensor behind input `i`, checked to be consistent and finite. `role` is what messages call it: "weight", "lower limit".
    /// Errors: Error{unsupported} if the input is computed, Error{malformed} naming the tensor.
    [[nodiscard]] TensorPtr constant(const ModelNode& node, std::size_t i, std::string_view role) const;
    /// The same without the demand to be finite.
    [[nodiscard]] TensorPtr raw_constant(const ModelNode& node, std::size_t i, std::string_view role) const;

    /// Appends a network node for `node` and makes it the value of its first output. `full` is the shape as ONNX has it.
    NodeId emit(const ModelNode& node, NodeKind kind, std::vector<NodeId> inputs, Shape full);
    /// The same for a kind that keeps the shape of its input `id`.
    NodeId emit_like(const ModelNode& node, NodeKind kind, NodeId id) { return emit(node, std::move(kind), {id}, full_shape(id)); }
    /// Appends a node that the file does not have, named after `node`: "fc" and "flatten" give "fc.flatten".
    NodeId insert(const ModelNode& node, std::string_view suffix, std::string op, NodeKind kind, std::vector<NodeId> inputs,
                  Shape full);
    /// Inserts the rearrangement of `id`; returns `id` itself where nothing changes but perhaps the shape's notation.
    NodeId insert_rearranged(const ModelNode& node, std::string_view suffix, std::string op, const Rearranged& rearranged,
                             NodeId id);
    /// Emits the rearrangement of `id` as the node's output `output`.
    NodeId emit_rearranged(const ModelNode& node, const Rearranged& rearranged, NodeId id, std::size_t output = 0);
    /// Makes `id` the value of the node's output `output`, without a node of its own.
    void alias(const ModelNode& node, NodeId id, std::size_t output = 0);

    /// The node's attributes and constant inputs.
    [[nodiscard]] Arguments arguments(const ModelNode& node);

    /// What `make` gives, the same tensor each time for the same `key`: a weight that two nodes share is one weight.
    template <class Make>
    [[nodiscard]] TensorPtr shared_weight(const std::string& key, const Make& make) {
        std::weak_ptr<const Tensor>& known = weights_[key];
        TensorPtr weight = known.lock();
        if (weight == nullptr) {
            weight = make();
            known = weight;
        }
        return weight;
    }

    /// Announces tables of `entries` entries. Errors: Error{malformed} beyond kMaxTableEntries in all.
    void spend(std::int64_t entries, const ModelNode& node);

    /// Whether the file may write shapes, axes and permutations without the batch axis.
    [[nodiscard]] bool batch_axis_optional() const noexcept { return model_.batch_axis_optional; }
    [[nodiscard]] std::int64_t opset() const noexcept { return model_.opset; }

    void note(std::string text) { log_.notes.push_back(std::move(text)); }
    /// Translates all nodes.
    [[nodiscard]] Draft run();

  private:
    /// The tensor behind input `i`, as many values as its shape has entries.
    [[nodiscard]] TensorPtr checked_constant(const ModelNode& node, std::size_t i) const;
    NodeId append(std::string name, std::string op, NodeKind kind, std::vector<NodeId> inputs, Shape full);
    [[nodiscard]] bool fold(const ModelNode& node);
    [[nodiscard]] std::string unused_name(std::string name);

    void release_tensors(std::size_t node);

    Model& model_;
    Log& log_;
    Draft draft_;
    std::vector<Shape> full_shapes_;  ///< of the draft's nodes
    std::unordered_map<std::string, NodeId> values_;
    std::unordered_set<std::string> names_;
    std::unordered_map<std::string, std::size_t> last_use_;  ///< of a tensor: index of the node
    std::unordered_map<std::string, std::weak_ptr<const Tensor>> weights_;
    std::int64_t spent_ = 0;
};

}  // namespace qbound::internal
