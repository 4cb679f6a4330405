// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace qbound::internal {

/// What one width of one unit costs.
struct Option {
    std::int64_t size = 0;
    double cost = 0;  ///< not NaN
};

/// How the costs of the units make up the cost of the whole.
enum class Combine : std::uint8_t { sum, largest };

/// Every choice of one option per unit that no other choice beats: none is smaller at the same cost or less (docs/theory.md D1).
///
/// Dynamic programming over the units on lists of undominated partial choices. Exact for Combine::largest, whose lists are no
/// longer than the number of options; for Combine::sum as long as no list outgrows `most`. A longer list is thinned evenly, which
/// keeps its ends, and exact() is then false.
/// Cost: units · options · list, twice. Options of equal cost and size: the earlier one wins.
class ExactFront {
  public:
    struct Point {
        std::int64_t size = 0;
        double cost = 0;
    };

    /// Every unit has at least one option.
    ExactFront(const std::vector<std::vector<Option>>& units, Combine combine, std::size_t most);

    /// Sizes rise, costs fall, both strictly.
    [[nodiscard]] std::span<const Point> points() const noexcept { return points_; }
    /// The option of each unit at a point.
    [[nodiscard]] std::vector<int> choice(std::size_t point) const;
    [[nodiscard]] bool exact() const noexcept { return exact_; }

  private:
    struct Step {
        std::uint32_t from = 0;  ///< point of the list before
        std::int32_t option = 0;
    };
    std::vector<std::vector<Step>> steps_;  ///< by unit, for every point of its list
    std::vector<Point> points_;
    bool exact_ = true;
};

}  // namespace qbound::internal
