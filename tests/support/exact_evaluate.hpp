// SPDX-License-Identifier: Apache-2.0
#pragma once
// A network evaluated in exact rationals, or in enclosures a hundred digits tight: the truth against which bounds are held. Written
// from the definitions alone, loop by loop; shares nothing with the library's evaluators.

#include "qbound/measure.hpp"
#include "qbound/network.hpp"
#include "support/exact.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace qbound::test {

/// Contains the true value; a single point where the evaluation is exact.
struct Enclosure {
    Rational lower;
    Rational upper;
};

/// True if every activation maps rationals to rationals of manageable denominators (Relu, Clip, LeakyRelu, PRelu, HardSigmoid,
/// HardSwish, and one Softsign).
[[nodiscard]] bool is_rational(const Network& network);

/// Entry-wise operations of one evaluation: tells which networks are small enough to be evaluated in rationals, or at all.
[[nodiscard]] std::int64_t operation_count(const Network& network);

/// Networks of at most this many operations are evaluated in rationals if they are rational.
inline constexpr std::int64_t kRationalOperations = 3000;

/// The true value of every entry of every node (by NodeId) at x, in real arithmetic on the stored numbers.
[[nodiscard]] std::vector<std::vector<Enclosure>> true_values(const Network& network, const Parameters& parameters,
                                                              std::span<const double> x);

/// R_θ(x) − R_θ'(x), entry by entry.
[[nodiscard]] std::vector<Enclosure> true_difference(const Network& network, const Parameters& theta, const Parameters& quantized,
                                                     std::span<const double> x);

/// A number that the largest |entry| certainly reaches (exactly that, where the entries are exact).
[[nodiscard]] Rational largest_magnitude(std::span<const Enclosure> entries);

}  // namespace qbound::test
