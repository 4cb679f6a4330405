// SPDX-License-Identifier: Apache-2.0
// The search against every choice, on chains of 3 to 5 layers with 2 to 5 bits.
#include "decide/search.hpp"
#include "small_chains.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace qbound;
using internal::Choice;
using internal::meets;
using internal::BoundObjective;
using internal::State;
using internal::WidthTable;

namespace {

/// All states, by the objective.
std::vector<State> all_states(const WidthTable& table, BoundObjective& objective) {
    std::vector<State> states;
    test::every_choice(table.network(), table.options().widths, [&](const std::vector<int>& bits) {
        Choice choice;
        for (const int b : bits) {
            choice.push_back(b - table.options().widths.front());
        }
        states.push_back(state_of(table, objective, choice));
    });
    return states;
}

const State& best_of(const AllocationGoal& goal, const std::vector<State>& states) {
    return *std::min_element(states.begin(), states.end(), [&](const State& a, const State& b) { return better(goal, a, b); });
}

AllocationGoal random_goal(test::Random& random, const std::vector<State>& states, bool target) {
    const State& some = states[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(states.size()) - 1))];
    return target ? AllocationGoal{some.value, std::nullopt} : AllocationGoal{std::nullopt, some.size};
}

bool as_good(const State& a, const State& optimum, const AllocationGoal& goal) {
    return goal.target ? a.size == optimum.size : a.value == optimum.value;
}

/// How far beyond the optimum: of sizes at a target, of bounds at a budget.
double excess(const State& a, const State& optimum, const AllocationGoal& goal) {
    return goal.target ? static_cast<double>(a.size) / static_cast<double>(optimum.size)
                       : a.value.value_up() / optimum.value.value_up();
}

}  // namespace

TEST_CASE("search: thresholds are exact where the bound is a constant times the largest change", "[decide]") {
    test::Random random(21);
    for (int round = 0; round < 40; ++round) {
        CAPTURE(round);
        // Norms of both networks stay below 1, so that r = 1 in T1.
        const Network network = test::small_chain(random, 0.5);
        const AllocateOptions options = test::options_for({find_method("gonon-2023")});
        const WidthTable table(network, options);
        BoundObjective objective(table, options.methods);
        const std::vector<State> states = all_states(table, objective);
        const std::vector<State> found = threshold_states(table, objective);
        for (const bool target : {false, true}) {
            const AllocationGoal goal = random_goal(random, states, target);
            const State& expected = best_of(goal, states);
            const State& best = best_of(goal, found);
            CHECK(best.size == expected.size);
            CHECK(best.value == expected.value);
        }
    }
}

TEST_CASE("search: greedy and exchange against every choice", "[decide]") {
    test::Random random(22);
    int cases = 0;
    int greedy_equal = 0;
    int equal = 0;
    double greedy_worst = 1;
    double worst = 1;
    for (int round = 0; round < 60; ++round) {
        const Network network = test::small_chain(random);
        for (const char* method : {"houache-graph", "layerwise-inf", "layerwise-2"}) {
            const AllocateOptions options = test::options_for({find_method(method)});
            const WidthTable table(network, options);
            BoundObjective objective(table, options.methods);
            const std::vector<State> states = all_states(table, objective);
            std::vector<State> candidates = greedy_path(table, objective);
            for (const bool target : {false, true}) {
                CAPTURE(round, method, target);
                const AllocationGoal goal = random_goal(random, states, target);
                const State& optimum = best_of(goal, states);
                const State greedy = best_of(goal, candidates);
                const State best = improved(table, objective, objective, goal, greedy, 100000);
                REQUIRE(meets(goal, optimum.size, optimum.value));
                REQUIRE(meets(goal, best.size, best.value));
                CHECK_FALSE(better(goal, greedy, best));
                CHECK_FALSE(better(goal, best, optimum));
                ++cases;
                greedy_equal += as_good(greedy, optimum, goal) ? 1 : 0;
                equal += as_good(best, optimum, goal) ? 1 : 0;
                greedy_worst = std::max(greedy_worst, excess(greedy, optimum, goal));
                worst = std::max(worst, excess(best, optimum, goal));
            }
        }
    }
    INFO("of " << cases << ": greedy optimal " << greedy_equal << ", at worst " << greedy_worst << "; with exchange optimal "
               << equal << ", at worst " << worst);
    CHECK(greedy_worst < 2.5);
    CHECK(worst < 1.1);
    CHECK(equal * 100 >= cases * 97);
    CHECK(greedy_equal < equal);
}

TEST_CASE("search: the greedy path falls one width at a time from all to none", "[decide]") {
    test::Random random(23);
    const Network network = test::small_chain(random);
    const AllocateOptions options = test::options_for({find_method("layerwise-inf")});
    const WidthTable table(network, options);
    BoundObjective objective(table, options.methods);
    const std::vector<State> path = greedy_path(table, objective);
    REQUIRE(path.size() == table.units() * 3 + 1);
    CHECK(path.front().choice == table.uniform(3));
    CHECK(path.back().choice == table.uniform(0));
    for (std::size_t i = 1; i < path.size(); ++i) {
        int steps = 0;
        for (std::size_t unit = 0; unit < table.units(); ++unit) {
            steps += path[i - 1].choice[unit] - path[i].choice[unit];
        }
        CHECK(steps == 1);
        CHECK(path[i].size < path[i - 1].size);
        CHECK(path[i].size == table.size(path[i].choice));
    }
}

TEST_CASE("search: a greedy step takes the least growth for each bit saved, which is brought up to date", "[decide]") {
    test::Random random(26);
    int steps = 0;
    int least = 0;
    for (int round = 0; round < 20; ++round) {
        const Network network = test::small_chain(random);
        const AllocateOptions options = test::options_for({find_method("layerwise-inf")}, {2, 3, 4, 5, 6, 7, 8});
        const WidthTable table(network, options);
        BoundObjective objective(table, options.methods);
        const std::vector<State> path = greedy_path(table, objective);
        for (std::size_t i = 1; i < path.size(); ++i) {
            const auto growth = [&](const State& next) {
                return (next.value.value_up() - path[i - 1].value.value_up()) / static_cast<double>(path[i - 1].size - next.size);
            };
            bool is_least = true;
            for (std::size_t unit = 0; unit < table.units(); ++unit) {
                Choice choice = path[i - 1].choice;
                if (--choice[unit] >= 0) {
                    is_least = is_least && growth(path[i]) <= growth(state_of(table, objective, choice)) * (1 + 1e-9) + 1e-12;
                }
            }
            ++steps;
            least += is_least ? 1 : 0;
        }
    }
    INFO(least << " of " << steps << " (with growths that are never brought up to date, 374 of 486)");
    CHECK(least * 100 >= steps * 79);
}

TEST_CASE("search: an allowance limits what the judge is asked", "[decide]") {
    test::Random random(24);
    const Network network = test::small_chain(random);
    const AllocateOptions options = test::options_for({find_method("layerwise-inf"), find_method("interval")});
    const WidthTable table(network, options);
    BoundObjective guide(table, {find_method("layerwise-inf")});
    BoundObjective judge(table, options.methods);
    const State start = state_of(table, judge, table.uniform(1));
    const AllocationGoal goal{std::nullopt, table.size(table.uniform(2))};
    const State same = improved(table, guide, judge, goal, start, 0);
    CHECK(judge.evaluations() == 1);
    CHECK(same.choice == start.choice);
    static_cast<void>(improved(table, guide, judge, goal, start, 3));
    CHECK(judge.evaluations() <= 4);
    static_cast<void>(improved(table, guide, judge, goal, start, 1000));
    CHECK(judge.evaluations() > 4);
}

TEST_CASE("search: methods that read weights as the judge, against every choice", "[decide]") {
    test::Random random(25);
    int cases = 0;
    int equal = 0;
    double worst = 1;
    for (int round = 0; round < 40; ++round) {
        const Network network = test::small_chain(random);
        const AllocateOptions options =
            test::options_for(round % 2 == 0 ? std::vector{find_method("interval")}
                                             : std::vector{find_method("layerwise-inf"), find_method("layerwise-2"),
                                                           find_method("interval"), find_method("joint")});
        const WidthTable table(network, options);
        BoundObjective objective(table, options.methods);
        const std::vector<State> states = all_states(table, objective);
        for (const bool target : {false, true}) {
            CAPTURE(round, target);
            const AllocationGoal goal = random_goal(random, states, target);
            const State& optimum = best_of(goal, states);
            const Allocation best = allocate(network, options, goal).best;
            const State found{{}, best.size, best.bound.value};
            CHECK_FALSE(better(goal, found, optimum));
            ++cases;
            equal += as_good(found, optimum, goal) ? 1 : 0;
            worst = std::max(worst, excess(found, optimum, goal));
        }
    }
    INFO("of " << cases << ": optimal " << equal << ", at worst " << worst);
    CHECK(worst < 1.1);
    CHECK(equal * 100 >= cases * 90);
}
