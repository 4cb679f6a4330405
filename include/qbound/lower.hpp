// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"
#include "qbound/network.hpp"

#include <optional>
#include <string>
#include <vector>

namespace qbound {

struct LowerOptions {
    std::optional<Box> box;     ///< replaces the file's box; one interval for all, one per channel, or one per entry
    bool weights_only = false;  ///< pass quantization of activations through: bounds are then for the weights alone
    bool require_box = true;    ///< false for `inspect`: a network without a box gets [−1, 1] and a note
};

/// A Network and what was done to get it, for `inspect` and reports.
struct Lowered {
    Network network;
    std::vector<std::string> folds;  ///< e.g. "BatchNormalization 'n1' into Conv 'c1'"
    std::vector<std::string> notes;  ///< decisions that the user should know of
    bool assumed_chain = false;
    bool assumed_box = false;  ///< neither the file nor the options have a box: [−1, 1] stands for it
};

/// Model → Network: orders the nodes, infers and checks every shape, folds BatchNormalization, expresses every operator in the ten
/// node kinds, and drops what does not reach the output. Passes in src/network/, one file each.
///
/// Attributes count the batch axis as ONNX does. Where nothing else can be meant it may be missing: `pads` of Pad for a sample's
/// axes or for its spatial axes only, `perm` of a sample's axes. Reshape's shape is read with the batch; if its first extent is
/// then not 1, as one sample's. A Gemm on C×1×1 flattens it.
///
/// Errors  Error{malformed} naming the node or tensor (cycle, unknown input, duplicate name, missing tensor, shapes that do not
/// fit,
///         var + ε ≤ 0, …); Error{unsupported} that lists all operators and attributes without a meaning here at once;
///         Error{usage} for a box in `options` that does not fit.
/// Cost    linear in the parameters.
[[nodiscard]] Lowered lower(const Model& model, const LowerOptions& options);

/// The same; a tensor is released after its last use, so that weights which folding or transposing copies are not held twice.
[[nodiscard]] Lowered lower(Model&& model, const LowerOptions& options);

/// Network → Model: the network, with its box, in ONNX's operators (opset 21, a batch of 1 in front of every shape) and Scale.
/// Lowering the result gives the same network up to Views: the same kinds, names and numbers, bit for bit.
///
/// What is more than one operator: a Sum of several inputs is a chain of Add and Sub; a pool whose axes follow different rules is
/// one pool per axis; a Select that is no Slice, Pad, Expand or Transpose is a Pad with the constants that it needs and a Gather
/// per axis, or one on the flattened value. Where an operator needs another notation of a value, or gives one, a Reshape stands
/// before or after it. The node's name stays with its operator; added nodes are called NAME.view and the like.
///
/// Errors  Error{unsupported} naming an AveragePool with divisors that ONNX does not have. No file gives one.
/// Cost    linear in the network; weights of 2-D convolutions are shared, others copied.
[[nodiscard]] Model to_model(const Network& network);

/// Operators that `lower` understands, sorted by name, for `inspect --operators`.
[[nodiscard]] std::vector<std::string> supported_operators();

}  // namespace qbound
