// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measure/attack_objective.hpp"
#include "measure/attack_random.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace qbound::internal {

/// A point that was evaluated.
struct Record {
    std::vector<double> x;
    Peak peak;
};

/// One search on one thread: its own random numbers, its own budget, its best point so far.
class Search {
  public:
    Search(const Objective& objective, StopSignal& stop, std::uint64_t seed, std::uint64_t stream, std::int64_t budget)
        : objective_(objective), stop_(stop), random_(seed, stream), budget_(budget) {}

    [[nodiscard]] const Record& best() const noexcept { return best_; }
    [[nodiscard]] std::int64_t used() const noexcept { return used_; }
    [[nodiscard]] AttackRandom& random() noexcept { return random_; }

    /// Evaluates x; nothing if the budget is spent.
    std::optional<Peak> evaluate(std::vector<double> x);

    [[nodiscard]] std::vector<double> random_corner();
    [[nodiscard]] std::vector<double> uniform_sample();
    /// x with a share of its entries, or with one stretch of them, thrown to random limits.
    [[nodiscard]] std::vector<double> perturbed(std::vector<double> x);

    /// The whole climb from `start`: sign ascent with `steps` steps from `first_step` of the box's width on, block moves, single
    /// entries. Drives `fixed` during the ascent, or whatever output is largest.
    void climb(std::vector<double> start, std::optional<Target> fixed, int steps, double first_step);

  private:
    [[nodiscard]] bool exhausted() { return used_ >= budget_ || stop_.raised(); }
    void consider(const std::vector<double>& x, const Peak& peak);
    std::vector<double> sign_ascent(std::vector<double> x, std::optional<Target> fixed, int steps, double first_step);
    std::vector<double> block_moves(std::vector<double> x);
    void polish_entries(std::vector<double> x);

    const Objective& objective_;
    StopSignal& stop_;
    AttackRandom random_;
    std::int64_t budget_;
    std::int64_t used_ = 0;
    Record best_;
};

}  // namespace qbound::internal
