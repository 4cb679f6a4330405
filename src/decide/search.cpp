// SPDX-License-Identifier: Apache-2.0
#include "decide/search.hpp"

#include "decide/exact_front.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <tuple>

namespace qbound::internal {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Points that a list of the additive model may have: its choices are proposals, which need not be exact.
constexpr std::size_t kModelPoints = 4096;
/// Proposals of the additive model for all units at once, around the goal; and for one unit or two.
constexpr std::size_t kModelProposals = 4;
constexpr std::size_t kMoveProposals = 64;

/// a/b, also beyond the range of double. Never NaN.
double approx_ratio(Upper a, Upper b) {
    if (a == b) {
        return 1;
    }
    if (b.is_zero() || a.is_infinite()) {
        return kInfinity;
    }
    const double top = a.value_up();
    const double bottom = b.value_up();
    if (top > 1e-300 && top < 1e300 && bottom > 1e-300 && bottom < 1e300) {
        return top / bottom;
    }
    return std::pow(10.0, a.log10_up() - b.log10_up());
}

/// A change of one unit or two, and what the model says of it.
struct Move {
    std::size_t unit = 0;
    int width = 0;
    std::size_t other = 0;  ///< the same as `unit`: nothing else changes
    int other_width = 0;
    std::int64_t size = 0;
    double growth = 0;  ///< predicted value / value − 1
};

/// The additive model at one state: what changing each unit alone adds to the value, relative to it; 0 for no change.
class Model {
  public:
    Model(const WidthTable& table, BoundObjective& guide, const State& state) : table_(table), state_(state), options_(table.units()) {
        const Upper here = guide.value(state.choice);
        Choice choice = state.choice;
        for (std::size_t unit = 0; unit < table.units(); ++unit) {
            for (int width = 0; width < table.widths(); ++width) {
                choice[unit] = width;
                const double growth = width == state.choice[unit] ? 0 : approx_ratio(guide.value(choice), here) - 1;
                options_[unit].push_back({table.size(unit, width), growth});
            }
            choice[unit] = state.choice[unit];
        }
    }

    [[nodiscard]] std::vector<Choice> proposals(const AllocationGoal& goal, int reach) const;
    [[nodiscard]] std::vector<Move> moves(const AllocationGoal& goal) const;

  private:
    [[nodiscard]] bool meets_goal(const AllocationGoal& goal, std::int64_t size, double growth) const {
        if (goal.budget) {
            return size <= *goal.budget;
        }
        return growth <= approx_ratio(*goal.target, state_.value) - 1;
    }

    const WidthTable& table_;
    const State& state_;
    std::vector<std::vector<Option>> options_;
};

/// The model's best choices around the goal, with no unit further than `reach` widths from where it is.
std::vector<Choice> Model::proposals(const AllocationGoal& goal, int reach) const {
    std::vector<std::vector<Option>> options = options_;
    std::vector<int> first(options.size());
    for (std::size_t unit = 0; unit < options.size(); ++unit) {
        first[unit] = std::max(0, state_.choice[unit] - reach);
        const int last = std::min(table_.widths() - 1, state_.choice[unit] + reach);
        options[unit].assign(options_[unit].begin() + first[unit], options_[unit].begin() + last + 1);
    }
    const ExactFront front(options, Combine::sum, kModelPoints);
    const auto points = front.points();
    // A budget is met by the first points, a target by the last.
    const auto boundary = static_cast<std::size_t>(std::partition_point(points.begin(), points.end(),
                                                                        [&](const ExactFront::Point& p) {
                                                                            return goal.budget ? meets_goal(goal, p.size, p.cost)
                                                                                               : !meets_goal(goal, p.size, p.cost);
                                                                        }) -
                                                   points.begin());
    std::vector<Choice> choices;
    for (std::size_t i = 0; i < kModelProposals; ++i) {
        // At a target also points a little before it, for the model may be too careful.
        const std::size_t at = goal.budget ? boundary - 1 - i : boundary + i - kModelProposals / 2;
        if (at < points.size()) {  // also false where the subtraction went below 0
            choices.push_back(front.choice(at));
            for (std::size_t unit = 0; unit < options.size(); ++unit) {
                choices.back()[unit] += first[unit];
            }
        }
    }
    return choices;
}

/// Changes of one unit, and exchanges between two, that the model finds better: the best first, the others left out.
std::vector<Move> Model::moves(const AllocationGoal& goal) const {
    const auto is_better = [&](const Move& a, const Move& b) {
        return goal.budget ? std::tie(a.growth, a.size) < std::tie(b.growth, b.size)
                           : std::tie(a.size, a.growth) < std::tie(b.size, b.growth);
    };
    const Move stay{.size = state_.size};
    std::vector<Move> singles;
    for (std::size_t unit = 0; unit < table_.units(); ++unit) {
        for (int width = 0; width < table_.widths(); ++width) {
            if (width != state_.choice[unit]) {
                const Option& option = options_[unit][static_cast<std::size_t>(width)];
                singles.push_back(
                    {unit, width, unit, width, state_.size - table_.size(unit, state_.choice[unit]) + option.size, option.cost});
            }
        }
    }
    std::vector<Move> moves;
    const auto consider = [&](const Move& move) {
        if (meets_goal(goal, move.size, move.growth) && is_better(move, stay)) {
            moves.push_back(move);
        }
    };
    for (const Move& one : singles) {
        consider(one);
        for (const Move& two : singles) {
            if (one.unit != two.unit && one.size > state_.size && two.size < state_.size) {
                consider({one.unit, one.width, two.unit, two.width, one.size + two.size - state_.size, one.growth + two.growth});
            }
        }
    }
    const std::size_t kept = std::min(moves.size(), kMoveProposals);
    std::partial_sort(moves.begin(), moves.begin() + static_cast<std::ptrdiff_t>(kept), moves.end(), is_better);
    moves.resize(kept);
    return moves;
}

}  // namespace

State state_of(const WidthTable& table, BoundObjective& objective, const Choice& choice) {
    return {choice, table.size(choice), objective.value(choice)};
}

bool meets(const AllocationGoal& goal, std::int64_t size, Upper value) {
    return goal.budget ? size <= *goal.budget : value <= *goal.target;
}

bool better(const AllocationGoal& goal, const State& a, const State& b) {
    const bool a_meets = meets(goal, a.size, a.value);
    const bool b_meets = meets(goal, b.size, b.value);
    if (a_meets != b_meets) {
        return a_meets;
    }
    if (goal.target && a_meets) {
        return a.size != b.size ? a.size < b.size : a.value < b.value;
    }
    return a.value == b.value ? a.size < b.size : a.value < b.value;
}

std::vector<State> greedy_path(const WidthTable& table, BoundObjective& objective) {
    std::vector<State> path{state_of(table, objective, table.uniform(table.widths() - 1))};
    const Upper scale = path.front().value;
    // Growth of the value per bit saved, relative to where the path began; of equal ones the larger saving.
    struct Step {
        double growth;
        std::int64_t saved;
        std::size_t unit;
        std::size_t at;  ///< the length of the path for which the growth was computed
        bool operator<(const Step& other) const {
            return std::tie(other.growth, saved, other.unit) < std::tie(growth, other.saved, unit);
        }
    };
    const auto step_of = [&](std::size_t unit) {
        const State& here = path.back();
        Choice next = here.choice;
        --next[unit];
        const std::int64_t saved = table.size(unit, here.choice[unit]) - table.size(unit, next[unit]);
        const double growth = approx_ratio(objective.value(next), scale) - approx_ratio(here.value, scale);
        const double per_bit = growth / static_cast<double>(saved);
        return Step{std::isnan(per_bit) ? kInfinity : per_bit, saved, unit, path.size()};
    };
    std::priority_queue<Step> steps;
    for (std::size_t unit = 0; unit < table.units() && table.widths() > 1; ++unit) {
        steps.push(step_of(unit));
    }
    while (!steps.empty()) {
        const Step step = steps.top();
        steps.pop();
        if (step.at != path.size()) {
            steps.push(step_of(step.unit));
            continue;
        }
        Choice next = path.back().choice;
        --next[step.unit];
        path.push_back(state_of(table, objective, next));
        if (path.back().choice[step.unit] > 0) {
            steps.push(step_of(step.unit));
        }
    }
    return path;
}

std::vector<State> threshold_states(const WidthTable& table, BoundObjective& objective) {
    std::vector<std::vector<Option>> options(table.units());
    for (std::size_t unit = 0; unit < table.units(); ++unit) {
        for (int width = 0; width < table.widths(); ++width) {
            options[unit].push_back({table.size(unit, width), table.delta(unit, width)});
        }
    }
    const ExactFront front(options, Combine::largest, std::numeric_limits<std::uint32_t>::max());
    std::vector<State> states;
    for (std::size_t i = 0; i < front.points().size(); ++i) {
        states.push_back(state_of(table, objective, front.choice(i)));
    }
    return states;
}

State improved(const WidthTable& table, BoundObjective& guide, BoundObjective& judge, const AllocationGoal& goal, State state,
               std::size_t allowance) {
    const std::size_t last = judge.evaluations() + allowance;
    // Whether the choice is better; then it is taken.
    const auto taken = [&](const Choice& choice) {
        if (!judge.knows(choice) && judge.evaluations() >= last) {
            return false;
        }
        State next = state_of(table, judge, choice);
        const bool is_better = better(goal, next, state);
        if (is_better) {
            state = std::move(next);
        }
        return is_better;
    };
    // A judge that is its own guide is asked for every change of one unit.
    const std::size_t price = &guide == &judge ? table.units() * static_cast<std::size_t>(table.widths()) : 0;
    for (bool moved = true; moved && judge.evaluations() + price <= last;) {
        const State here = state;
        const Model model(table, guide, here);
        moved = false;
        for (const int reach : {table.widths(), 1}) {
            for (const Choice& choice : model.proposals(goal, reach)) {
                moved = taken(choice) || moved;
            }
        }
        const std::vector<Move> moves = moved ? std::vector<Move>() : model.moves(goal);
        for (std::size_t i = 0; i < moves.size() && !moved; ++i) {
            Choice choice = here.choice;
            choice[moves[i].unit] = moves[i].width;
            choice[moves[i].other] = moves[i].other_width;
            moved = taken(choice);
        }
    }
    return state;
}

}  // namespace qbound::internal
