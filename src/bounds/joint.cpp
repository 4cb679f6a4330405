// SPDX-License-Identifier: Apache-2.0
// The reduced product of intervals, ∞-norms and 2-norms (docs/theory.md J1).
#include "bounds/differential.hpp"
#include "bounds/layerwise.hpp"
#include "bounds/methods.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace qbound::internal {
namespace {

/// ‖max(|lower|, |upper|)‖_2 over all positions, a class counted as often as it occurs.
Upper two_norm_up(const DifferentialIntervals& v, Component lower, Component upper) {
    const auto& low = v.values[lower];
    const auto& high = v.values[upper];
    const double largest = std::max(max_abs(low), max_abs(high));
    if (largest == 0 || !std::isfinite(largest)) {
        return Upper::exactly(largest);
    }
    // Scaled by a power of two to [1, 2): squares cannot overflow, and what underflows is covered by the inflation (J2).
    const int exponent = std::ilogb(largest);
    double sum = 0;
    std::size_t at = 0;
    for (std::int64_t channel = 0; channel < v.dims.channels; ++channel) {
        for (std::int64_t r = 0; r < v.grid.rows.size(); ++r) {
            for (std::int64_t c = 0; c < v.grid.columns.size(); ++c, ++at) {
                const double magnitude = std::scalbn(std::max(std::fabs(low[at]), std::fabs(high[at])), -exponent);
                sum += static_cast<double>(v.grid.multiplicity(r, c)) * (magnitude * magnitude);
            }
        }
    }
    const double exact_sum_up = next_up(inflate_sum_up(sum, v.entries() + 4) * (1 + 0x1p-50));
    return sqrt_up(Upper::exactly(exact_sum_up)) * Upper::exactly(std::scalbn(1.0, exponent));
}

Upper inf_norm_of(const DifferentialIntervals& v, Component lower, Component upper) {
    return Upper::exactly(std::max(max_abs(v.values[lower]), max_abs(v.values[upper])));
}

void clip(DifferentialIntervals& v, Component lower, Component upper, std::size_t begin, std::size_t end, Upper bound) {
    const double limit = bound.value_up();
    for (std::size_t at = begin; at < end; ++at) {
        v.values[lower][at] = std::max(v.values[lower][at], -limit);
        v.values[upper][at] = std::min(v.values[upper][at], limit);
    }
}

void clip(DifferentialIntervals& v, std::size_t begin, std::size_t end, const NodeNorms& bound) {
    clip(v, x_lower, x_upper, begin, end, bound.x);
    clip(v, y_lower, y_upper, begin, end, bound.y);
    clip(v, d_lower, d_upper, begin, end, bound.d);
}

/// Each domain's bounds of a node cut the others'.
class Reduction {
  public:
    explicit Reduction(const BoundInput& input) : input_(input), norms_(input.network.nodes().size()) {}

    void operator()(NodeId id, DifferentialIntervals& v) {
        const Node& node = input_.network.node(id);
        NormPair& norms = norms_[static_cast<std::size_t>(id)];
        if (std::holds_alternative<Input>(node.kind)) {
            norms = input_norms(input_.network);
        } else if (const auto* layer = std::get_if<WeightLayer>(&node.kind)) {
            norms = weight_layer(node, *layer, v);
        } else {
            norms = propagate(input_.network, node, norms_, true);
        }
        clip(v, 0, v.values[x_lower].size(), norms.inf);
        norms.inf = smaller(norms.inf,
                            {inf_norm_of(v, x_lower, x_upper), inf_norm_of(v, y_lower, y_upper), inf_norm_of(v, d_lower, d_upper)});
        norms.two = smaller(norms.two,
                            {two_norm_up(v, x_lower, x_upper), two_norm_up(v, y_lower, y_upper), two_norm_up(v, d_lower, d_upper)});
    }

  private:
    NormPair weight_layer(const Node& node, const WeightLayer& layer, DifferentialIntervals& v) {
        const NormPair& in = norms_[static_cast<std::size_t>(node.inputs[0])];
        const auto& bias = input_.norms[layer_].bias_quantized;
        const auto by_sums = layer_rows_inf(layer, input_.norms[layer_], bias, in.inf);
        const auto by_two = layer_rows_two(layer, input_.spectral[layer_], bias, in.two);
        const NodeNorms two = layer_two(node, layer, input_.spectral[layer_], bias, in.two);
        const auto plane = static_cast<std::size_t>(v.plane());
        for (std::size_t i = 0; i < by_two.size(); ++i) {
            clip(v, i * plane, (i + 1) * plane, smaller(by_two[i], by_sums[i]));
        }
        ++layer_;
        return {smaller(smaller(largest(by_two), largest(by_sums)), two), two};
    }

    const BoundInput& input_;
    std::vector<NormPair> norms_;
    std::size_t layer_ = 0;
};

}  // namespace

Bound joint(const BoundInput& input) {
    Reduction reduce(input);
    const DifferentialIntervals output = propagate_intervals(input.network, input.pair, input.threads, std::ref(reduce));
    Upper value = min(largest_difference(output), layerwise_two(input).value);
    if (input.known != nullptr) {
        if (const auto found = input.known->find("interval"); found != input.known->end()) {
            value = min(value, found->second);
        }
    }
    return {"joint", value, Guarantee::certified, {}};
}

}  // namespace qbound::internal
