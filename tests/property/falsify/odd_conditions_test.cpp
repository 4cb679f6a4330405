// SPDX-License-Identifier: Apache-2.0
// Conditions in which a formula that looks right is wrong. Each network is small enough to follow by hand, its error is exact, and
// most would be missed by the naive form of some bound.
#include "property/falsify/falsifier.hpp"

#include "support/catch.hpp"
#include "support/exact_evaluate.hpp"
#include "support/networks.hpp"

#include <cmath>
#include <string_view>
#include <vector>

using namespace qbound;
using test::NetworkBuilder;
using test::Rational;

namespace {

/// Every certified bound covers the error at x, which is `expected`; the tightest is at most `factor` times it.
void check_covered(const Network& network, const Network& quantized, const std::vector<double>& x, const Rational& expected,
                   double factor = 1e3) {
    const WeightPair pair(network, quantized);
    const Rational error =
        test::largest_magnitude(test::true_difference(network, parameters_of(network), quantized_parameters_of(pair), x));
    CHECK(error == expected);
    std::vector<Upper> theta_norms;
    const Result result = evaluate(pair, select_methods("all", network), {}, theta_norms);
    int certified = 0;
    for (const Bound& bound : result.bounds) {
        if (bound.guarantee == Guarantee::certified) {
            ++certified;
            INFO(bound.method << " gives " << bound.value.value_up());
            CHECK(test::covers(bound.value, error));
        }
    }
    CHECK(certified >= 5);
    REQUIRE(result.best);
    CHECK(result.bounds[*result.best].value.value_up() <= factor * expected.convert_to<double>());
}

Axis axis(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1, std::int64_t dilation = 1,
          std::int64_t begin = 0, std::int64_t end = 0) {
    return {in, out, kernel, stride, dilation, begin, end};
}

/// θ scales its c×w input by `scale`, entry by entry (a 1×1 depthwise convolution).
NetworkBuilder scaled(Shape shape, double scale, double lower = -1, double upper = 1) {
    const std::int64_t channels = shape[0];
    NetworkBuilder builder(shape, lower, upper);
    WeightLayer layer;
    layer.weight = test::tensor({channels, 1, 1, 1}, std::vector<double>(static_cast<std::size_t>(channels), scale));
    layer.groups = channels;
    layer.axes = {axis(1, 1, 1), axis(shape[1], shape[1], 1)};
    return builder.add("w", "Conv", std::move(layer), shape);
}

/// The sum of all n entries as one output, with weights 1 that θ' shares.
NetworkBuilder added_up(NetworkBuilder builder, std::int64_t n) {
    builder.add("flat", "Flatten", View{}, {n});
    return builder.dense("sum", {std::vector<double>(static_cast<std::size_t>(n), 1.0)});
}

}  // namespace

TEST_CASE("an average pool with ceil_mode reads its last entries alone, undivided") {
    // 4 entries, windows of 3 with stride 3 in ceil_mode: {0,1,2}/3 and {3}/1. Windows per entry over window size would give the
    // gain √(1/3) for the 2-norm; the second window alone has gain 1. The third entries are cut off by padding that is not counted.
    const AveragePool pool{{axis(1, 1, 1), axis(4, 2, 3, 3)}, {std::vector<std::int64_t>{1}, {3, 1}}};
    NetworkBuilder theta = scaled({1, 4}, 2).add("pool", "AveragePool", pool, {1, 2});
    NetworkBuilder quantized = scaled({1, 4}, 1).add("pool", "AveragePool", pool, {1, 2});
    check_covered(theta.build(), quantized.build(), {0, 0, 0, 1}, 1, 1.001);
    // Both windows together, added up: (1 + 1 + 1)/3 + 1 = 2.
    check_covered(added_up(theta, 2).build(), added_up(quantized, 2).build(), {1, 1, 1, 1}, 2, 1.001);
}

TEST_CASE("an average pool that counts its padding divides by it, but not by what lies beyond") {
    // 6 entries between one of padding and another, windows of 4 with stride 3 in ceil_mode: {pad,0,1,2}, {2,3,4,5}, {5,pad,beyond,
    // beyond}, divided by 4, 4 and 2. The last output alone is half of the last entry.
    const AveragePool pool{{axis(1, 1, 1), axis(6, 3, 4, 3, 1, 1, 1)}, {std::vector<std::int64_t>{1}, {4, 4, 2}}};
    const auto build = [&](double scale) {
        NetworkBuilder builder = scaled({1, 6}, scale).add("pool", "AveragePool", pool, {1, 3});
        builder.add("flat", "Flatten", View{}, {3});
        return builder.dense("last", {{0, 0, 1}}).build();
    };
    check_covered(build(2), build(1), {0, 0, 0, 0, 0, 1}, Rational(1, 2), 1.001);
}

TEST_CASE("a window that would start beyond the input and its left padding does not exist") {
    // 5 entries between two of padding, windows of 3 with stride 3: in ceil_mode a third would start at 5, on the right padding.
    const auto build = [&](std::vector<std::int64_t> divisors) {
        const auto windows = static_cast<std::int64_t>(divisors.size());
        const AveragePool pool{{axis(1, 1, 1), axis(5, windows, 3, 3, 1, 1, 2)},
                               {std::vector<std::int64_t>{1}, std::move(divisors)}};
        return scaled({1, 5}, 2).add("pool", "AveragePool", pool, {1, windows}).build();
    };
    CHECK_NOTHROW(build({3, 3}));
    CHECK_THROWS_WITH(build({3, 3, 1}), ContainsSubstring("3 outputs along an axis where the window gives 2"));
}

TEST_CASE("a dilated max pool reads one entry from more windows than its kernel over its stride suggests") {
    // Kernel 2, stride 2, dilation 2: k/s = 1 suggests that no entry is read twice, but window o reads 2o and 2o + 2.
    const MaxPool pool{{axis(1, 1, 1), axis(7, 3, 2, 2, 2)}};
    NetworkBuilder theta = scaled({1, 7}, 2).add("pool", "MaxPool", pool, {1, 3});
    NetworkBuilder quantized = scaled({1, 7}, 1).add("pool", "MaxPool", pool, {1, 3});
    // The entries 2 and 4 are largest in two windows each; three outputs of 1 are added up, from an input of 2-norm √2 (box of [0,
    // 1]).
    const Box box{{0, 0, 0, 0, 0, 0, 0}, {0, 0, 1, 0, 1, 0, 0}};
    check_covered(added_up(theta, 3).build().with_box(box), added_up(quantized, 3).build().with_box(box), {0, 0, 1, 0, 1, 0, 0}, 3,
                  1.5);
}

TEST_CASE("the padding of a max pool is outside, not zero") {
    // Entries in [−3, −2]: with zeros in its padding the pool would answer 0 in both networks.
    const MaxPool pool{{axis(1, 1, 1), axis(2, 2, 2, 2, 1, 1, 1)}};
    NetworkBuilder theta = scaled({1, 2}, 2, -3, -2).add("pool", "MaxPool", pool, {1, 2});
    NetworkBuilder quantized = scaled({1, 2}, 1, -3, -2).add("pool", "MaxPool", pool, {1, 2});
    check_covered(theta.build(), quantized.build(), {-3, -3}, 3, 1.001);
}

TEST_CASE("a max pool may switch to an entry whose own difference is small") {
    // θ = (10, 2)·x, θ' = (0, 1)·x on x ∈ [1, 1]: max 10 against max 1, although the entry that wins in θ' differs by 1 only.
    const MaxPool pool{{axis(1, 1, 1), axis(2, 1, 2)}};
    const auto build = [&](double first, double second) {
        NetworkBuilder builder({1}, 1, 1);
        builder.dense("d", {{first}, {second}});
        builder.add("row", "Reshape", View{}, {1, 2});
        builder.add("pool", "MaxPool", pool, {1, 1});
        return builder.build();
    };
    check_covered(build(10, 2), build(0, 1), {1}, 9, 1.2);
    check_covered(build(0, 1), build(10, 2), {1}, 9, 1.2);
}

TEST_CASE("the constant of a Pad is multiplied by changed weights") {
    // The input is 0 and its box a point: all that reaches the layer is the padding, 5.
    Select pad;
    pad.maps = {std::vector<std::int32_t>{0, -1}, {0}, {0}};
    pad.constant = 5;
    const auto build = [&](double w) {
        NetworkBuilder builder({1}, 0, 0);
        builder.add("pad", "Pad", pad, {2});
        return builder.dense("d", {{1, w}}).build();
    };
    check_covered(build(1), build(0.75), {0}, Rational(5, 4), 1.001);
}

TEST_CASE("an edge pad repeats one entry, and its norm with it") {
    Select pad;
    pad.maps = {std::vector<std::int32_t>{0, 0, 0, 0, 0, 0, 0, 0, 0}, {0}, {0}};
    const auto build = [&](double w) {
        NetworkBuilder builder({1});
        builder.dense("w", {{w}});
        builder.add("pad", "Pad", pad, {9});
        return builder.dense("sum", {std::vector<double>(9, 1.0)}).build();
    };
    check_covered(build(2), build(1), {1}, 9, 1.001);
}

TEST_CASE("a change of a bias counts where weights stay") {
    const auto build = [](double b) { return NetworkBuilder({1}, 0, 0.5).dense("d", {{1}}, {b}).build(); };
    check_covered(build(1), build(0.5), {0}, Rational(1, 2), 1.001);
}

TEST_CASE("a change of an early bias passes through the layers after it") {
    // One layer after another of gain 1: the path without its first factor is what the theorem's product begins with.
    const auto build = [](double b) {
        return NetworkBuilder({1}, 0, 0).dense("a", {{0}}, {b}).relu("r").dense("b", {{8}}).relu("s").dense("c", {{8}}).build();
    };
    check_covered(build(1), build(0.5), {0}, 32, 1.001);
}

TEST_CASE("an activation that is not 0 at 0 feeds changed weights even if nothing comes in") {
    for (const auto& [activation, at_zero] :
         {std::pair{Activation{.function = ActivationFunction::hard_sigmoid, .alpha = 0.2, .beta = 0.5}, Rational(1, 2)},
          std::pair{Activation{.function = ActivationFunction::clip, .lower = 2, .upper = 6}, Rational(2)},
          std::pair{Activation{.function = ActivationFunction::clip, .lower = -6, .upper = -2}, Rational(2)}}) {
        const auto build = [&](double w) {
            NetworkBuilder builder({1}, -1, 1);
            builder.dense("dead", {{0}, {0}}).add("act", "Act", activation);
            return builder.dense("d", {{w, w}}).build();
        };
        check_covered(build(1), build(0.75), {1}, at_zero / 2, 1.001);
    }
}

TEST_CASE("sigmoid and softplus of nothing are one half and log 2") {
    for (const ActivationFunction function : {ActivationFunction::sigmoid, ActivationFunction::softplus}) {
        const auto build = [&](double w) {
            NetworkBuilder builder({1}, -1, 1);
            builder.dense("dead", {{0}}).add("act", "Act", Activation{.function = function});
            return builder.dense("d", {{w}}).build();
        };
        const Network theta = build(1);
        const Network quantized = build(0);
        const WeightPair pair(theta, quantized);
        const Rational error = test::largest_magnitude(
            test::true_difference(theta, parameters_of(theta), parameters_of(quantized), std::vector<double>{1}));
        CHECK(error.convert_to<double>() == Approx(function == ActivationFunction::sigmoid ? 0.5 : std::log(2.0)).epsilon(1e-15));
        std::vector<Upper> theta_norms;
        for (const Bound& bound : evaluate(pair, select_methods("all", theta), {}, theta_norms).bounds) {
            if (bound.guarantee == Guarantee::certified) {
                INFO(bound.method);
                CHECK(test::covers(bound.value, error));
            }
        }
    }
}

TEST_CASE("a signed sum that cancels leaves what the cancelled terms hid") {
    // 1e16·x + x − 1e16·x in θ; θ' lacks the x. In double the row's sum at x = 1 is 0 in one order of summation.
    const auto build = [](double w) {
        return NetworkBuilder({1}, 1, 1).dense("up", {{1}, {1}, {1}}).dense("d", {{1e16, w, -1e16}}).build();
    };
    check_covered(build(1), build(0), {1}, 1, 1e17);
    // The same as a Sum of three nodes.
    const auto branches = [](double w) {
        NetworkBuilder builder({1}, 1, 1);
        builder.dense("a", {{1e16}});  // 1
        WeightLayer one;
        one.weight = test::dense_weight({{w}});
        one.dense = true;
        builder.add("b", "Gemm", one, {1}, {0});  // 2
        builder.add("s", "Add", Sum{{1, 1, -1}}, {1}, {1, 2, 1});
        return builder.build();
    };
    check_covered(branches(1), branches(0), {1}, 1, 1e17);
}

TEST_CASE("the same input subtracted from itself is no reason to forget its error") {
    // x + x − x: three edges, of which two cancel; the norm recursion counts all three, the exact error is one.
    const auto build = [](double w) {
        NetworkBuilder builder({1});
        builder.dense("a", {{w}});
        builder.add("s", "Add", Sum{{1, 1, 1}}, {1}, {1, 1, 1});
        return builder.build();
    };
    check_covered(build(1), build(0.5), {1}, Rational(3, 2), 1.001);
}

TEST_CASE("both networks' norms count, not those of the first alone") {
    // θ is 0 in its first layer, θ' in its second: the product of either network's norms is 0, the error is not.
    const Network theta = NetworkBuilder({1}).dense("a", {{0}}).dense("b", {{1}}).build();
    const Network quantized = NetworkBuilder({1}).dense("a", {{1}}).dense("b", {{1}}).build();
    check_covered(theta, quantized, {1}, 1, 1.001);
    const Network grown = NetworkBuilder({1}).dense("a", {{3}}).dense("b", {{3}}).build();
    const Network base = NetworkBuilder({1}).dense("a", {{1}}).dense("b", {{1}}).build();
    check_covered(base, grown, {1}, 8, 1.001);
    check_covered(grown, base, {1}, 8, 1.001);
}

TEST_CASE("a box of radius below 1 does not make a bias small") {
    // max(D, 1), not D, stands before the papers' products as soon as there is a bias.
    const auto build = [](double w) {
        return NetworkBuilder({1}, 0, 0.01).dense("a", {{1}}, {1}).relu("r").dense("b", {{w}}).build();
    };
    // Error (x + 1)·1/4 at x = 0.01.
    check_covered(build(1), build(0.75), {0.01}, (test::exact(0.01) + 1) / 4, 1.001);
}

TEST_CASE("negative scales turn intervals round") {
    const auto build = [](double w) {
        NetworkBuilder builder({2}, 0, 1);
        builder.dense("a", {{w, 0}, {0, w}});
        builder.add("n", "Scale", Diagonal{{-2, 3}, {1, -1}}, {2}).relu("r");
        return builder.dense("d", {{1, 1}}).build();
    };
    // At (0, 1): relu(1 − 0) + relu(3w − 1): 3 against 1.25 for w = 1 and 1/2… the difference is 2 − 1/2.
    check_covered(build(1), build(0.5), {0, 1}, Rational(3, 2), 2);
}
