// SPDX-License-Identifier: Apache-2.0
#include "qbound/reached.hpp"

#include "qbound/enclosure.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace qbound {

double Reached::log10_down() const noexcept {
    if (!(value > 0)) {
        return -std::numeric_limits<double>::infinity();
    }
    // log10_up is at most 1e-12·max(1, |log10|) above.
    const double log10 = Upper::exactly(value).log10_up();
    constexpr double kWithin = 2.5e-12;
    return log10 - kWithin * std::max(1.0, std::abs(log10));
}

Reached prove(const Network& network, const Parameters& theta, const Parameters& quantized, Witness witness, int threads) {
    // M1: wide enough for three digits to be the same from both sides, narrow enough to be found.
    constexpr double kTolerance = 0x1p-20;
    const RefinedEnclosure refined =
        enclose_closely(network, theta, quantized, witness.x, {.tolerance = kTolerance, .output = witness.output}, threads);
    const PointEnclosure& at = refined.enclosure;
    const Interval difference = at.difference[witness.output];
    Reached reached;
    reached.value = witness.value;
    reached.width = difference.lower == difference.upper ? 0 : next_up(difference.upper - difference.lower);
    if (refined.closed) {
        reached.guarantee = Guarantee::lower;
        reached.value = at.difference_down(witness.output);
    }
    reached.witness = std::move(witness);
    return reached;
}

std::int64_t default_evaluations(const Network& network) {
    constexpr double kMultiplyAdds = 1e12;
    constexpr double kFewest = 100;
    constexpr double kMost = 4000;
    double forward = 1;
    for (const NodeId id : network.weight_layers()) {
        const Node& node = network.node(id);
        forward += static_cast<double>(std::get<WeightLayer>(node.kind).weight->size()) * static_cast<double>(node.dims.positions());
    }
    return static_cast<std::int64_t>(std::clamp(kMultiplyAdds / (2 * forward), kFewest, kMost));
}

}  // namespace qbound
