// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

#include <cstddef>
#include <vector>

namespace qbound::internal {

/// For each weight layer of `network` the layer of `other` at the same place of the same graph.
///
/// The graphs are the same if from the outputs down equal kinds with equal shapes, attributes and values in everything but the
/// weights and biases of weight layers read from nodes that are the same in turn. Names, boxes, the order of nodes and of a sum's
/// operands are free, and Views are seen through. Where branches differ in their weights alone, a sum's operands are taken in the
/// order given. Errors: Error{unsupported} at the first node (of `network`, by name) that differs, saying in what. Cost: linear in
/// the nodes and their attributes.
[[nodiscard]] std::vector<std::size_t> match_layers(const Network& network, const Network& other);

}  // namespace qbound::internal
