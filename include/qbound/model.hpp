// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/tensor.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace qbound {

/// An attribute's value, in ONNX's types. (A string attribute such as auto_pad is a std::string.)
using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>, std::vector<double>, TensorPtr>;

/// One node as the file says it, in ONNX's vocabulary: positional inputs are value names (of graph inputs, of other nodes'
/// outputs, or of tensors in Model::tensors); an empty string is an absent optional input. A Conv's weight is inputs[1].
struct ModelNode {
    std::string name;
    std::string op;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::map<std::string, Attribute> attributes;
};

/// A graph input. `shape` has the batch dimension first, as in ONNX; a batch that the file leaves open is 1.
/// `lower` and `upper` are the box Ω if the file gives one: a scalar, one value per channel, or the shape without batch.
struct ModelInput {
    std::string name;
    Shape shape;
    TensorPtr lower;
    TensorPtr upper;
};

/// A network as its file says it. Every reader turns bytes into this and knows nothing of what follows; `lower` turns it into
/// a checked Network. Nodes may stand in any order.
struct Model {
    std::string name;
    std::string format;  ///< "manifest", "layer-list", "weight-dump", "npz", "npy-folder", "onnx", "safetensors"
    std::vector<ModelInput> inputs;
    std::vector<std::string> outputs;  ///< value names; qbound bounds one of them
    std::vector<ModelNode> nodes;
    std::map<std::string, TensorPtr> tensors;  ///< initializers, by value name
    std::set<std::string> supplied;            ///< those of them that a dump lacks: assumed, or from its topology
    std::int64_t opset = 21;                   ///< decides between an operator's versions
    bool batch_axis_optional = true;           ///< shapes, axes, perm and pads may leave the batch axis out (not in ONNX files)
    bool assumed_chain = false;                ///< the file has no topology: the nodes are a guess, and bounds say so
    std::vector<std::string> notes;            ///< what the reader decided or left out, for the user
};

}  // namespace qbound
