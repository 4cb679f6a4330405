// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"

#include <string>
#include <vector>

namespace qbound::internal {

/// The hypotheses of the chain theorems (docs/theory.md T0) that fail on the nodes of `path`: one sentence for each hypothesis,
/// with the first node concerned. Empty means that T1–T3 hold on this network.
[[nodiscard]] std::vector<std::string> violated_chain_hypotheses(const BoundInput& input, const std::vector<NodeId>& path);

}  // namespace qbound::internal
