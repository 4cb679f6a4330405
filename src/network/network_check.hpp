// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

#include <vector>

namespace qbound::internal {

/// Error{malformed} naming the node unless all that Network promises of node `id` holds: its inputs are earlier nodes, its shape
/// follows from theirs and its kind, its parameters are finite. Nodes before it must have passed.
void check_node(const std::vector<Node>& nodes, NodeId id);

/// Error{malformed} unless the box fits the input: one interval per channel or per entry, finite, lower ≤ upper.
void check_box(const Box& box, const Dims& input);

}  // namespace qbound::internal
