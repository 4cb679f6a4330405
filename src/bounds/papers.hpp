// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"

namespace qbound::internal {

// The bounds of the two papers. D radius of the box, δ ≥ max|θ − θ'|, every norm over both networks, all rounded up; certified on
// chains that satisfy T0, conditional elsewhere, where they are evaluated on the main path. Cost: linear in the number of nodes.

/// max(D,1) · N·L² · r^{L−1} · δ, with max(N·L², N·L(L+1)/2 + L) for N·L² where biases change. Source: T1; [GBGR] Theorem III.1.
[[nodiscard]] Bound gonon_2023(const BoundInput& input);

/// max(D,1) · Σ_l N_{l−1} · r_mean^{L−1} · δ, with N_{l−1} + 1 where biases change. Source: T2; [HAT] Theorem 4.1.
[[nodiscard]] Bound houache_general(const BoundInput& input);

/// D · Σ_l fan_l · r_conv^{L−1} · δ without biases; else max(D,1) · Σ_l fan_l · r_mean^{L−1} · δ, with fan_l + 1 where biases
/// change. Source: T3; [HAT] Theorem 4.4.
[[nodiscard]] Bound houache_conv(const BoundInput& input);

}  // namespace qbound::internal
