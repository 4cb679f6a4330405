// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/index_map.hpp"
#include "qbound/model.hpp"
#include "qbound/network.hpp"

#include <cstddef>
#include <cstdint>
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
    [[nodiscard]] const Shape& shape(NodeId id) const { return draft_.nodes[static_cast<std::size_t>(id)].shape; }

    [[nodiscard]] static bool has_input(const ModelNode& node, std::size_t i) {
        return i < node.inputs.size() && !node.inputs[i].empty();
    }
    [[nodiscard]] bool is_constant(const ModelNode& node, std::size_t i) const;

    /// The tensor behind input `i`, checked to be consistent and finite. `role` is what messages call it: "weight", "lower limit".
    /// Errors: Error{unsupported} if the input is computed, Error{malformed} naming the tensor.
    [[nodiscard]] TensorPtr constant(const ModelNode& node, std::size_t i, std::string_view role) const;
    /// The same without the demand to be finite.
    [[nodiscard]] TensorPtr raw_constant(const ModelNode& node, std::size_t i, std::string_view role) const;

    /// Appends a network node for `node` and makes it the value of its first output.
    NodeId emit(const ModelNode& node, NodeKind kind, std::vector<NodeId> inputs, Shape shape);
    /// Appends a node that the file does not have, named after `node`: "fc" and "flatten" give "fc.flatten".
    NodeId insert(const ModelNode& node, std::string_view suffix, std::string op, NodeKind kind, std::vector<NodeId> inputs,
                  Shape shape);
    /// Emits the index map on input `id`.
    NodeId emit_map(const ModelNode& node, const IndexMap& map, NodeId id);
    /// Makes `id` the value of the node's first output, without a node of its own.
    void alias(const ModelNode& node, NodeId id);

    /// Announces tables of `entries` entries. Errors: Error{malformed} beyond kMaxTableEntries in all.
    void spend(std::int64_t entries, const ModelNode& node);

    void note(std::string text) { log_.notes.push_back(std::move(text)); }
    /// Translates all nodes.
    [[nodiscard]] Draft run();

  private:
    NodeId append(std::string name, std::string op, NodeKind kind, std::vector<NodeId> inputs, Shape shape);
    [[nodiscard]] std::string unused_name(std::string name);

    void release_tensors(std::size_t node);

    Model& model_;
    Log& log_;
    Draft draft_;
    std::unordered_map<std::string, NodeId> values_;
    std::unordered_set<std::string> names_;
    std::unordered_map<std::string, std::size_t> last_use_;  ///< of a tensor: index of the node
    std::int64_t spent_ = 0;
};

}  // namespace qbound::internal
