// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

namespace qbound::internal {

/// Checks that the two networks compute the same function of their weights and biases: equal kinds, inputs, shapes, attributes and
/// values in everything but the weights and biases of weight layers. Names, operator names and boxes are free.
/// Errors: Error{unsupported} at the first node (of `network`, by name) that differs, saying in what.
void require_same_graph(const Network& network, const Network& other);

}  // namespace qbound::internal
