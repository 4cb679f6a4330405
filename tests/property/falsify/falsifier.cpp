// SPDX-License-Identifier: Apache-2.0
#include "property/falsify/falsifier.hpp"

#include "qbound/attack.hpp"
#include "qbound/measure.hpp"
#include "support/exact_evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace qbound::test {

namespace {

using internal::DifferentialIntervals;

double as_double(const Rational& x) {
    return x.convert_to<double>();
}

/// The interval [lower, upper] of doubles contains the enclosed truth, or is not disproved by it.
bool contains(double lower, double upper, const Enclosure& truth) {
    // NaN fails.
    const bool above = lower == -INFINITY || (lower < INFINITY && exact(lower) <= truth.upper);
    const bool below = upper == INFINITY || (upper > -INFINITY && exact(upper) >= truth.lower);
    return above && below;
}

/// Holds the truth at one point against the intervals of all nodes.
void check_containment(const Network& network, const std::vector<DifferentialIntervals>& intervals,
                       const std::vector<std::vector<Enclosure>>& x, const std::vector<std::vector<Enclosure>>& y,
                       Verdict& verdict) {
    for (std::size_t id = 0; id < intervals.size(); ++id) {
        const DifferentialIntervals& v = intervals[id];
        const Dims& dims = network.nodes()[id].dims;
        std::size_t entry = 0;
        for (std::int64_t c = 0; c < dims.channels; ++c) {
            for (std::int64_t h = 0; h < dims.height; ++h) {
                for (std::int64_t w = 0; w < dims.width; ++w, ++entry) {
                    const std::size_t at = class_of(v, c, h, w);
                    const Enclosure& a = x[id][entry];
                    const Enclosure& b = y[id][entry];
                    const Enclosure d{a.lower - b.upper, a.upper - b.lower};
                    const auto check = [&](const char* what, internal::Component lower, internal::Component upper,
                                           const Enclosure& truth) {
                        ++verdict.intervals_checked;
                        if (!contains(v.values[lower][at], v.values[upper][at], truth)) {
                            std::ostringstream text;
                            text.precision(17);
                            text << "interval of " << what << " at entry " << entry << " of " << network.nodes()[id].name << ", ["
                                 << v.values[lower][at] << ", " << v.values[upper][at] << "], misses " << as_double(truth.lower);
                            verdict.violations.push_back(text.str());
                        }
                    };
                    check("x", internal::x_lower, internal::x_upper, a);
                    check("x'", internal::y_lower, internal::y_upper, b);
                    check("x - x'", internal::d_lower, internal::d_upper, d);
                }
            }
        }
    }
}

std::vector<Enclosure> differences(const std::vector<Enclosure>& a, const std::vector<Enclosure>& b) {
    std::vector<Enclosure> result;
    for (std::size_t i = 0; i < a.size(); ++i) {
        result.push_back({a[i].lower - b[i].upper, a[i].upper - b[i].lower});
    }
    return result;
}

}  // namespace

std::vector<DifferentialIntervals> all_intervals(const Network& network, const WeightPair& pair, int threads) {
    std::vector<DifferentialIntervals> result(network.nodes().size());
    static_cast<void>(internal::propagate_intervals(
        network, pair, threads, [&](NodeId id, DifferentialIntervals& v) { result[static_cast<std::size_t>(id)] = v; }));
    return result;
}

std::size_t class_of(const DifferentialIntervals& v, std::int64_t channel, std::int64_t row, std::int64_t column) {
    const auto r = v.grid.rows.of[static_cast<std::size_t>(row)];
    const auto c = v.grid.columns.of[static_cast<std::size_t>(column)];
    return static_cast<std::size_t>((channel * v.grid.rows.size() + r) * v.grid.columns.size() + c);
}

bool covers(Upper bound, const Rational& value) {
    return bound.is_infinite() || exact(bound) >= value;
}

Result all_bounds(const RandomCase& random_case, int threads) {
    EvaluateOptions options;
    options.threads = threads;
    std::vector<Upper> theta_norms;
    return evaluate(*random_case.pair, select_methods("all", *random_case.network), options, theta_norms);
}

const Bound& bound_of(const Result& result, std::string_view method) {
    const auto found =
        std::find_if(result.bounds.begin(), result.bounds.end(), [&](const Bound& bound) { return bound.method == method; });
    if (found == result.bounds.end()) {
        throw std::invalid_argument("no such method");
    }
    return *found;
}

std::vector<double> random_corner(const Network& network, Random& random) {
    const Box& box = network.box();
    const Dims& dims = network.node(network.input()).dims;
    std::vector<double> x(static_cast<std::size_t>(dims.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t k = box.lower.size() == x.size() ? i : i / static_cast<std::size_t>(dims.positions());
        x[i] = random.coin() ? box.lower[k] : box.upper[k];
    }
    return x;
}

Verdict falsify(const RandomCase& random_case, const FalsifierOptions& options) {
    const Network& network = *random_case.network;
    const Parameters theta = parameters_of(network);
    const Parameters quantized = quantized_parameters_of(*random_case.pair);
    const Result result = all_bounds(random_case, options.threads);

    AttackOptions attack_options;
    attack_options.seed = random_case.seed;
    attack_options.evaluations = options.evaluations;
    std::vector<std::vector<double>> points{attack(network, theta, quantized, attack_options).x};
    // Where sums cancel, double sees nothing of the error: corners are tried blindly too.
    Random random(random_case.seed);
    while (static_cast<int>(points.size()) < options.true_points) {
        points.push_back(random_corner(network, random));
    }

    Verdict verdict;
    const auto output = static_cast<std::size_t>(network.output());
    const std::vector<DifferentialIntervals> intervals =
        options.containment ? all_intervals(network, *random_case.pair, options.threads) : std::vector<DifferentialIntervals>{};
    for (const auto& x : points) {
        const auto a = true_values(network, theta, x);
        const auto b = true_values(network, quantized, x);
        verdict.reached = std::max(verdict.reached, largest_magnitude(differences(a[output], b[output])));
        check_containment(network, intervals, a, b, verdict);
    }
    for (const Bound& bound : result.bounds) {
        if (bound.guarantee != Guarantee::certified) {
            continue;
        }
        if (!covers(bound.value, verdict.reached)) {
            std::ostringstream text;
            text.precision(17);
            text << bound.method << " claims " << bound.value.value_up() << " but " << as_double(verdict.reached) << " is reached";
            verdict.violations.push_back(text.str());
        }
        if (verdict.reached > 0 && !bound.value.is_infinite()) {
            verdict.ratios[bound.method] = as_double(exact(bound.value) / verdict.reached);
        }
    }
    return verdict;
}

}  // namespace qbound::test
