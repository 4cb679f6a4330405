// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/activation.hpp"
#include "qbound/measure.hpp"
#include "qbound/network.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace qbound {

/// Proved values at one point: each interval contains the real number in question (docs/theory.md E10). Ends may be infinite.
struct PointEnclosure {
    std::vector<Interval> theta;       ///< R_θ(x)_i
    std::vector<Interval> quantized;   ///< R_θ'(x)_i
    std::vector<Interval> difference;  ///< R_θ(x)_i − R_θ'(x)_i, formed before either is rounded to double
    int words = 0;                     ///< precision: words per value, and bits per word
    int word_bits = 0;

    /// The output whose difference is certainly the largest in magnitude, by its end nearest to 0; the first of equals.
    [[nodiscard]] std::size_t largest() const;
    /// |R_θ(x)_i − R_θ'(x)_i| is at least this, and 0 if that is all that is known.
    [[nodiscard]] double difference_down(std::size_t i) const noexcept;
};

/// Encloses both networks' outputs at x in fixed point of `words` words of some 20 bits: balls whose middles are exact sums of
/// exact products, rounded to `words` words per node. Their radius grows by ‖|W|‖ per layer; more words make it smaller, by 2^−20
/// or so each, as long as activations are piecewise linear or HardSwish.
///
/// Errors  those of approx_evaluate but for overflow; Error{usage} for words outside 1..kMaxEnclosureWords or parameters that are
/// not finite;
///         Error{unsupported} for a layer whose fan-in exceeds 2^41.
/// Cost    (words of W)·words forward passes for each network, 3 or 4 words for weights that were floats; memory some 20 bytes per
/// word and entry. The result does not depend on `threads`.
[[nodiscard]] PointEnclosure enclose_at(const Network& network, const Parameters& theta, const Parameters& quantized,
                                        std::span<const double> x, int words, int threads);

inline constexpr int kMaxEnclosureWords = 240;

struct EnclosureOptions {
    double tolerance = 1e-3;                 ///< wanted: width ≤ tolerance·largest magnitude
    std::optional<std::size_t> output = {};  ///< of this output; else of the one whose difference seems largest
    int first_bits = 64;
    int most_bits = 1600;
};

/// enclose_at with more and more bits until the difference is known to the tolerance, more bits do not help, or there are no more.
struct RefinedEnclosure {
    PointEnclosure enclosure;  ///< the last one
    bool closed = false;       ///< it has the tolerance
};
[[nodiscard]] RefinedEnclosure enclose_closely(const Network& network, const Parameters& theta, const Parameters& quantized,
                                               std::span<const double> x, const EnclosureOptions& options, int threads);

}  // namespace qbound
