// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/quantize.hpp"

#include <span>
#include <string_view>

namespace qbound::internal {

/// Least and greatest entry of a group, and zero: lowest ≤ 0 ≤ highest.
struct Range {
    double lowest = 0;
    double highest = 0;

    [[nodiscard]] double magnitude() const noexcept { return highest < -lowest ? -lowest : highest; }
    void include(std::span<const double> values) noexcept;
    void include(const Range& other) noexcept;
};

/// The grid {k·eta : k_min ≤ k ≤ k_max} of one group, k found from w·n/m (docs/theory.md Q1–Q3). eta = 0: everything becomes 0.
struct StepGrid {
    double m = 0;
    double n = 1;
    double eta = 0;
    double k_min = 0;
    double k_max = 0;
    std::int64_t zero_point = 0;

    [[nodiscard]] QuantizationGroup group() const noexcept { return {eta, zero_point}; }
};

/// The grid of `quantizer` with `bits` on a group of that range.
/// Errors: Error{malformed} at `place` if m·n, or the width of an asymmetric range, overflows.
[[nodiscard]] StepGrid make_grid(const Range& range, const Quantizer& quantizer, int bits, std::string_view place);

/// out_i = k_i·eta for the k_i that the quantizer chooses for w_i. `out` may be `w` itself.
/// Errors: Error{malformed} at `place` if |k| > 2^53 or k·eta overflows.
void quantize_to(const StepGrid& grid, Rounding rounding, Ties ties, std::span<const double> w, std::span<double> out,
                 std::string_view place);

/// The integer k with k·m ≤ w·n < (k+1)·m, in real arithmetic (Q2). Preconditions: m > 0, n ≥ 1 an integer, w·n finite.
/// If |k| would exceed 2^53 the result does too, or is infinite, and is not otherwise meaningful.
[[nodiscard]] double exact_floor(double w, double n, double m) noexcept;

}  // namespace qbound::internal
