// SPDX-License-Identifier: Apache-2.0
#include "qbound/allocate.hpp"

#include "decide/search.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <limits>

namespace qbound {

namespace {

using internal::Choice;
using internal::meets;
using internal::BoundObjective;
using internal::State;
using internal::WidthTable;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max() / 2;
/// Changes of every layer to every width, of which a search takes a few dozen rounds.
constexpr std::size_t kRoundsOfSearch = 30;
/// Evaluations of the cheap methods for each point of a frontier.
constexpr std::size_t kFrontierLimit = 2000;
constexpr int kDigits = 6;

void check(const AllocateOptions& options) {
    if (options.widths.empty() || !std::is_sorted(options.widths.begin(), options.widths.end()) ||
        std::adjacent_find(options.widths.begin(), options.widths.end()) != options.widths.end()) {
        throw Error(ErrorKind::usage, "bit widths", "do not rise");
    }
    if (options.quantizer.granularity == Granularity::network && options.widths.size() > 1 && !options.uniform) {
        throw Error(ErrorKind::usage, "bits per layer", "layers with different bits cannot share one step",
                    "the granularity tensor or channel, or one width for all layers");
    }
}

/// Methods to search with: those that need norms alone, among the methods that count; else one that any network has.
std::vector<const Method*> guides(const std::vector<const Method*>& methods) {
    std::vector<const Method*> cheap;
    std::copy_if(methods.begin(), methods.end(), std::back_inserter(cheap),
                 [](const Method* method) { return method->norms_only; });
    if (cheap.empty()) {
        cheap.push_back(find_method("layerwise-inf"));
    }
    return cheap;
}

double operations_of_weight_readers(const Network& network, const std::vector<const Method*>& methods) {
    double total = 0;
    for (const Method* method : methods) {
        total += method->norms_only ? 0 : method->operations(network);
    }
    return total;
}

const State& best_of(const AllocationGoal& goal, const std::vector<State>& states) {
    return *std::min_element(states.begin(), states.end(), [&](const State& a, const State& b) { return better(goal, a, b); });
}

/// The search on one network: what is known of its layers, and the bounds as functions of a choice.
///
/// The judge is all methods that count. Where it is too dear to be asked at every step, the guide stands for it: the methods that
/// need norms alone.
class Search {
  public:
    Search(const Network& network, const AllocateOptions& options)
        : options_(options), table_(network, options), judge_(table_, options.methods) {
        const double affordable = kAllocateOperationBudget / operations_of_weight_readers(network, options.methods);
        if (affordable < static_cast<double>(kNoLimit)) {
            allowance_ = static_cast<std::size_t>(affordable);
            const std::size_t round = table_.units() * static_cast<std::size_t>(table_.widths());
            if (allowance_ < kRoundsOfSearch * round) {
                cheap_.emplace(table_, guides(options.methods));
                guide_ = &*cheap_;
            }
        }
        for (int width = 0; width < table_.widths(); ++width) {
            uniform_.push_back(state_of(table_, judge_, table_.uniform(width)));
        }
        if (std::all_of(uniform_.begin(), uniform_.end(), [](const State& s) { return s.value.is_infinite(); })) {
            throw Error(ErrorKind::unsupported, "", "no method gives a finite certified bound at any of the bit widths",
                        "other methods, or wider ones");
        }
    }
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;

    /// All units at one width, by rising width.
    [[nodiscard]] const std::vector<State>& uniform() const noexcept { return uniform_; }
    [[nodiscard]] State best(const AllocationGoal& goal);
    [[nodiscard]] std::vector<State> frontier(std::size_t points);
    [[nodiscard]] Allocation allocation(const State& state);
    [[nodiscard]] std::vector<AllocatedLayer> layers(const State& state);

  private:
    [[nodiscard]] State judged(const State& state) { return state_of(table_, judge_, state.choice); }
    /// Evaluations of the judge that are left.
    [[nodiscard]] std::size_t allowance() const noexcept {
        const std::size_t used = judge_.evaluations();
        return allowance_ > used ? allowance_ - used : 0;
    }
    void find_candidates();
    [[nodiscard]] State guided(const AllocationGoal& goal, std::size_t limit);
    [[nodiscard]] State narrowest_within(const AllocationGoal& goal, const std::vector<State>& falling);

    const AllocateOptions& options_;
    WidthTable table_;
    BoundObjective judge_;
    std::optional<BoundObjective> cheap_;
    BoundObjective* guide_ = &judge_;
    std::size_t allowance_ = kNoLimit;            ///< evaluations that the judge may have in all
    std::vector<State> uniform_;                  ///< with the judge's values
    std::vector<std::vector<State>> candidates_;  ///< with the guide's values: the greedy path, thresholds, uniform choices
};

void Search::find_candidates() {
    if (candidates_.empty()) {
        std::vector<State> uniform;
        for (int width = 0; width < table_.widths(); ++width) {
            uniform.push_back(state_of(table_, *guide_, table_.uniform(width)));
        }
        candidates_ = {greedy_path(table_, *guide_), threshold_states(table_, *guide_), std::move(uniform)};
    }
}

/// The best that the guide finds: the best candidate of each kind, improved.
State Search::guided(const AllocationGoal& goal, std::size_t limit) {
    std::vector<State> found;
    for (const std::vector<State>& states : candidates_) {
        const std::size_t most = guide_ == &judge_ ? std::min(limit, allowance()) : limit;
        found.push_back(improved(table_, *guide_, *guide_, goal, best_of(goal, states), most));
    }
    return best_of(goal, found);
}

/// The last state that the judge finds to meet a target, if those before do too; else the first.
State Search::narrowest_within(const AllocationGoal& goal, const std::vector<State>& falling) {
    std::size_t meeting = 0;
    for (std::size_t missing = falling.size(); missing - meeting > 1;) {
        const std::size_t middle = meeting + (missing - meeting) / 2;
        const State state = judged(falling[middle]);
        (meets(goal, state.size, state.value) ? meeting : missing) = middle;
    }
    return judged(falling[meeting]);
}

State Search::best(const AllocationGoal& goal) {
    std::vector<State> found = uniform_;
    if (options_.uniform) {
        return best_of(goal, found);
    }
    find_candidates();
    if (guide_ == &judge_) {
        found.push_back(guided(goal, kNoLimit));
        return best_of(goal, found);
    }
    // A target is the judge's to find: the guide's values may lie far above it.
    AllocationGoal of_guide = goal;
    if (goal.target) {
        found.push_back(narrowest_within(goal, candidates_.front()));
        of_guide = {.target = std::nullopt, .budget = best_of(goal, found).size};
    }
    found.push_back(judged(guided(of_guide, kNoLimit)));
    found.push_back(improved(table_, *guide_, judge_, goal, best_of(goal, found), allowance()));
    // Where it can be afforded, the judge guides itself.
    return improved(table_, judge_, judge_, goal, best_of(goal, found), allowance());
}

std::vector<State> Search::frontier(std::size_t points) {
    std::vector<State> states = uniform_;
    if (!options_.uniform) {
        find_candidates();
        const std::int64_t least = states.front().size;
        const std::int64_t most = states.back().size;
        const auto steps = static_cast<std::int64_t>(std::max<std::size_t>(points, 2)) - 1;
        for (std::int64_t i = 0; i <= steps; ++i) {
            const AllocationGoal goal{.target = std::nullopt,
                                      .budget = least + (most - least) / steps * i + (most - least) % steps * i / steps};
            states.push_back(judged(guided(goal, kFrontierLimit)));
        }
    }
    std::stable_sort(states.begin(), states.end(),
                     [](const State& a, const State& b) { return a.size != b.size ? a.size < b.size : a.value < b.value; });
    std::vector<State> front;
    for (const State& state : states) {
        if (!state.value.is_infinite() && (front.empty() || state.value < front.back().value)) {
            front.push_back(state);
        }
    }
    // The uniform states may be too many; the ends stay.
    const std::size_t kept = std::min(front.size(), std::max<std::size_t>(points, 1));
    for (std::size_t i = 0; i < kept && kept < front.size(); ++i) {
        front[i] = front[kept == 1 ? 0 : i * (front.size() - 1) / (kept - 1)];
    }
    front.resize(kept);
    return front;
}

Allocation Search::allocation(const State& state) {
    Allocation allocation;
    for (std::size_t i = 0; i < table_.network().weight_layers().size(); ++i) {
        allocation.bits.push_back(options_.widths[static_cast<std::size_t>(state.choice[table_.unit_of(i)])]);
    }
    allocation.size = state.size;
    allocation.bound = judge_.bound(state.choice);
    return allocation;
}

std::vector<AllocatedLayer> Search::layers(const State& state) {
    const std::vector<double> shares = judge_.shares(state.choice);
    std::vector<AllocatedLayer> layers;
    for (std::size_t i = 0; i < table_.network().weight_layers().size(); ++i) {
        const int width = state.choice[table_.unit_of(i)];
        layers.push_back({table_.numbers_of_layer(i), table_.pair(width).quantization(i).max_abs_delta,
                          shares.empty() ? std::nullopt : std::optional(shares[i])});
    }
    return layers;
}

void check_budget(const AllocationGoal& goal, const AllocateOptions& options, std::int64_t least) {
    if (goal.budget && *goal.budget < least) {
        throw Error(ErrorKind::usage, "--budget",
                    fmt::format("{} bits are less than the {} that {} bits in every layer take", *goal.budget, least,
                                options.widths.front()),
                    fmt::format("at least {}B", (least + 7) / 8));
    }
}

}  // namespace

AllocationResult allocate(const Network& network, const AllocateOptions& options, const AllocationGoal& goal) {
    check(options);
    check_budget(goal, options, counted_numbers(network, options.quantizer.quantize_biases) * options.widths.front());
    Search search(network, options);
    const State best = search.best(goal);
    if (!meets(goal, best.size, best.value)) {
        throw Error(ErrorKind::unsupported, "--target",
                    fmt::format("no bits were found with a certified bound of at most {}: the least is {}",
                                decimal_down(goal.target->value_up(), kDigits), decimal_up(best.value, kDigits)),
                    fmt::format("--bits with more than {}", options.widths.back()));
    }
    AllocationResult result;
    result.best = search.allocation(best);
    result.layers = search.layers(best);
    const State& uniform = best_of(goal, search.uniform());
    if (meets(goal, uniform.size, uniform.value)) {
        result.uniform = search.allocation(uniform);
    }
    const Upper widest = search.uniform().back().value;
    result.bits_matter = options.widths.size() == 1 || widest.is_zero() || widest < search.uniform().front().value;
    return result;
}

std::vector<Allocation> allocation_frontier(const Network& network, const AllocateOptions& options, std::size_t points) {
    check(options);
    Search search(network, options);
    std::vector<Allocation> allocations;
    for (const State& state : search.frontier(points)) {
        allocations.push_back(search.allocation(state));
    }
    return allocations;
}

}  // namespace qbound
