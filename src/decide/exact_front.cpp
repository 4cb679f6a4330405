// SPDX-License-Identifier: Apache-2.0
#include "decide/exact_front.hpp"

#include <algorithm>
#include <tuple>

namespace qbound::internal {

ExactFront::ExactFront(const std::vector<std::vector<Option>>& units, Combine combine, std::size_t most) : points_{{}} {
    struct Candidate {
        Point point;
        Step step;
    };
    for (const std::vector<Option>& options : units) {
        std::vector<Candidate> candidates;
        candidates.reserve(points_.size() * options.size());
        for (std::size_t o = 0; o < options.size(); ++o) {
            for (std::size_t p = 0; p < points_.size(); ++p) {
                // Before the first unit there is no cost, whose largest would be it.
                const double cost = steps_.empty()            ? options[o].cost
                                    : combine == Combine::sum ? points_[p].cost + options[o].cost
                                                              : std::max(points_[p].cost, options[o].cost);
                candidates.push_back(
                    {{points_[p].size + options[o].size, cost}, {static_cast<std::uint32_t>(p), static_cast<std::int32_t>(o)}});
            }
        }
        std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
            return std::tie(a.point.size, a.point.cost) < std::tie(b.point.size, b.point.cost);
        });
        std::vector<Candidate> kept;
        for (const Candidate& candidate : candidates) {
            if (kept.empty() || candidate.point.cost < kept.back().point.cost) {
                kept.push_back(candidate);
            }
        }
        const std::size_t length = std::min(kept.size(), std::max<std::size_t>(most, 2));
        exact_ = exact_ && length == kept.size();
        points_.clear();
        steps_.emplace_back();
        for (std::size_t i = 0; i < length; ++i) {
            const std::size_t at = length == kept.size() ? i : i * (kept.size() - 1) / (length - 1);
            points_.push_back(kept[at].point);
            steps_.back().push_back(kept[at].step);
        }
    }
}

std::vector<int> ExactFront::choice(std::size_t point) const {
    std::vector<int> options(steps_.size());
    for (std::size_t unit = steps_.size(); unit-- > 0;) {
        const Step step = steps_[unit][point];
        options[unit] = step.option;
        point = step.from;
    }
    return options;
}

}  // namespace qbound::internal
