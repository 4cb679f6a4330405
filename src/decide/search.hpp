// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "decide/width_table.hpp"

#include <cstddef>
#include <vector>

namespace qbound::internal {

/// A choice, its size in bits and its value.
struct State {
    Choice choice;
    std::int64_t size = 0;
    Upper value;
};

[[nodiscard]] State state_of(const WidthTable& table, BoundObjective& objective, const Choice& choice);

/// Whether a size and a value meet the goal.
[[nodiscard]] bool meets(const AllocationGoal& goal, std::int64_t size, Upper value);

/// Whether `a` is worth more than `b`: what meets the goal before what does not; then at a target the smaller size, at a budget the
/// smaller value, and the other on a tie. Of states that miss the target, the smaller value.
[[nodiscard]] bool better(const AllocationGoal& goal, const State& a, const State& b);

/// From all units at the widest to all at the narrowest, one unit by one width at a time: each step takes the unit whose bound
/// grows least for each bit saved. Growths are brought up to date only where they decide (they change little from step to step).
/// Cost: a few evaluations per step; there are units · (widths − 1) steps.
[[nodiscard]] std::vector<State> greedy_path(const WidthTable& table, BoundObjective& objective);

/// Choices that are best for their largest change of a weight, of every such change: exact for bounds K·max|θ − θ'| with K the same
/// at all widths (docs/theory.md D1).
[[nodiscard]] std::vector<State> threshold_states(const WidthTable& table, BoundObjective& objective);

/// Better states than `state` by changes of any one unit, of two, and of all at once as an additive model proposes, until none is
/// found or `judge` has been asked `allowance` times. The model is what each unit's change alone does to `guide`, at the state that
/// has been reached (docs/theory.md D2); `judge` may be `guide` itself. Every state taken is `judge`'s.
[[nodiscard]] State improved(const WidthTable& table, BoundObjective& guide, BoundObjective& judge, const AllocationGoal& goal, State state,
                             std::size_t allowance);

}  // namespace qbound::internal
