// SPDX-License-Identifier: Apache-2.0
// The long hunt: random networks by the hundred thousand, every certified bound of each attacked, in double and exactly.
//
//   falsify --cases 100000 --seed 1 --threads 2
//
// Prints what was covered and how close each method came; exit code 1 with the seed and the network if a bound is exceeded.
#include "core/parallel.hpp"
#include "property/falsify/falsifier.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace qbound;

/// How near a method's bounds came to what was reached.
struct Closeness {
    std::int64_t cases = 0;
    double smallest = std::numeric_limits<double>::infinity();
    std::uint64_t seed = 0;  ///< of the smallest ratio
    double log_sum = 0;
};

struct Hunt {
    std::int64_t cases = 0;
    std::int64_t reached = 0;
    std::int64_t intervals = 0;
    std::int64_t above = 0;
    std::map<std::string, std::int64_t> features;
    std::map<std::string, Closeness> methods;
};

/// Every fourth case is a chain that satisfies the papers' hypotheses, every fourth a shallow network, where bounds are tight.
test::GraphOptions options_of(std::uint64_t seed) {
    test::GraphOptions options;
    if (seed % 4 == 1) {
        options.branches = false;
        options.contracting_only = true;
    } else if (seed % 4 == 2) {
        options.max_entries = 24;
        options.steps = 3;
    }
    return options;
}

void add(Hunt& hunt, const test::RandomCase& random_case, const test::Verdict& verdict) {
    ++hunt.cases;
    hunt.reached += verdict.reached > 0 ? 1 : 0;
    hunt.intervals += static_cast<std::int64_t>(verdict.intervals_checked);
    hunt.above += verdict.violations.empty() ? 0 : 1;
    for (const std::string& feature : random_case.features) {
        ++hunt.features[feature];
    }
    for (const auto& [method, ratio] : verdict.ratios) {
        Closeness& closeness = hunt.methods[method];
        ++closeness.cases;
        closeness.log_sum += std::log10(ratio);
        // On a tie the smaller seed, so that the order in which threads finish does not show.
        if (ratio < closeness.smallest || (ratio == closeness.smallest && random_case.seed < closeness.seed)) {
            closeness.smallest = ratio;
            closeness.seed = random_case.seed;
        }
    }
}

void print(const Hunt& hunt) {
    fmt::print("cases {}, with an error above 0 {}, intervals checked {}\n\n", hunt.cases, hunt.reached, hunt.intervals);
    fmt::print("{:<18}{:>10}{:>24}{:>12}{:>24}\n", "method", "certified", "least bound/reached", "at seed",
               "mean log10 of the ratio");
    for (const Method& method : methods()) {
        const auto found = hunt.methods.find(std::string(method.name));
        if (found != hunt.methods.end()) {
            const Closeness& c = found->second;
            fmt::print("{:<18}{:>10}{:>24.17g}{:>12}{:>24.3f}\n", method.name, c.cases, c.smallest, c.seed,
                       c.log_sum / static_cast<double>(c.cases));
        }
    }
    fmt::print("\ncovered\n");
    for (const auto& [feature, count] : hunt.features) {
        fmt::print("  {:<42}{:>10}\n", feature, count);
    }
    fmt::print("\nabove a certified bound: {}\n", hunt.above);
}

int run(std::int64_t cases, std::uint64_t first_seed, int threads, const test::FalsifierOptions& options) {
    Hunt hunt;
    std::mutex mutex;
    internal::parallel_for(cases, threads, [&](std::int64_t i) {
        const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
        const test::RandomCase random_case = test::random_case(seed, options_of(seed));
        const test::Verdict verdict = test::falsify(random_case, options);
        const std::scoped_lock lock(mutex);
        add(hunt, random_case, verdict);
        if (!verdict.violations.empty()) {
            fmt::print("{}", test::describe(random_case));
            for (const std::string& violation : verdict.violations) {
                fmt::print("VIOLATION at seed {}: {}\n", seed, violation);
            }
        }
        if (hunt.cases % 1000 == 0) {
            fmt::print(stderr, "{} cases, {} above\n", hunt.cases, hunt.above);
        }
    });
    print(hunt);
    return hunt.above == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Tries to exceed every certified bound on random networks");
    std::int64_t cases = 10000;
    std::uint64_t seed = 1;
    int threads = internal::default_threads();
    test::FalsifierOptions options;
    app.add_option("--cases", cases, "networks to attack");
    app.add_option("--seed", seed, "seed of the first; the others follow");
    app.add_option("--threads", threads, "networks attacked at the same time");
    app.add_option("--evaluations", options.evaluations, "budget of each attack");
    app.add_option("--points", options.true_points, "points at which the error is evaluated exactly");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(cases, seed, threads, options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "falsify: {}\n", error.what());
        return 2;
    }
}
