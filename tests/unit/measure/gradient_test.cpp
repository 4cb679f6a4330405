// SPDX-License-Identifier: Apache-2.0
#include "measure/gradient.hpp"

#include "support/catch.hpp"
#include "support/networks.hpp"
#include "support/random_graph.hpp"

#include <cmath>
#include <cstddef>
#include <numeric>
#include <set>
#include <string>
#include <vector>

using namespace qbound;
using internal::ReverseMode;
using Values = std::vector<double>;

namespace {

Values gradient_at(const Network& network, const Parameters& parameters, const Values& x, const Values& c, int threads = 1) {
    return ReverseMode(network, parameters).gradient(approx_evaluate_all(network, parameters, x, threads), c, threads);
}

double functional(const Network& network, const Parameters& parameters, const Values& x, const Values& c) {
    const Values y = approx_evaluate(network, parameters, x, 1);
    return std::inner_product(y.begin(), y.end(), c.begin(), 0.0);
}

Values inside(const Network& network, test::Random& random) {
    const Box& box = network.box();
    Values x(static_cast<std::size_t>(network.node(0).dims.size()));
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t k = box.lower.size() == x.size() ? i : i / static_cast<std::size_t>(network.node(0).dims.positions());
        x[i] = random.uniform(box.lower[k], box.upper[k]);
    }
    return x;
}

/// A convolution m×c/g×k×k of random weights with the given axes, on c×h×w.
Network convolution(test::Random& random, std::int64_t m, std::int64_t c, std::int64_t groups, Axes axes) {
    WeightLayer layer;
    const Shape shape{m, c / groups, axes[0].kernel, axes[1].kernel};
    layer.weight = test::tensor(shape, random.vector(static_cast<std::size_t>(m * c / groups * shape[2] * shape[3]), -1, 1));
    layer.groups = groups;
    layer.axes = axes;
    test::NetworkBuilder builder({c, axes[0].in, axes[1].in});
    return builder.add("conv", "Conv", layer, {m, axes[0].out, axes[1].out}).build();
}

/// ⟨c, Wx⟩ = ⟨Wᵀc, x⟩ for a network that is one linear map.
void check_adjoint(const Network& network, test::Random& random) {
    const Parameters parameters = parameters_of(network);
    const Values x = inside(network, random);
    const Values c = random.vector(static_cast<std::size_t>(network.node(network.output()).dims.size()), -1, 1);
    const Values g = gradient_at(network, parameters, x, c, 2);
    REQUIRE(g.size() == x.size());
    const double direct = functional(network, parameters, x, c);
    CHECK(std::inner_product(g.begin(), g.end(), x.begin(), 0.0) == Approx(direct).epsilon(1e-10));
    CHECK(g == gradient_at(network, parameters, x, c, 1));
    CHECK(g == gradient_at(network, parameters, x, c, 3));
}

}  // namespace

TEST_CASE("the gradient of a small perceptron is the hand-computed one") {
    // z = (x0 − 2 x1 + 1, 3 x0 + x1), relu, then (1, −1)·relu(z) and (2, 5)·relu(z).
    const Network network =
        test::NetworkBuilder({2}).dense("a", {{1, -2}, {3, 1}}, {1, 0}).relu("r").dense("b", {{1, -1}, {2, 5}}).build();
    const Parameters parameters = parameters_of(network);
    // At (1, 0) both units are on: the Jacobian is [[1 − 3, −2 − 1], [2 + 15, −4 + 5]].
    CHECK(gradient_at(network, parameters, {1, 0}, {1, 0}) == Values{-2, -3});
    CHECK(gradient_at(network, parameters, {1, 0}, {0, 1}) == Values{17, 1});
    CHECK(gradient_at(network, parameters, {1, 0}, {1, 2}) == Values{32, -1});
    // At (−1, 0.5) the first unit is at −1 and the second at −2.5: nothing moves.
    CHECK(gradient_at(network, parameters, {-1, 0.5}, {1, 2}) == Values{0, 0});
}

TEST_CASE("a MaxPool hands its adjoint to the first largest entry") {
    const Axis axis{.in = 4, .out = 2, .kernel = 2, .stride = 2};
    const Network network = test::NetworkBuilder({1, 4})
                                .add("pool", "MaxPool", MaxPool{{Axis{}, axis}}, {1, 2})
                                .add("flat", "Flatten", View{}, {2})
                                .dense("d", {{1, 10}})
                                .build();
    CHECK(gradient_at(network, parameters_of(network), {5, 5, 1, 2}, {1}) == Values{1, 0, 0, 10});
}

TEST_CASE("a node that feeds a Sum twice gets both adjoints, with their signs") {
    test::NetworkBuilder builder({2});
    builder.dense("d", {{1, 2}, {3, 4}});
    builder.add("s", "Add", Sum{{1, -1, 1, 1}}, {2}, {1, 0, 1, 1});
    const Network network = builder.build();
    // 3 W x − x.
    CHECK(gradient_at(network, parameters_of(network), {1, 1}, {1, 0}) == Values{2, 6});
    CHECK(gradient_at(network, parameters_of(network), {1, 1}, {0, 1}) == Values{9, 11});
}

TEST_CASE("convolutions of every geometry have the right adjoint") {
    test::Random random(7);
    const auto axis = [](std::int64_t in, std::int64_t k, std::int64_t s, std::int64_t d, std::int64_t p0, std::int64_t p1) {
        return Axis{in, (in + p0 + p1 - (k - 1) * d - 1) / s + 1, k, s, d, p0, p1};
    };
    check_adjoint(convolution(random, 8, 3, 1, {axis(9, 3, 1, 1, 1, 1), axis(7, 3, 1, 1, 1, 1)}), random);
    check_adjoint(convolution(random, 8, 4, 2, {axis(9, 3, 2, 1, 0, 2), axis(7, 2, 3, 2, 3, 0)}), random);
    check_adjoint(convolution(random, 6, 6, 6, {axis(9, 3, 2, 1, 1, 1), axis(8, 3, 1, 2, 2, 1)}), random);   // depthwise
    check_adjoint(convolution(random, 12, 6, 6, {axis(9, 3, 2, 1, 1, 1), axis(8, 5, 2, 1, 5, 5)}), random);  // and two per channel
    check_adjoint(convolution(random, 5, 7, 1, {axis(1, 1, 1, 1, 0, 0), axis(31, 4, 3, 2, 6, 1)}), random);  // 1-D
    check_adjoint(convolution(random, 9, 2, 1, {axis(4, 2, 5, 1, 6, 6), axis(4, 2, 5, 1, 6, 6)}),
                  random);  // windows of padding only
}

TEST_CASE("a convolution larger than one block of columns has the right adjoint") {
    test::Random random(8);
    const auto axis = [](std::int64_t in, std::int64_t s) { return Axis{in, (in + 2 - 3) / s + 1, 3, s, 1, 1, 1}; };
    // 64·9 columns × 40·40 positions exceed the block of 2^19 entries.
    check_adjoint(convolution(random, 16, 64, 1, {axis(40, 1), axis(40, 1)}), random);
    check_adjoint(convolution(random, 16, 64, 1, {axis(80, 2), axis(79, 2)}), random);
}

TEST_CASE("a wide dense layer has the right adjoint") {
    test::Random random(9);
    test::NetworkBuilder builder({3000});
    builder.add("x1", "Flatten", View{}, {3000});
    WeightLayer layer;
    layer.weight = test::tensor({40, 3000, 1, 1}, random.vector(120000, -1, 1));
    layer.dense = true;
    check_adjoint(builder.add("d", "Gemm", layer, {40}).build(), random);
}

TEST_CASE("gradients agree with finite differences over every node kind and activation") {
    std::set<std::string> covered;
    int checked = 0;
    int kinks = 0;
    for (std::uint64_t seed = 1; seed <= 250; ++seed) {
        test::GraphOptions options;
        options.extreme_weights = false;
        const test::RandomCase random_case = test::random_case(seed, options);
        const Network& network = *random_case.network;
        const Parameters parameters = seed % 2 == 0 ? parameters_of(network) : quantized_parameters_of(*random_case.pair);
        test::Random random(seed);
        const Values x = inside(network, random);
        const Values c = random.vector(static_cast<std::size_t>(network.node(network.output()).dims.size()), -1, 1);
        const Values g = gradient_at(network, parameters, x, c);
        const double value = functional(network, parameters, x, c);
        double scale = std::abs(value) + 1;
        for (const double v : g) {
            scale = std::max(scale, std::abs(v));
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double h = 1e-5 * std::max(1.0, std::abs(x[i]));
            const auto quotient = [&](double step) {
                Values moved = x;
                moved[i] += step;
                return (functional(network, parameters, moved, c) - value) / (moved[i] - x[i]);
            };
            // Four quotients that disagree straddle a kink (or a sharp bend): nothing to compare there.
            const Values quotients{quotient(h), quotient(-h), quotient(h / 2), quotient(-h / 2)};
            const auto [least, most] = std::minmax_element(quotients.begin(), quotients.end());
            if (*most - *least > 1e-3 * scale) {
                ++kinks;
                continue;
            }
            ++checked;
            INFO(test::describe(random_case) << "entry " << i);
            CHECK(std::abs((quotients[2] + quotients[3]) / 2 - g[i]) <= 1e-4 * scale);
        }
        covered.insert(random_case.features.begin(), random_case.features.end());
    }
    CHECK(checked > 1500);
    CHECK(kinks < checked / 10);
    for (const ActivationRow& row : activation_table()) {
        CHECK(covered.count(std::string(row.op)) == 1);
    }
    for (const char* op : {"Conv",
                           "Gemm",
                           "Scale",
                           "Add",
                           "Concat",
                           "MaxPool",
                           "AveragePool",
                           "Pad",
                           "Slice",
                           "Transpose",
                           "Flatten",
                           "Reshape",
                           "depthwise convolution",
                           "grouped convolution",
                           "ceil_mode beyond padding",
                           "dilated pool",
                           "1-D convolution",
                           "Concat along axis 1",
                           "Concat along axis 2",
                           "Sum of the same input twice"}) {
        CHECK(covered.count(op) == 1);
    }
}
