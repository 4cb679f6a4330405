// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bounds/classes.hpp"
#include "qbound/network.hpp"
#include "qbound/quantize.hpp"
#include "qbound/rounding.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

namespace qbound::internal {

/// Which of the six numbers of an entry: x ∈ [x_lower, x_upper], x' ∈ [y_lower, y_upper], x − x' ∈ [d_lower, d_upper].
enum Component : std::size_t { x_lower, x_upper, y_lower, y_upper, d_lower, d_upper };
inline constexpr std::size_t kComponents = 6;

/// Differential intervals of one node, one entry per channel and per class of positions (docs/theory.md I1, I6). A lost bound is
/// infinite; NaN never occurs.
struct DifferentialIntervals {
    Dims dims;  ///< of the node
    Grid grid;
    std::array<std::vector<double>, kComponents> values;  ///< channels × grid.plane() each

    DifferentialIntervals() = default;
    DifferentialIntervals(const Dims& node_dims, const Grid& classes);

    [[nodiscard]] std::int64_t plane() const noexcept { return grid.plane(); }
    [[nodiscard]] std::int64_t entries() const noexcept { return dims.channels * plane(); }
};

/// Called on each node's intervals once they are known; may shrink them (the joint recursion does).
using NodeHook = std::function<void(NodeId, DifferentialIntervals&)>;

/// Propagates differential intervals from the box to the output (docs/theory.md I1–I6), every operation rounded outward.
///
/// Returns the output's intervals. Tensors are freed after their last consumer.
/// Cost    twelve products of each layer's matrix with the representatives of its input's position classes.
[[nodiscard]] DifferentialIntervals propagate_intervals(const Network& network, const WeightPair& pair, int threads,
                                                        const NodeHook& after_node);

/// Multiply-adds of propagate_intervals, from shapes alone.
[[nodiscard]] double interval_operations(const Network& network);

/// max over entries of max(|d_lower|, |d_upper|): the bound on err(θ, θ') if `output` is the output's intervals.
[[nodiscard]] Upper largest_difference(const DifferentialIntervals& output);

/// z = W u + b for both networks and their difference (docs/theory.md I2), into `out` (already of the right size).
void propagate_weight_layer(const WeightLayer& layer, const QuantizedLayer& quantized, const DifferentialIntervals& in,
                            DifferentialIntervals& out, int threads);

}  // namespace qbound::internal
