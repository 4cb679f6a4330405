// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/rounding.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace qbound::internal {

/// One kernel tap along one axis, seen from the output grid: it multiplies e^{iω·offset} and acts on the polyphase component
/// `phase`.
struct AxisTap {
    std::int64_t tap;     ///< index in the stored kernel
    std::int64_t offset;  ///< ≥ 0, smallest 0 in each phase, common divisors taken out
    std::int64_t phase;
};

/// One axis of a convolution as a trigonometric polynomial (docs/theory.md S2, S3). Taps that read no real input are left out.
struct AxisSymbol {
    std::vector<AxisTap> taps;  ///< empty if every output of this axis reads padding alone
    std::int64_t phases = 1;
    std::int64_t span = 1;           ///< 1 + largest offset: taps as sampled
    std::int64_t torus_points = 1;   ///< uniform frequencies that embed the axis exactly: the fewest,
    std::int64_t padded_points = 1;  ///< and those of the torus that holds the image with all its padding
};

[[nodiscard]] AxisSymbol axis_symbol(const Axis& axis);

/// One tap of the kernel in both axes.
struct Tap {
    std::int64_t index;  ///< position in a stored kernel plane
    std::array<std::int64_t, 2> offset;
    std::int64_t phase;
};

/// K(ω) = [Σ_{taps of phase p} W_tap e^{i⟨ω, offset⟩}]_p, the matrices whose largest singular value bounds a convolution's norm.
struct Symbol {
    std::vector<Tap> taps;  ///< sorted by phase, then offset
    std::int64_t phases = 1;
    std::array<std::int64_t, 2> span{1, 1};
    std::array<std::int64_t, 2> torus_points{1, 1};
    std::array<std::int64_t, 2> padded_points{1, 1};

    /// Taps of each phase.
    [[nodiscard]] std::vector<std::int64_t> taps_per_phase() const;
};

[[nodiscard]] Symbol make_symbol(const Axes& axes);

/// ω = 2π(numerator[0]/points[0], numerator[1]/points[1]).
using Frequency = std::array<std::int64_t, 2>;

/// Uniform frequencies on which K is sampled. sup‖T‖ ≤ factor · max over the grid of σ_max(K(ω)).
struct FrequencyGrid {
    std::array<std::int64_t, 2> points{1, 1};
    Upper factor = Upper::exactly(1.0);

    /// Representatives of the pairs ±ω, those with real K first. K(−ω) is the conjugate of K(ω).
    [[nodiscard]] std::vector<Frequency> half() const;
    /// True if every e^{i⟨ω, offset⟩} is ±1.
    [[nodiscard]] bool is_real(const Frequency& frequency) const noexcept;
};

/// The exact torus, or per axis a coarser grid where its factor 1/cos(π d/n) stays below 1 + slack.
[[nodiscard]] FrequencyGrid choose_grid(const Symbol& symbol, double slack);

/// The exact torus that holds the image with all its padding, where both axes of `grid` are exact and it is another one. Its norm
/// may be smaller or larger than that of the smallest torus; both are bounds.
[[nodiscard]] std::optional<FrequencyGrid> padded_grid(const Symbol& symbol, const FrequencyGrid& grid);

/// Number of frequencies in FrequencyGrid::half().
[[nodiscard]] double half_count(const FrequencyGrid& grid) noexcept;

}  // namespace qbound::internal
