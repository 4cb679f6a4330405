// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/attack.hpp"
#include "qbound/guarantee.hpp"

#include <cstdint>
#include <limits>

namespace qbound {

/// An error that is really reached in the box, from below.
struct Reached {
    Witness witness;
    Guarantee guarantee = Guarantee::measured;  ///< lower or measured
    /// lower: ≤ |R_θ(x) − R_θ'(x)| at the witness's output in real arithmetic. measured: the witness's value, as computed in double.
    double value = 0;
    /// Width of the enclosure of R_θ(x) − R_θ'(x) at that output; +∞ if there is none.
    double width = std::numeric_limits<double>::infinity();

    /// log10(value), rounded down; −∞ for 0.
    [[nodiscard]] double log10_down() const noexcept;
};

/// Proves a witness: encloses the difference at its output in as many words of precision as it takes. The guarantee is `lower` if the
/// enclosure's width is at most 2^-20 of the error, or if both networks' difference is exactly 0; otherwise `measured`.
///
/// Cost    at least some twenty forward passes of both networks; grows with the square of the words.     Source  docs/theory.md M1.
[[nodiscard]] Reached prove(const Network& network, const Parameters& theta, const Parameters& quantized, Witness witness, int threads);

/// Budget of an attack on this network that takes about a minute at most on two cores, known from shapes alone.
[[nodiscard]] std::int64_t default_evaluations(const Network& network);

}  // namespace qbound
