// SPDX-License-Identifier: Apache-2.0
#include "bounds/differential.hpp"
#include "bounds/methods.hpp"

namespace qbound::internal {

Bound interval(const BoundInput& input) {
    const DifferentialIntervals output = propagate_intervals(input.network, input.pair, input.threads, {});
    return {"interval", largest_difference(output), Guarantee::certified, {}};
}

}  // namespace qbound::internal
