// SPDX-License-Identifier: Apache-2.0
#include "qbound/enclosure.hpp"

#include "support/catch.hpp"
#include "support/exact_evaluate.hpp"
#include "support/networks.hpp"
#include "support/random_graph.hpp"
#include "unit/network/model_builder.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace qbound;
using test::exact;
using test::Rational;

namespace {

using Values = std::vector<double>;

Values point_of(const Network& network, test::Random& random) {
    const Box& box = network.box();
    Values x(static_cast<std::size_t>(network.node(0).dims.size()));
    const int place = static_cast<int>(random.integer(0, 2));
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t k = box.lower.size() == x.size() ? i : i / static_cast<std::size_t>(network.node(0).dims.positions());
        x[i] = place == 0 ? random.uniform(box.lower[k], box.upper[k]) : (random.coin() ? box.lower[k] : box.upper[k]);
        if (place == 1 && random.coin()) {
            x[i] = 0;  // on the kinks
        }
    }
    return x;
}

/// The true number, known to lie in `truth`, may lie in `t`; for a truth that is one point: does.
bool may_contain(const Interval& t, const test::Enclosure& truth) {
    return (t.lower == -test::kInf || exact(t.lower) <= truth.upper) && (t.upper == test::kInf || exact(t.upper) >= truth.lower) &&
           t.lower <= t.upper;
}

double width(const Interval& t) {
    return t.upper - t.lower;
}

bool same_bits(const std::vector<Interval>& a, const std::vector<Interval>& b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const Interval& s, const Interval& t) {
               return s.lower == t.lower && s.upper == t.upper;
           });
}

/// A chain of `layers` dense layers of ±1 with ReLUs, n wide.
Network chain_of_signs(int layers, std::int64_t n, ActivationFunction function, std::uint64_t seed) {
    test::Random random(seed);
    test::NetworkBuilder builder({n});
    for (int l = 0; l < layers; ++l) {
        test::Matrix rows(static_cast<std::size_t>(n));
        for (auto& row : rows) {
            for (std::int64_t i = 0; i < n; ++i) {
                row.push_back(random.coin() ? 1.0 : -1.0);
            }
        }
        builder.dense("d" + std::to_string(l), rows);
        Activation activation;
        activation.function = function;
        builder.add("a" + std::to_string(l), "Activation", activation);
    }
    return builder.build();
}

/// The same chain with weights moved a little.
Parameters moved(const Network& network, double step) {
    test::Random random(77);
    Parameters parameters = parameters_of(network);
    for (QuantizedLayer& layer : parameters) {
        Tensor weight = *layer.weight;
        for (double& w : weight.data) {
            w += step * random.uniform(-1, 1);
        }
        layer.weight = std::make_shared<const Tensor>(std::move(weight));
    }
    return parameters;
}

Network one_activation(const Activation& activation, std::int64_t n) {
    return test::NetworkBuilder({n}, -10, 10).add("y", "Activation", activation).build();
}

}  // namespace

TEST_CASE("the exact values of random networks lie in their enclosures") {
    std::map<std::string, int> seen;
    int rational = 0;
    int tight = 0;
    for (std::uint64_t seed = 0; seed < 250; ++seed) {
        test::GraphOptions options;
        options.max_entries = seed % 3 == 0 ? 20 : 60;
        options.steps = seed % 3 == 0 ? 5 : 11;
        options.rational_only = seed % 2 == 0;
        const test::RandomCase random_case = test::random_case(seed, options);
        const Network& network = *random_case.network;
        test::Random random(seed);
        const Values x = point_of(network, random);
        const Parameters theta = parameters_of(network);
        const Parameters quantized = quantized_parameters_of(*random_case.pair);
        const auto output = static_cast<std::size_t>(network.output());
        const auto truth = test::true_values(network, theta, x)[output];
        const auto truth_quantized = test::true_values(network, quantized, x)[output];
        const auto truth_difference = test::true_difference(network, theta, quantized, x);
        for (const Node& node : network.nodes()) {
            ++seen[std::to_string(node.kind.index())];
            if (const auto* activation = std::get_if<Activation>(&node.kind)) {
                ++seen["activation " + std::to_string(static_cast<int>(activation->function))];
            }
        }
        INFO(test::describe(random_case));
        const bool exact_truth = test::is_rational(network) && test::operation_count(network) <= test::kRationalOperations;
        rational += exact_truth ? 1 : 0;
        double before = std::numeric_limits<double>::infinity();
        for (const int words : {2, 3, 6, 12}) {
            const PointEnclosure at = enclose_at(network, theta, quantized, x, words, 1);
            const PointEnclosure again = enclose_at(network, theta, quantized, x, words, 2);
            REQUIRE(at.words == words);
            REQUIRE(same_bits(at.theta, again.theta));
            REQUIRE(same_bits(at.quantized, again.quantized));
            REQUIRE(same_bits(at.difference, again.difference));
            REQUIRE(at.difference.size() == truth.size());
            double widest = 0;
            for (std::size_t i = 0; i < truth.size(); ++i) {
                INFO(words << " words, output " << i << ": [" << at.theta[i].lower << ", " << at.theta[i].upper << "]");
                REQUIRE(may_contain(at.theta[i], truth[i]));
                REQUIRE(may_contain(at.quantized[i], truth_quantized[i]));
                REQUIRE(may_contain(at.difference[i], truth_difference[i]));
                widest = std::max(widest, width(at.theta[i]));
            }
            REQUIRE(widest <= before);
            before = widest;
        }
        // Twelve words leave nothing of the radius if all activations are piecewise linear: only the double's rounding.
        if (exact_truth && !network.weight_layers().empty()) {
            const PointEnclosure at = enclose_at(network, theta, quantized, x, 24, 1);
            bool all_tight = true;
            for (const Interval& t : at.theta) {
                all_tight = all_tight && width(t) <= 0x1p-50 * std::max(std::abs(t.lower), std::abs(t.upper));
            }
            tight += all_tight ? 1 : 0;
        }
    }
    CHECK(rational >= 60);
    CHECK(tight >= rational * 8 / 10);
    for (std::size_t kind = 0; kind < std::variant_size_v<NodeKind>; ++kind) {
        INFO("kind " << kind);
        CHECK(seen[std::to_string(kind)] >= 5);
    }
    for (const ActivationRow& row : activation_table()) {
        INFO(row.op);
        CHECK(seen["activation " + std::to_string(static_cast<int>(row.function))] >= 1);
    }
}

TEST_CASE("a deep chain closes with enough words, and each word narrows it by its bits") {
    const Network network = chain_of_signs(40, 16, ActivationFunction::relu, 1);
    const Parameters theta = parameters_of(network);
    const Parameters quantized = moved(network, 1e-3);
    test::Random random(5);
    const Values x = random.vector(16, -1, 1);
    std::vector<double> widths;
    for (const int words : {2, 4, 6}) {
        const PointEnclosure at = enclose_at(network, theta, quantized, x, words, 1);
        widths.push_back(width(at.difference[at.largest()]));
    }
    const int bits = enclose_at(network, theta, quantized, x, 1, 1).word_bits;
    CHECK(bits == 25);  // 16·2^48 = 2^52
    CHECK(widths[1] <= widths[0] * std::ldexp(1.0, -2 * bits + 8));
    CHECK(widths[2] <= widths[1] * std::ldexp(1.0, -2 * bits + 8));
    const RefinedEnclosure closed = enclose_closely(network, theta, quantized, x, {.tolerance = 1e-9}, 2);
    REQUIRE(closed.closed);
    CHECK(closed.enclosure.words * bits >= 150);  // the radius grows by 16^40
    CHECK(closed.enclosure.words * bits <= 400);
    const std::size_t i = closed.enclosure.largest();
    const Interval at = closed.enclosure.difference[i];
    CHECK(width(at) <= 1e-9 * std::max(std::abs(at.lower), std::abs(at.upper)));
    CHECK(closed.enclosure.difference_down(i) > 0);
    const auto y = approx_evaluate(network, theta, x, 1);
    const auto y_quantized = approx_evaluate(network, quantized, x, 1);
    CHECK(y[i] - y_quantized[i] == Approx(at.lower));
    const auto few = enclose_closely(network, theta, quantized, x, {.tolerance = 1e-9, .most_bits = 100}, 1);
    CHECK_FALSE(few.closed);
}

TEST_CASE("the exact value of a deep chain of signs") {
    const Network network = chain_of_signs(40, 6, ActivationFunction::relu, 3);
    const Parameters theta = parameters_of(network);
    const Parameters quantized = moved(network, 0.25);
    test::Random random(6);
    const Values x = random.vector(6, -1, 1);
    const auto truth = test::true_difference(network, theta, quantized, x);
    for (const int words : {2, 5, 8, 20}) {
        const PointEnclosure at = enclose_at(network, theta, quantized, x, words, 1);
        for (std::size_t i = 0; i < truth.size(); ++i) {
            CHECK(may_contain(at.difference[i], truth[i]));
        }
    }
}

TEST_CASE("values beyond the range of double inside a network") {
    test::NetworkBuilder builder({1});
    for (int l = 0; l < 4; ++l) {
        builder.dense("up" + std::to_string(l), {{1e300}});
    }
    for (int l = 0; l < 8; ++l) {
        builder.dense("down" + std::to_string(l), {{1e-300}});
    }
    for (int l = 0; l < 4; ++l) {
        builder.dense("back" + std::to_string(l), {{1e300}});
    }
    const Network network = builder.build();
    const Parameters theta = parameters_of(network);
    const Parameters quantized = moved(network, 0);
    const PointEnclosure at = enclose_at(network, theta, quantized, Values{0.75}, 5, 1);
    CHECK(at.theta[0].lower == Approx(0.75));
    CHECK(width(at.theta[0]) < 1e-15);
    CHECK(at.difference[0].lower <= 0);
    CHECK(at.difference[0].upper >= 0);
    CHECK(width(at.difference[0]) < 1e-25);
    const auto truth = test::true_values(network, theta, Values{0.75}).back();
    CHECK(may_contain(at.theta[0], truth[0]));
}

TEST_CASE("activations at and beside their kinks are exact") {
    const Values on_kinks{-10, -3, -1, -0x1p-1074, 0, 0x1p-1074, 1, 3, 6, 10};
    const Values plain{-10, -3, -1, -0.5, 0, 0.5, 1, 3, 6, 10};
    using enum ActivationFunction;
    const auto values = [&](Activation activation, const Values& x) {
        const PointEnclosure at = enclose_at(one_activation(activation, 10), {}, {}, x, 60, 1);
        Values result;
        for (std::size_t i = 0; i < x.size(); ++i) {
            CHECK(at.theta[i].lower == at.theta[i].upper);
            CHECK(at.difference[i].lower == 0);
            CHECK(at.difference[i].upper == 0);
            result.push_back(at.theta[i].lower);
        }
        return result;
    };
    CHECK(values({.function = relu}, on_kinks) == Values{0, 0, 0, 0, 0, 0x1p-1074, 1, 3, 6, 10});
    CHECK(values({.function = clip, .lower = -3, .upper = 6}, on_kinks) ==
          Values{-3, -3, -1, -0x1p-1074, 0, 0x1p-1074, 1, 3, 6, 6});
    CHECK(values({.function = clip, .lower = 1, .upper = 1}, on_kinks) == Values(10, 1.0));
    CHECK(values({.function = clip, .upper = 0}, on_kinks) == Values{-10, -3, -1, -0x1p-1074, 0, 0, 0, 0, 0, 0});
    CHECK(values({.function = leaky_relu, .alpha = 0.25}, plain)[0] == -2.5);
    CHECK(values({.function = leaky_relu, .alpha = -2}, on_kinks)[2] == 2);
    CHECK(values({.function = prelu, .slopes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, on_kinks) ==
          Values{-10, -6, -3, -4 * 0x1p-1074, 0, 0x1p-1074, 1, 3, 6, 10});
    CHECK(values({.function = hard_sigmoid, .alpha = 0.25, .beta = 0.5}, plain)[6] == 0.75);
    CHECK(values({.function = hard_sigmoid, .alpha = 0.25, .beta = 0.5}, plain)[9] == 1);
    // HardSwish is exact outside (−3, 3); 1·4/6 is not a double.
    const PointEnclosure at = enclose_at(one_activation({.function = hard_swish}, 10), {}, {}, plain, 60, 1);
    CHECK(at.theta[0].upper == 0);
    CHECK(at.theta[1].lower == 0);
    CHECK(at.theta[9].lower == 10);
    CHECK(at.theta[9].upper == 10);
    CHECK(exact(at.theta[6].lower) < Rational(2) / 3);
    CHECK(exact(at.theta[6].upper) > Rational(2) / 3);
    CHECK(at.theta[6].upper == next_up(at.theta[6].lower));
}

TEST_CASE("smooth activations are enclosed but have a floor, which is noticed") {
    const Network network = chain_of_signs(12, 16, ActivationFunction::elu, 9);
    const Parameters theta = parameters_of(network);
    const Parameters quantized = moved(network, 1e-3);
    test::Random random(5);
    const Values x = random.vector(16, -1, 1);
    const RefinedEnclosure result = enclose_closely(network, theta, quantized, x, {.tolerance = 1e-12}, 1);
    CHECK_FALSE(result.closed);
    CHECK(result.enclosure.words * result.enclosure.word_bits < 800);  // gives up long before the last word
}

TEST_CASE("networks that are the same differ by nothing, but not provably by nothing") {
    const Network network = chain_of_signs(3, 4, ActivationFunction::relu, 2);
    const Parameters theta = parameters_of(network);
    const RefinedEnclosure result = enclose_closely(network, theta, theta, Values{1, 2, 3, 4}, {}, 1);
    CHECK(result.closed);  // integers: exact
    CHECK(result.enclosure.difference[0].upper == 0);
    CHECK(result.enclosure.difference_down(0) == 0);
}

TEST_CASE("the largest difference is the one that is certain") {
    PointEnclosure at;
    at.difference = {{-1, 10}, {2, 3}, {-4, -2.5}, {2.5, 2.5}};
    CHECK(at.difference_down(0) == 0);
    CHECK(at.difference_down(1) == 2);
    CHECK(at.difference_down(2) == 2.5);
    CHECK(at.largest() == 2);
}

TEST_CASE("arguments of an enclosure that do not fit are errors") {
    const Network network = chain_of_signs(1, 2, ActivationFunction::relu, 2);
    const Parameters theta = parameters_of(network);
    const Values x{1, 2};
    using test::message_of;
    CHECK(message_of([&] { (void)enclose_at(network, theta, theta, Values{1}, 5, 1); }) == "input data: 1 values instead of 2");
    CHECK(message_of([&] { (void)enclose_at(network, theta, {}, x, 5, 1); }) == "the parameters are not those of the network");
    CHECK(message_of([&] { (void)enclose_at(network, theta, theta, x, 0, 1); }) == "0 words: there can be 1 to 240");
    CHECK(message_of([&] { (void)enclose_at(network, theta, theta, x, 241, 1); }) == "241 words: there can be 1 to 240");
    CHECK(message_of([&] { (void)enclose_at(network, moved(network, test::kInf), theta, x, 5, 1); }) ==
          "a parameter is not finite");
}
