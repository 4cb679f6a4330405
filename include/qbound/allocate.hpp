// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"
#include "qbound/network.hpp"
#include "qbound/quantize.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace qbound {

/// What an allocation of bits is for: exactly one of the two.
struct AllocationGoal {
    std::optional<Upper> target;         ///< the smallest size whose bound is at most this
    std::optional<std::int64_t> budget;  ///< the smallest bound whose size, in bits, is at most this
};

struct AllocateOptions {
    Quantizer quantizer;                 ///< everything but its bits
    std::vector<int> widths;             ///< bit widths to choose from, rising
    std::vector<const Method*> methods;  ///< in the registry's order; what counts is the smallest finite certified bound
    FanInConvention convention = FanInConvention::grouped;
    bool assumed_chain = false;
    bool uniform = false;  ///< one width for all layers
    int threads = 1;
};

/// Bits of every weight layer, what they cost and what they are worth.
struct Allocation {
    std::vector<int> bits;  ///< one per weight layer
    std::int64_t size = 0;  ///< Σ numbers · bits over what counted_numbers counts, in bits
    Bound bound;            ///< certified and finite
};

/// One layer of an allocation, for display.
struct AllocatedLayer {
    std::int64_t numbers = 0;     ///< whose bits count: 0 for a layer whose weight an earlier one has too
    double max_abs_delta = 0;     ///< ≥ max|W − W'|
    std::optional<double> share;  ///< approx_layer_shares of the bound's method, within kAllocateOperationBudget
};

struct AllocationResult {
    Allocation best;
    std::optional<Allocation> uniform;   ///< the best single width that meets the goal, if one does
    std::vector<AllocatedLayer> layers;  ///< of `best`
    bool bits_matter = true;             ///< false if the widest bits have no smaller bound than the narrowest, and that is not 0
};

/// The numbers whose bits make up a size: weights, and biases where those are quantized. A weight that several layers share counts
/// once, and these layers get the same bits.
[[nodiscard]] std::int64_t counted_numbers(const Network& network, bool quantize_biases);

/// Bits per layer for `goal`. The bound of the result is the one that its methods give for a WeightPair with these bits, bit by
/// bit; it is never worse than a single width's: at a target the size, at a budget the bound.
///
/// How     greedy from the widest, thresholds on max|θ − θ'|, and exchanges proposed by an additive model (docs/theory.md D). Where
///         methods read weights and are dear, those that need norms alone guide the search, and all of them decide.
/// Cost    norms of every layer at every width. Of methods that read weights one evaluation per width, and either about ten more
///         or as many as kAllocateOperationBudget allows; then the shares.
/// Errors  Error{usage} for a budget below the narrowest width's size, several widths with granularity network, widths that the
///         quantizer refuses; Error{unsupported} where the target is missed at all widths, or no bound is finite and certified.
/// Same result for any number of threads.
[[nodiscard]] AllocationResult allocate(const Network& network, const AllocateOptions& options, const AllocationGoal& goal);

/// Allocations from the narrowest size to the widest, none of which is both larger and worse than another: at most `points`, by
/// rising size. Cost as `allocate`, and `points` evaluations more. Errors as `allocate` without a goal.
[[nodiscard]] std::vector<Allocation> allocation_frontier(const Network& network, const AllocateOptions& options,
                                                          std::size_t points);

/// Multiply-adds that allocate may spend in methods that read weights, and again for the layers' shares.
inline constexpr double kAllocateOperationBudget = 1e11;

}  // namespace qbound
