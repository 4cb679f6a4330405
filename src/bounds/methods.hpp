// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"

namespace qbound::internal {

// The methods of the registry, one function each, in the file of its name.
[[nodiscard]] Bound houache_graph(const BoundInput& input);
[[nodiscard]] Bound layerwise_inf(const BoundInput& input);
[[nodiscard]] Bound layerwise_two(const BoundInput& input);
[[nodiscard]] Bound interval(const BoundInput& input);
[[nodiscard]] Bound joint(const BoundInput& input);

}  // namespace qbound::internal
