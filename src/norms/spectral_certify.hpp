// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "norms/spectral_gram.hpp"
#include "norms/spectral_symbol.hpp"

namespace qbound::internal {

/// Λ ≥ λ_max(Ĝ(ω)) for every group and every frequency of `grid` (docs/theory.md S8, S9): Lanczos proposes, Cholesky certifies.
/// +∞ if Ĝ is not finite, or as soon as Λ > limit is found. Within about 1e-9 relative of the largest eigenvalue.
///
/// Cost  per frequency one sample and one factorisation, plus about ln(frequencies) Lanczos runs.
/// The frequencies' order and rounds are fixed: the result does not depend on `threads`.
[[nodiscard]] double largest_eigenvalue_up(const GramSource& gram, const FrequencyGrid& grid, double limit, int threads);

}  // namespace qbound::internal
