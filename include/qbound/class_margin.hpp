// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/activation.hpp"
#include "qbound/network.hpp"
#include "qbound/quantize.hpp"
#include "qbound/rounding.hpp"

#include <cstdint>
#include <span>

namespace qbound {

/// Whether quantization can change the class c anywhere in a box.
struct ClassMargin {
    /// ≤ R_θ(x)_c − R_θ(x)_j for all x in the box and all other classes j; −∞ where there is no such bound.
    double margin = 0;
    /// ≥ (R_θ − R_θ')(x)_c − (R_θ − R_θ')(x)_j for all x in the box, at the class j that decides.
    Upper error;
    /// Proved: both networks have class c, and no other, at every x in the box.
    bool unchanged = false;
    /// Proved: at every x in the box one of the networks has another class that is at least as large as c.
    bool changed = false;
};

/// Certified margins on `network`'s box, by differential intervals; where the last node is a dense layer, its rows are subtracted before
/// they meet the intervals.
///
///   unchanged  if for every j ≠ c: R_θ(x)_c − R_θ(x)_j > 0, and R_θ'(x)_c − R_θ'(x)_j > 0, bounded from below directly or as the
///              margin of θ less the error of the logits' difference
///
/// network  the pair's own, or with_box of it; its output has at least two entries
/// Covers   all rounding. Cost  as `interval`, and classes × fan-in of the last layer.     Source  docs/theory.md M4.
[[nodiscard]] ClassMargin class_margin(const Network& network, const WeightPair& pair, std::int64_t top, int threads);

/// The same from enclosures of R_θ(x), R_θ'(x) and their difference alone, one interval per output.
[[nodiscard]] ClassMargin class_margin(std::span<const Interval> theta, std::span<const Interval> quantized,
                                       std::span<const Interval> difference, std::int64_t top);

}  // namespace qbound
