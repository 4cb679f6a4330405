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

/// Operators that `lower` understands, sorted by name, for `inspect --operators`.
[[nodiscard]] std::vector<std::string> supported_operators();

}  // namespace qbound
