// SPDX-License-Identifier: Apache-2.0
// Two-sided: where a bound is attained, it stands within a stated factor above the exact error, never below.
#include "property/falsify/falsifier.hpp"

#include "support/catch.hpp"
#include "support/exact_evaluate.hpp"
#include "support/networks.hpp"

using namespace qbound;
using test::exact;
using test::Rational;

namespace {

/// exact ≤ bound ≤ exact·(1 + 1e−9).
void check_tight(const WeightPair& pair, std::string_view method, const Rational& error) {
    EvaluateOptions options;
    std::vector<Upper> theta_norms;
    const Result result = evaluate(pair, select_methods("all", pair.network()), options, theta_norms);
    const Bound& bound = test::bound_of(result, method);
    INFO(method << " gives " << bound.value.value_up() << " for " << error.convert_to<double>());
    CHECK(bound.guarantee == Guarantee::certified);
    CHECK(test::encloses_from_above(exact(bound.value), error, Rational(1, 1000000000)));
}

Rational error_at(const Network& network, const Network& quantized, const std::vector<double>& x) {
    return test::largest_magnitude(test::true_difference(network, parameters_of(network), parameters_of(quantized), x));
}

std::vector<double> upper_corner(const Network& network) {
    const Dims& dims = network.node(0).dims;
    std::vector<double> x;
    for (std::int64_t i = 0; i < dims.size(); ++i) {
        const auto per_channel = static_cast<std::size_t>(i / dims.positions());
        x.push_back(
            network.box().upper[network.box().upper.size() == static_cast<std::size_t>(dims.size()) ? static_cast<std::size_t>(i)
                                                                                                    : per_channel]);
    }
    return x;
}

test::Matrix random_matrix(test::Random& random, std::size_t rows, std::size_t columns, double lower, double upper) {
    test::Matrix m;
    for (std::size_t i = 0; i < rows; ++i) {
        m.push_back(random.vector(columns, lower, upper));
    }
    return m;
}

}  // namespace

TEST_CASE("interval is the exact error of one layer on any box") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        test::Random random(seed);
        const std::size_t n = static_cast<std::size_t>(random.integer(1, 8));
        const std::size_t m = static_cast<std::size_t>(random.integer(1, 5));
        const test::Matrix w = random_matrix(random, m, n, -2, 2);
        const test::Matrix w_quantized = random_matrix(random, m, n, -2, 2);
        const std::vector<double> b = random.vector(m, -1, 1);
        const std::vector<double> b_quantized = random.vector(m, -1, 1);
        Box box;
        for (std::size_t j = 0; j < n; ++j) {
            const double a = random.uniform(-3, 3);
            const double c = random.uniform(-3, 3);
            box.lower.push_back(std::min(a, c));
            box.upper.push_back(std::max(a, c));
        }
        const auto size = static_cast<std::int64_t>(n);
        const Network network = test::NetworkBuilder({size}).dense("d", w, b).build().with_box(box);
        const Network quantized = test::NetworkBuilder({size}).dense("d", w_quantized, b_quantized).build().with_box(box);
        // Row i is linear in x: its extremes are at the corners that its signs choose.
        Rational error = 0;
        for (std::size_t i = 0; i < m; ++i) {
            Rational low = exact(b[i]) - exact(b_quantized[i]);
            Rational high = low;
            for (std::size_t j = 0; j < n; ++j) {
                const Rational delta = exact(w[i][j]) - exact(w_quantized[i][j]);
                low += delta * exact(delta < 0 ? box.upper[j] : box.lower[j]);
                high += delta * exact(delta < 0 ? box.lower[j] : box.upper[j]);
            }
            error = std::max({error, Rational(abs(low)), Rational(abs(high))});
        }
        check_tight(WeightPair(network, quantized), "interval", error);
        check_tight(WeightPair(network, quantized), "joint", error);
    }
}

TEST_CASE("layerwise-inf is the exact error of one layer on a centred box") {
    test::Random random(3);
    const test::Matrix w = random_matrix(random, 4, 6, -1, 1);
    test::Matrix w_quantized = w;
    Rational error = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
        Rational sum = 0;
        for (std::size_t j = 0; j < w[i].size(); ++j) {
            w_quantized[i][j] += random.uniform(-0.1, 0.1);
            sum += abs(exact(w[i][j]) - exact(w_quantized[i][j]));
        }
        error = std::max(error, sum);
    }
    const Network network = test::NetworkBuilder({6}, -2.5, 2.5).dense("d", w).build();
    const Network quantized = test::NetworkBuilder({6}, -2.5, 2.5).dense("d", w_quantized).build();
    check_tight(WeightPair(network, quantized), "layerwise-inf", error * exact(2.5));
}

TEST_CASE("layerwise-2 is the exact error of a layer whose changes are all of one size") {
    // Rows of ΔW with entries ±1/4 on [−1, 1]^4: ‖row‖_2·‖x‖_2 = 1/2·2 is attained at the corner of the row's signs.
    const Network network = test::NetworkBuilder({4}).dense("d", {{1, 2, 3, 4}, {-1, 0, 1, 0}}).build();
    const Network quantized = test::NetworkBuilder({4}).dense("d", {{1.25, 1.75, 3.25, 4.25}, {-1.25, 0.25, 1.25, -0.25}}).build();
    check_tight(WeightPair(network, quantized), "layerwise-2", 1);
}

TEST_CASE("interval is the exact error of diagonal chains") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        test::Random random(seed);
        test::NetworkBuilder builder({3}, 0, 2);
        test::NetworkBuilder quantized_builder({3}, 0, 2);
        for (int l = 0; l < 4; ++l) {
            test::Matrix w(3, std::vector<double>(3, 0.0));
            test::Matrix w_quantized = w;
            for (std::size_t i = 0; i < 3; ++i) {
                w_quantized[i][i] = random.uniform(0.5, 2);
                w[i][i] = w_quantized[i][i] + random.uniform(0, 0.1);
            }
            const std::string name = "d" + std::to_string(l);
            builder.dense(name, w).relu(name + "r");
            quantized_builder.dense(name, w_quantized).relu(name + "r");
        }
        const Network network = builder.build();
        const Network quantized = quantized_builder.build();
        check_tight(WeightPair(network, quantized), "interval", error_at(network, quantized, {2, 2, 2}));
    }
}

TEST_CASE("interval is the exact error of rank-one layers of one sign") {
    test::Random random(5);
    const std::vector<double> u = random.vector(4, 0.1, 1);
    const std::vector<double> v = random.vector(5, 0.1, 1);
    test::Matrix w(4, std::vector<double>(5));
    test::Matrix w_quantized = w;
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 5; ++j) {
            w[i][j] = u[i] * v[j];
            w_quantized[i][j] = 0.75 * w[i][j];
        }
    }
    const test::Matrix last{{1, 1, 1, 1}};
    const Network network = test::NetworkBuilder({5}, 0, 1).dense("a", w).relu("r").dense("b", last).build();
    const Network quantized = test::NetworkBuilder({5}, 0, 1).dense("a", w_quantized).relu("r").dense("b", last).build();
    const WeightPair pair(network, quantized);
    check_tight(pair, "interval", error_at(network, quantized, {1, 1, 1, 1, 1}));
}

TEST_CASE("interval is the exact error of networks that only rise, at the upper corner") {
    // Weights ≥ 0, θ ≥ θ', a box ≥ 0: every node of both networks and their difference is largest at the upper corner.
    test::GraphOptions options;
    options.rising_only = true;
    options.extreme_weights = false;
    int nonzero = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        test::RandomCase random_case = test::random_case(seed, options);
        const Network& network = *random_case.network;
        const Rational error = error_at(network, *random_case.second, upper_corner(network));
        nonzero += error > 0 ? 1 : 0;
        INFO(test::describe(random_case));
        if (error > 0) {
            check_tight(*random_case.pair, "interval", error);
        }
    }
    CHECK(nonzero > 120);
}
