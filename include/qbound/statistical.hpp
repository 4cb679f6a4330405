// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace qbound {

/// Statements that hold with a chosen confidence over the draw of the data. All assume that the inputs are independent draws from the
/// distribution that is meant; nothing else is assumed of it. Each statement has its confidence by itself, not all together.
/// Sources: docs/theory.md M2, M3.

/// The rank r such that the r-th smallest of n independent draws is, with at least the confidence, an upper limit of at least the
/// share `coverage` of the distribution: the least r with P(Bin(n, coverage) ≤ r − 1) ≥ confidence. Nothing if even the largest is
/// none. 0 < coverage, confidence < 1; n ≥ 1.
[[nodiscard]] std::optional<std::int64_t> tolerance_rank(std::int64_t n, double coverage, double confidence);

/// The least n for which tolerance_rank has an answer: the least with coverage^n ≤ 1 − confidence.
[[nodiscard]] std::int64_t least_draws(double coverage, double confidence);

struct Proportion {
    double lower = 0;
    double upper = 1;
};

/// Clopper and Pearson's interval of a probability of which k of n independent draws came true: contains it with at least the
/// confidence, each side missed with at most half of the rest. 0 ≤ k ≤ n, n ≥ 1.
[[nodiscard]] Proportion clopper_pearson(std::int64_t k, std::int64_t n, double confidence);

}  // namespace qbound
