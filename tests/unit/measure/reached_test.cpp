// SPDX-License-Identifier: Apache-2.0
#include "qbound/reached.hpp"

#include "support/catch.hpp"
#include "support/exact_evaluate.hpp"
#include "support/networks.hpp"
#include "support/random_graph.hpp"

#include <cmath>
#include <limits>

using namespace qbound;
using qbound::test::NetworkBuilder;

TEST_CASE("a witness is proved: the number is at most the exact error, and close to it") {
    int proved = 0;
    int exact_ones = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        const test::RandomCase drawn = test::random_case(seed, {.rational_only = true, .extreme_weights = seed % 2 == 0});
        const Network& network = *drawn.network;
        if (!test::is_rational(network) || test::operation_count(network) > test::kRationalOperations) {
            continue;
        }
        ++exact_ones;
        const Parameters theta = parameters_of(network);
        const Parameters quantized = quantized_parameters_of(*drawn.pair);
        AttackOptions options;
        options.evaluations = 60;
        const Reached reached = prove(network, theta, quantized, attack(network, theta, quantized, options), 1);
        CAPTURE(seed, reached.value, reached.width);
        if (reached.guarantee != Guarantee::lower) {
            continue;
        }
        ++proved;
        const auto difference = test::true_difference(network, theta, quantized, reached.witness.x)[reached.witness.output];
        REQUIRE(difference.lower == difference.upper);
        const test::Rational error = abs(difference.lower);
        CHECK(test::Rational(reached.value) <= error);
        CHECK(error * (1 - test::Rational(0x1p-19)) <= test::Rational(reached.value));
    }
    CHECK(exact_ones > 40);
    CHECK(proved > exact_ones * 9 / 10);
}

TEST_CASE("no difference is proved to be zero, and has no logarithm") {
    const Network network = NetworkBuilder({3}).dense("d", {{1, 2, 3}}).relu("r").build();
    const Parameters theta = parameters_of(network);
    const Reached reached = prove(network, theta, theta, {.x = {1, 1, 1}, .value = 0, .output = 0, .evaluations = 1}, 1);
    CHECK(reached.guarantee == Guarantee::lower);
    CHECK(reached.value == 0);
    CHECK(reached.width == 0);
    CHECK(reached.log10_down() == -std::numeric_limits<double>::infinity());
}

TEST_CASE("logarithm of what was reached, rounded down") {
    for (const double value : {1e-300, 0.1, 1.0, 3.0, 1000.0, 1e300}) {
        Reached reached;
        reached.value = value;
        CHECK(reached.log10_down() <= std::log10(value));
        CHECK(reached.log10_down() == Approx(std::log10(value)).margin(1e-9));
    }
}

TEST_CASE("the default budget shrinks with the network") {
    const Network small = NetworkBuilder({3}).dense("d", {{1, 2, 3}}).build();
    CHECK(default_evaluations(small) == 4000);
    // 2^20 weights at 400 positions: 2·4.2e8 multiply-adds an evaluation, so some 1190 of them.
    const Network large =
        NetworkBuilder({1024, 20, 20})
            .conv("c", test::tensor({1024, 1024, 1, 1}, std::vector<double>(std::size_t{1} << 20U, 1.0)))
            .build();
    CHECK(default_evaluations(large) == Approx(1e12 / (2 * 1048576.0 * 400)).margin(1));
}
