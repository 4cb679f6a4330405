// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bounds/norm_recursion.hpp"

namespace qbound::internal {

/// Norms of a node that is neither the input nor a weight layer, from the norms of all nodes before it (G3, G4).
[[nodiscard]] NormPair propagate(const Network& network, const Node& node, const std::vector<NormPair>& norms, bool with_two);

}  // namespace qbound::internal
