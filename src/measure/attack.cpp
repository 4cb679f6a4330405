// SPDX-License-Identifier: Apache-2.0
#include "qbound/attack.hpp"

#include "core/parallel.hpp"
#include "measure/attack_objective.hpp"
#include "measure/attack_search.hpp"
#include "qbound/error.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace qbound {

namespace {

using internal::Objective;
using internal::Record;
using internal::Search;
using internal::StopSignal;
using internal::Target;

/// Searches that run side by side in one round; fixed, so that results do not depend on the number of threads.
constexpr std::size_t kSearchesPerRound = 8;
/// Records that later rounds begin from.
constexpr std::size_t kRecords = 8;
/// All corners are tried up to this many free entries.
constexpr std::size_t kAllCorners = 12;

std::vector<double> clamped(const Objective& objective, std::span<const double> x) {
    if (x.size() != objective.input_size()) {
        throw Error(
            ErrorKind::malformed, "data point",
            "it has " + std::to_string(x.size()) + " entries where the input has " + std::to_string(objective.input_size()));
    }
    std::vector<double> result(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!std::isfinite(x[i])) {
            throw Error(ErrorKind::malformed, "data point", "entry " + std::to_string(i) + " is not finite");
        }
        result[i] = std::clamp(x[i], objective.lower()[i], objective.upper()[i]);
    }
    return result;
}

class Attack {
  public:
    Attack(const Network& network, const Parameters& theta, const Parameters& quantized, const AttackOptions& options)
        : objective_(network, theta, quantized), options_(options), stop_(options.stop) {}

    Witness run() {
        scan();
        while (remaining() > 0 && !stop_.raised() && !objective_.free_entries().empty()) {
            round();
        }
        Record& best = records_.front();
        return {std::move(best.x), best.peak.value, best.peak.output, used_};
    }

  private:
    [[nodiscard]] std::int64_t remaining() const { return std::max<std::int64_t>(0, options_.evaluations - used_); }

    /// Keeps the best records, at most one of each value.
    void keep(const Record& record) {
        const bool known = std::any_of(records_.begin(), records_.end(), [&](const Record& r) { return r.x == record.x; });
        if (record.x.empty() || known) {
            return;
        }
        records_.push_back(record);
        std::stable_sort(records_.begin(), records_.end(),
                         [](const Record& a, const Record& b) { return a.peak.value > b.peak.value; });
        records_.resize(std::min(records_.size(), kRecords));
    }

    /// Runs search(i, budget) for each i on its own stream and keeps what they found, in order.
    template <class F>
    void parallel_searches(std::size_t count, std::int64_t budget_each, F&& search) {
        std::vector<std::optional<Search>> searches;
        searches.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            searches.emplace_back(std::in_place, objective_, stop_, options_.seed, stream_++, budget_each);
        }
        internal::parallel_for(static_cast<std::int64_t>(count), options_.threads, [&](std::int64_t i) {
            search(static_cast<std::size_t>(i), *searches[static_cast<std::size_t>(i)]);
        });
        for (const auto& done : searches) {
            keep(done->best());
            used_ += done->used();
        }
    }

    /// Data, distinguished points, corners and samples, each evaluated once.
    void scan() {
        const auto lower = objective_.lower();
        const auto upper = objective_.upper();
        std::vector<std::vector<double>> points{{lower.begin(), lower.end()}, {upper.begin(), upper.end()}};
        auto& centre = points.emplace_back(lower.begin(), lower.end());
        for (std::size_t i = 0; i < centre.size(); ++i) {
            centre[i] = std::clamp(0.5 * lower[i] + 0.5 * upper[i], lower[i], upper[i]);
        }
        for (const auto& x : options_.data) {
            points.push_back(clamped(objective_, x));
        }
        const std::size_t free = objective_.free_entries().size();
        const bool all_corners = free <= kAllCorners && (std::int64_t{1} << free) <= options_.evaluations;
        const std::size_t corners = all_corners ? std::size_t{1} << free : 0;
        const std::size_t samples =
            free == 0 ? 0 : static_cast<std::size_t>(std::clamp<std::int64_t>(options_.evaluations / 50, 2, 64));
        const std::size_t total = points.size() + corners + samples;
        parallel_searches(total, 1, [&](std::size_t i, Search& search) {
            if (i < points.size()) {
                search.evaluate(points[i]);
            } else if (i < points.size() + corners) {
                search.evaluate(corner(i - points.size()));
            } else {
                search.evaluate(i % 2 == 0 ? search.random_corner() : search.uniform_sample());
            }
        });
        if (records_.empty()) {
            // Stopped before anything was evaluated.
            records_.push_back({points.front(), internal::peak_of(objective_.difference(points.front()))});
        }
    }

    /// The corner whose free entries are up where `bits` has ones.
    [[nodiscard]] std::vector<double> corner(std::size_t bits) const {
        std::vector<double> x(objective_.lower().begin(), objective_.lower().end());
        for (std::size_t k = 0; k < objective_.free_entries().size(); ++k) {
            const std::size_t i = objective_.free_entries()[k];
            x[i] = (bits >> k & 1U) != 0 ? objective_.upper()[i] : x[i];
        }
        return x;
    }

    /// One round of climbs: from the records, from perturbed records, from fresh points towards single outputs.
    void round() {
        const std::vector<Record> records = records_;
        const std::size_t number = round_++;
        const std::int64_t each =
            (remaining() + static_cast<std::int64_t>(kSearchesPerRound) - 1) / static_cast<std::int64_t>(kSearchesPerRound);
        parallel_searches(kSearchesPerRound, each, [&](std::size_t i, Search& search) {
            const bool from_record = number == 0 ? i < kSearchesPerRound / 2 : i < 5;
            if (from_record) {
                const Record& record = records[std::min(i, records.size() - 1)];
                const bool fresh = number == 0;
                search.climb(fresh ? record.x : search.perturbed(record.x), std::nullopt, fresh ? 40 : 20, fresh ? 0.25 : 0.1);
            } else {
                const std::size_t output = (number * kSearchesPerRound + i / 2) % objective_.output_size();
                search.climb(i % 2 == 0 ? search.random_corner() : search.uniform_sample(), Target{output, i % 2 == 0 ? 1.0 : -1.0},
                             40, 0.25);
            }
        });
    }

    Objective objective_;
    const AttackOptions& options_;
    StopSignal stop_;
    std::vector<Record> records_;
    std::int64_t used_ = 0;
    std::uint64_t stream_ = 0;
    std::size_t round_ = 0;
};

}  // namespace

Witness attack(const Network& network, const Parameters& theta, const Parameters& quantized, const AttackOptions& options) {
    return Attack(network, theta, quantized, options).run();
}

}  // namespace qbound
