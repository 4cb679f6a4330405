// SPDX-License-Identifier: Apache-2.0
#include "qbound/attack.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"
#include "support/random_graph.hpp"

#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

using namespace qbound;
using Values = std::vector<double>;

namespace {

Witness attack_networks(const Network& network, const Network& quantized, const AttackOptions& options) {
    return attack(network, parameters_of(network), parameters_of(quantized), options);
}

AttackOptions budget(std::int64_t evaluations, std::uint64_t seed = 1) {
    AttackOptions options;
    options.seed = seed;
    options.evaluations = evaluations;
    return options;
}

double error_at(const Network& network, const Parameters& theta, const Parameters& quantized, const Values& x) {
    const Values a = approx_evaluate(network, theta, x, 1);
    const Values b = approx_evaluate(network, quantized, x, 1);
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::abs(a[i] - b[i]));
    }
    return largest;
}

/// n inputs in [−1, 1], one output: x·w for θ and 0 for θ'.
struct Linear {
    explicit Linear(const Values& w)
        : network(test::NetworkBuilder({static_cast<std::int64_t>(w.size())}).dense("d", {w}).build()),
          zero(test::NetworkBuilder({static_cast<std::int64_t>(w.size())}).dense("d", {Values(w.size(), 0.0)}).build()) {}
    Network network;
    Network zero;
};

}  // namespace

TEST_CASE("the attack finds the maximum of a linear difference, in a few evaluations or by all corners") {
    test::Random random(1);
    for (const std::size_t n : {1U, 5U, 12U, 13U, 400U}) {
        const Values w = random.vector(n, -1, 1);
        double sum = 0;
        for (const double v : w) {
            sum += std::abs(v);
        }
        const Linear linear(w);
        const Witness witness = attack_networks(linear.network, linear.zero, budget(200));
        INFO(n << " inputs");
        CHECK(witness.value == Approx(sum).epsilon(1e-12));
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(witness.x[i] == (w[i] > 0 ? 1.0 : -1.0) * (witness.x[0] * w[0] > 0 ? 1.0 : -1.0));
        }
    }
}

TEST_CASE("the attack finds a maximum inside the box") {
    // relu(x + 1) − 2 relu(x) + relu(x − 1), a hat of height 1 over [−1, 1], minus nothing: θ' is zero.
    const auto hat = [](double scale) {
        return test::NetworkBuilder({1}, -8, 9)
            .dense("a", {{1}, {1}, {1}}, {1, 0, -1})
            .relu("r")
            .dense("b", {{scale, -2 * scale, scale}})
            .build();
    };
    const Witness witness = attack_networks(hat(1), hat(0), budget(600));
    CHECK(witness.value == Approx(1).epsilon(0.01));
    CHECK(std::abs(witness.x[0]) < 0.02);
}

TEST_CASE("the attack names the output that moves most") {
    const Network network = test::NetworkBuilder({2}).dense("d", {{1, 1}, {-2, 3}, {0, 1}}).build();
    const Network quantized = test::NetworkBuilder({2}).dense("d", {{1, 1}, {-1, 3}, {0.5, 1}}).build();
    const Witness witness = attack_networks(network, quantized, budget(50));
    CHECK(witness.value == 1);
    CHECK(witness.output == 1);
}

TEST_CASE("a witness lies in the box and reaches its value") {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const test::RandomCase random_case = test::random_case(seed);
        const Network& network = *random_case.network;
        const Parameters theta = parameters_of(network);
        const Parameters quantized = quantized_parameters_of(*random_case.pair);
        const Witness witness = attack(network, theta, quantized, budget(120, seed));
        INFO(test::describe(random_case));
        REQUIRE(witness.x.size() == static_cast<std::size_t>(network.node(0).dims.size()));
        const Box& box = network.box();
        for (std::size_t i = 0; i < witness.x.size(); ++i) {
            const std::size_t k =
                box.lower.size() == witness.x.size() ? i : i / static_cast<std::size_t>(network.node(0).dims.positions());
            CHECK(witness.x[i] >= box.lower[k]);
            CHECK(witness.x[i] <= box.upper[k]);
        }
        CHECK(witness.value == error_at(network, theta, quantized, witness.x));
        const Values a = approx_evaluate(network, theta, witness.x, 1);
        const Values b = approx_evaluate(network, quantized, witness.x, 1);
        CHECK(std::abs(a[witness.output] - b[witness.output]) == witness.value);
    }
}

TEST_CASE("the attack is the same for the same seed and budget, whatever the threads") {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        const test::RandomCase random_case = test::random_case(seed);
        const Network& network = *random_case.network;
        const Parameters theta = parameters_of(network);
        const Parameters quantized = quantized_parameters_of(*random_case.pair);
        AttackOptions options = budget(500, seed);
        const Witness one = attack(network, theta, quantized, options);
        for (const int threads : {2, 3}) {
            options.threads = threads;
            const Witness several = attack(network, theta, quantized, options);
            CHECK(several.x == one.x);
            CHECK(several.value == one.value);
            CHECK(several.evaluations == one.evaluations);
        }
    }
}

TEST_CASE("the attack keeps its budget") {
    test::Random random(4);
    const Linear linear(random.vector(100, -1, 1));
    for (const std::int64_t evaluations : {1, 10, 100, 1000}) {
        const Witness witness = attack_networks(linear.network, linear.zero, budget(evaluations));
        CHECK(witness.evaluations >= 1);
        CHECK(witness.evaluations <= evaluations + 16);
    }
}

TEST_CASE("the attack stops when it is told to") {
    test::Random random(4);
    const Linear linear(random.vector(100, -1, 1));
    std::atomic<int> asked = 0;
    AttackOptions options = budget(1000000);
    options.threads = 2;
    options.stop = [&] { return ++asked > 30; };
    const Witness witness = attack_networks(linear.network, linear.zero, options);
    CHECK(witness.evaluations < 200);
    CHECK(witness.value > 0);
    // Even at once it answers with a point of the box.
    options.stop = [] { return true; };
    const Witness immediate = attack_networks(linear.network, linear.zero, options);
    CHECK(immediate.x.size() == 100);
    CHECK(immediate.value == error_at(linear.network, parameters_of(linear.network), parameters_of(linear.zero), immediate.x));
}

TEST_CASE("data points are tried, clamped into the box") {
    // A peak so narrow that nothing but the data point meets it: relu(1 − 10^9·|x0 − 0.3|) in effect.
    const auto peak = [](double scale) {
        return test::NetworkBuilder({2})
            .dense("a", {{1e9, 0}, {1e9, 0}, {1e9, 0}}, {1 - 0.3e9, -0.3e9, -1 - 0.3e9})
            .relu("r")
            .dense("b", {{scale, -2 * scale, scale}})
            .build();
    };
    AttackOptions options = budget(40);
    CHECK(attack_networks(peak(1), peak(0), options).value < 0.5);
    const std::vector<Values> data{{0.3, 7}};
    options.data = data;
    const Witness witness = attack_networks(peak(1), peak(0), options);
    CHECK(witness.value == Approx(1).epsilon(1e-6));
    CHECK(witness.x == Values{0.3, 1});
}

TEST_CASE("a data point that does not fit is an error") {
    const Linear linear({1, 2});
    AttackOptions options = budget(10);
    const std::vector<Values> wrong_size{{1, 2, 3}};
    options.data = wrong_size;
    CHECK_THROWS_WITH(attack_networks(linear.network, linear.zero, options), "data point: it has 3 entries where the input has 2");
    const std::vector<Values> not_finite{{0, std::numeric_limits<double>::quiet_NaN()}};
    options.data = not_finite;
    CHECK_THROWS_WITH(attack_networks(linear.network, linear.zero, options), "data point: entry 1 is not finite");
}

TEST_CASE("where a value overflows nothing is reached, and a point box is one point") {
    const Network huge = test::NetworkBuilder({1}).dense("a", {{1e200}}).dense("b", {{1e200}}).build();
    const Network zero = test::NetworkBuilder({1}).dense("a", {{0}}).dense("b", {{0}}).build();
    const Witness overflow = attack_networks(huge, zero, budget(50));
    CHECK(std::isfinite(overflow.value));
    const Linear linear({3, 4});
    const Network point = linear.network.with_box({{0.5, -1}, {0.5, -1}});
    const Witness witness = attack_networks(point, linear.zero, budget(50));
    CHECK(witness.x == Values{0.5, -1});
    CHECK(witness.value == 2.5);
}
