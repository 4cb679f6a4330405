// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measure.hpp"
#include "qbound/network.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace qbound {

/// How long and from where to search.
struct AttackOptions {
    std::uint64_t seed = 1;
    /// Budget: evaluating R_θ − R_θ' at one point counts 1, with its gradient 2. The search ends within a few of it.
    std::int64_t evaluations = 4000;
    /// Asked between evaluations, never twice at the same time: true ends the search with what was found. Empty: never.
    std::function<bool()> stop;
    /// Points to begin from, of the input's size in C order; they are clamped into the box.
    std::span<const std::vector<double>> data;
    int threads = 1;
};

/// A point of the box and what the error is there.
struct Witness {
    std::vector<double> x;         ///< in the box, to the bit
    double value = 0;              ///< |R_θ(x) − R_θ'(x)| at `output`, the largest of all outputs, computed in double
    std::size_t output = 0;        ///< index of the output entry
    std::int64_t evaluations = 0;  ///< budget that was used
};

/// Searches the box for an input that makes ‖R_θ(x) − R_θ'(x)‖_∞ large: an estimate of err(θ, θ') from below.
///
/// Method  the points of `data`, the centre, the lowest and the highest corner, every corner if there are at most 2^12, random
/// corners
///         and uniform samples; from the best of them, and from perturbed records afterwards, sign-gradient ascent with decaying
///         steps, then moves of whole blocks of entries to their limits, then (small inputs) single entries.
/// Result  reached in double arithmetic: no rounding is covered, and entries where a network overflows are passed over. The same
/// for
///         the same seed and budget, whatever `threads`, unless `stop` ends it.
/// Errors  Error{malformed} if a data point has another size than the input or is not finite.
/// Cost    `evaluations` forward passes through both networks; memory per thread the values of all nodes of both.
[[nodiscard]] Witness attack(const Network& network, const Parameters& theta, const Parameters& quantized,
                             const AttackOptions& options);

}  // namespace qbound
