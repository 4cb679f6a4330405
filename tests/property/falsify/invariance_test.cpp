// SPDX-License-Identifier: Apache-2.0
// Transformations of a network that change nothing that matters must not change the intervals.
#include "property/falsify/falsifier.hpp"

#include "bounds/differential.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"

#include <algorithm>
#include <cmath>

using namespace qbound;

namespace {

struct Layer {
    Tensor weight;
    std::vector<double> bias;
};

Layer random_layer(test::Random& random, Shape shape) {
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) {
        size *= extent;
    }
    const auto outputs = static_cast<std::size_t>(shape[0]);
    return {{std::move(shape), random.vector(static_cast<std::size_t>(size), -1, 1)}, random.vector(outputs, -1, 1)};
}

Layer perturbed(const Layer& layer, test::Random& random) {
    Layer result = layer;
    for (double& w : result.weight.data) {
        w += random.uniform(-0.05, 0.05);
    }
    for (double& b : result.bias) {
        b += random.uniform(-0.05, 0.05);
    }
    return result;
}

/// conv 3×3 → activation → conv 3×3 → activation → flatten → dense, on 2×5×5.
Network network_of(const std::vector<Layer>& layers, const Activation& activation, Box box) {
    test::NetworkBuilder builder({2, 5, 5});
    builder.conv("c1", std::make_shared<const Tensor>(layers[0].weight), layers[0].bias, 1).add("a1", "Act", activation);
    builder.conv("c2", std::make_shared<const Tensor>(layers[1].weight), layers[1].bias, 1).add("a2", "Act", activation);
    builder.add("flat", "Flatten", View{}, {75});
    WeightLayer dense;
    dense.weight = std::make_shared<const Tensor>(layers[2].weight);
    dense.bias = layers[2].bias;
    dense.dense = true;
    return builder.add("d", "Gemm", std::move(dense), {4}).build().with_box(std::move(box));
}

std::vector<Layer> random_layers(test::Random& random) {
    return {random_layer(random, {4, 2, 3, 3}), random_layer(random, {3, 4, 3, 3}), random_layer(random, {4, 75, 1, 1})};
}

/// Hidden channels scaled by powers of two: W_1 and b_1 row by row, W_2 back column by column; the same for the second layer, whose
/// channels have 25 entries each after Flatten.
std::vector<Layer> rescaled(std::vector<Layer> layers, const std::vector<int>& first, const std::vector<int>& second) {
    const auto scale_rows = [](Layer& layer, const std::vector<int>& exponents) {
        const std::size_t columns = layer.weight.data.size() / exponents.size();
        for (std::size_t i = 0; i < exponents.size(); ++i) {
            layer.bias[i] = std::ldexp(layer.bias[i], exponents[i]);
            for (std::size_t j = 0; j < columns; ++j) {
                layer.weight.data[i * columns + j] = std::ldexp(layer.weight.data[i * columns + j], exponents[i]);
            }
        }
    };
    const auto unscale_columns = [](Layer& layer, const std::vector<int>& exponents, std::size_t entries) {
        const std::size_t period = exponents.size() * entries;
        for (std::size_t j = 0; j < layer.weight.data.size(); ++j) {
            layer.weight.data[j] = std::ldexp(layer.weight.data[j], -exponents[j % period / entries]);
        }
    };
    scale_rows(layers[0], first);
    unscale_columns(layers[1], first, 9);
    scale_rows(layers[1], second);
    unscale_columns(layers[2], second, 25);
    return layers;
}

double interval_of(const Network& network, const Network& quantized) {
    const WeightPair pair(network, quantized);
    return internal::largest_difference(internal::propagate_intervals(network, pair, 1, {})).value_up();
}

/// The largest difference between the six numbers of any entry, relative to the largest number of the node.
double largest_discrepancy(const Dims& dims, const internal::DifferentialIntervals& a, const internal::DifferentialIntervals& b) {
    double largest = 0;
    double magnitude = 0;
    for (std::int64_t c = 0; c < dims.channels; ++c) {
        for (std::int64_t h = 0; h < dims.height; ++h) {
            for (std::int64_t w = 0; w < dims.width; ++w) {
                for (std::size_t q = 0; q < internal::kComponents; ++q) {
                    const double of_a = a.values[q][test::class_of(a, c, h, w)];
                    const double of_b = b.values[q][test::class_of(b, c, h, w)];
                    largest = std::max(largest, std::abs(of_a - of_b));
                    magnitude = std::max(magnitude, std::abs(of_a));
                }
            }
        }
    }
    return largest == 0 ? 0 : largest / magnitude;
}

Box constant_box(std::vector<double> lower, std::vector<double> upper) {
    return {std::move(lower), std::move(upper)};
}

}  // namespace

TEST_CASE("interval does not change when hidden channels are rescaled by powers of two") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        test::Random random(seed);
        const std::vector<Layer> theta = random_layers(random);
        std::vector<Layer> quantized;
        for (const Layer& layer : theta) {
            quantized.push_back(perturbed(layer, random));
        }
        std::vector<int> first(4);
        std::vector<int> second(3);
        for (auto* exponents : {&first, &second}) {
            for (int& e : *exponents) {
                e = static_cast<int>(random.integer(-9, 9));
            }
        }
        const Activation activation =
            seed % 2 == 0 ? Activation{} : Activation{.function = ActivationFunction::leaky_relu, .alpha = 0.3};
        const Box box = constant_box({-1, 0.25}, {1, 3});
        const double before = interval_of(network_of(theta, activation, box), network_of(quantized, activation, box));
        const double after = interval_of(network_of(rescaled(theta, first, second), activation, box),
                                         network_of(rescaled(quantized, first, second), activation, box));
        INFO("seed " << seed);
        CHECK(before > 0);
        CHECK(before == after);
    }
}

TEST_CASE("a box per entry that happens to be constant gives the intervals of the box per channel") {
    // Up to the order of summation: products over one representative per class and over all positions are tiled apart.
    test::GraphOptions options;
    options.extreme_weights = false;
    int compared = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, options);
        const Network& network = *random_case.network;
        const Dims& dims = network.node(network.input()).dims;
        if (static_cast<std::int64_t>(network.box().lower.size()) != dims.channels) {
            continue;
        }
        ++compared;
        Box spread;
        for (std::int64_t i = 0; i < dims.size(); ++i) {
            const auto channel = static_cast<std::size_t>(i / dims.positions());
            spread.lower.push_back(network.box().lower[channel]);
            spread.upper.push_back(network.box().upper[channel]);
        }
        const Network same = network.with_box(spread);
        const auto per_channel = test::all_intervals(network, *random_case.pair, 1);
        const auto per_entry = test::all_intervals(same, *random_case.pair, 1);
        INFO(test::describe(random_case));
        for (std::size_t id = 0; id < per_channel.size(); ++id) {
            INFO(network.nodes()[id].name);
            CHECK(largest_discrepancy(network.nodes()[id].dims, per_channel[id], per_entry[id]) <= 1e-12);
        }
    }
    CHECK(compared > 100);
}

TEST_CASE("every position its own class gives the intervals of the classes") {
    // One corner of the box moves inward by the least step: nothing is constant any more, and nothing else changes by more than
    // that.
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        test::Random random(seed);
        const std::vector<Layer> theta = random_layers(random);
        std::vector<Layer> quantized;
        for (const Layer& layer : theta) {
            quantized.push_back(perturbed(layer, random));
        }
        const Box box = constant_box({-1, 0.25}, {1, 3});
        Box arbitrary;
        for (std::size_t i = 0; i < 50; ++i) {
            const double shrink = static_cast<double>(i) * 0x1p-52;
            arbitrary.lower.push_back(box.lower[i / 25] * (1 - (i < 25 ? shrink : -shrink)));
            arbitrary.upper.push_back(box.upper[i / 25] * (1 - shrink));
        }
        const double by_classes = interval_of(network_of(theta, {}, box), network_of(quantized, {}, box));
        const double by_entries = interval_of(network_of(theta, {}, arbitrary), network_of(quantized, {}, arbitrary));
        CHECK(by_entries <= by_classes * (1 + 1e-12));
        CHECK(by_entries >= by_classes * (1 - 1e-12));
    }
}
