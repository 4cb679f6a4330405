// SPDX-License-Identifier: Apache-2.0
#pragma once
// One attempt at exceeding every certified bound of one random network.

#include "bounds/differential.hpp"
#include "qbound/report.hpp"
#include "support/exact.hpp"
#include "support/random_graph.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace qbound::test {

struct FalsifierOptions {
    std::int64_t evaluations = 160;  ///< budget of the attack in double
    int true_points = 3;             ///< points, the witness first, at which the error is evaluated exactly
    bool containment = true;         ///< hold the interval of every entry of every node against the truth as well
    int threads = 1;
};

/// What one case showed.
struct Verdict {
    Rational reached = 0;                  ///< the largest error found, a proven lower bound of err(θ, θ')
    std::map<std::string, double> ratios;  ///< certified and finite bound / reached, by method; only if reached > 0
    std::vector<std::string> violations;   ///< one sentence each; empty unless qbound is wrong
    std::size_t intervals_checked = 0;
};

/// Attacks the case in double, evaluates the error exactly (in rationals, or in enclosures of a hundred digits) at the witness and
/// at corners, and compares it with every method. A violation is proven: no rounding, neither of the attack nor of the truth, makes
/// one.
[[nodiscard]] Verdict falsify(const RandomCase& random_case, const FalsifierOptions& options);

/// Every method on the case. A case has no file: its chains are what they are.
[[nodiscard]] Result all_bounds(const RandomCase& random_case, int threads = 1);

/// The bound of that name among all methods.
[[nodiscard]] const Bound& bound_of(const Result& result, std::string_view method);

/// bound ≥ value in real arithmetic.
[[nodiscard]] bool covers(Upper bound, const Rational& value);

/// The intervals of every node, as `interval` computes them.
[[nodiscard]] std::vector<internal::DifferentialIntervals> all_intervals(const Network& network, const WeightPair& pair,
                                                                         int threads);

/// Index of entry (channel, row, column) among the classes of a node's intervals.
[[nodiscard]] std::size_t class_of(const internal::DifferentialIntervals& v, std::int64_t channel, std::int64_t row,
                                   std::int64_t column);

/// A point of the network's box, one value per entry: each entry at a limit.
[[nodiscard]] std::vector<double> random_corner(const Network& network, Random& random);

}  // namespace qbound::test
