// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"
#include "qbound/network.hpp"

#include <optional>
#include <string>
#include <vector>

namespace qbound {

struct LowerOptions {
    std::optional<Box> box;  ///< replaces the file's box; one interval for all, one per channel, or one per entry
    bool require_box = true; ///< false for `inspect`: a network without a box gets [−1, 1] and a note
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
/// Errors  Error{malformed} naming the node or tensor (cycle, unknown input, duplicate name, missing tensor, shapes that do not fit,
///         var + ε ≤ 0, …); Error{unsupported} that lists all operators and attributes without a meaning here at once.
/// Cost    linear in the parameters.
[[nodiscard]] Lowered lower(const Model& model, const LowerOptions& options);

/// Operators that `lower` understands, sorted, for `inspect --operators`.
[[nodiscard]] std::vector<std::string> supported_operators();

}  // namespace qbound
