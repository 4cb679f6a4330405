// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"
#include "qbound/quantize.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/networks.hpp"
#include "support/random.hpp"

#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace qbound;
using test::exact;
using test::NetworkBuilder;
using test::Rational;

namespace {

/// Two dense layers: weights up to 6 with biases up to 3, then weights up to 3.
Network two_layers() {
    return NetworkBuilder({2}).dense("a", {{6, -2.6}, {0.4, 3}}, {-3, 1.4}).relu("r").dense("b", {{3, 1.4}}).build();
}

Quantizer bits(int count) {
    Quantizer quantizer;
    quantizer.bits = count;
    return quantizer;
}

template <class F>
std::string message_of(F f, ErrorKind kind) {
    try {
        f();
    } catch (const Error& error) {
        CHECK(error.kind() == kind);
        return error.what();
    }
    return "no error";
}

std::string usage_error(const Quantizer& quantizer) {
    const Network network = two_layers();
    return message_of([&] { const WeightPair pair(network, quantizer); }, ErrorKind::usage);
}

std::string refusal(const Network& a, const Network& b) {
    return message_of([&] { const WeightPair pair(a, b); }, ErrorKind::unsupported);
}

std::vector<double> weights(const WeightPair& pair, std::size_t layer) {
    return pair.quantized(layer).weight->data;
}

/// max|a − b|, exactly.
Rational largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
    Rational largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Rational difference = abs(exact(a[i]) - exact(b[i]));
        largest = difference > largest ? difference : largest;
    }
    return largest;
}

}  // namespace

TEST_CASE("one step per tensor", "[quantize]") {
    const Network network = two_layers();
    const WeightPair pair(network, bits(3));  // n = 3
    CHECK(pair.size() == 2);
    CHECK(pair.quantizer().has_value());
    CHECK(&pair.network() == &network);
    CHECK(weights(pair, 0) == std::vector<double>{6, -2, 0, 4});  // step 2; 3 is a tie, 1.5 steps to 2
    CHECK(weights(pair, 1) == std::vector<double>{3, 1});
    CHECK(pair.quantized(0).bias == std::vector<double>{-3, 1.4});
    CHECK(pair.quantized(1).bias.empty());
    CHECK(pair.quantized(0).weight->shape == Shape{2, 2, 1, 1});
    const LayerQuantization& layer = pair.quantization(0);
    CHECK(layer.bits == 3);
    REQUIRE(layer.groups.size() == 1);
    CHECK(layer.groups[0].eta == 2);
    CHECK(layer.bias_groups.empty());
    CHECK(layer.max_abs_delta >= 1);
    CHECK(layer.max_abs_delta <= 1 + 1e-15);
    CHECK(layer.max_abs_bias_delta == 0);
}

TEST_CASE("one step per output channel", "[quantize]") {
    const Network network = two_layers();
    Quantizer quantizer = bits(3);
    quantizer.granularity = Granularity::channel;
    const WeightPair pair(network, quantizer);
    CHECK(weights(pair, 0) == std::vector<double>{6, -2, 0, 3});
    REQUIRE(pair.quantization(0).groups.size() == 2);
    CHECK(pair.quantization(0).groups[0].eta == 2);
    CHECK(pair.quantization(0).groups[1].eta == 1);
}

TEST_CASE("one step for the whole network", "[quantize]") {
    const Network network = two_layers();
    Quantizer quantizer = bits(3);
    quantizer.granularity = Granularity::network;
    const WeightPair pair(network, quantizer);
    CHECK(weights(pair, 0) == std::vector<double>{6, -2, 0, 4});
    CHECK(weights(pair, 1) == std::vector<double>{4, 2});
    CHECK(pair.quantization(1).groups[0].eta == 2);
    quantizer.symmetric = false;
    quantizer.bits = 8;
    const WeightPair asymmetric(network, quantizer);
    CHECK(asymmetric.quantization(1).groups[0].eta == (6 + 2.6) / 255);
}

TEST_CASE("biases are one group per vector, or belong to their channel's group", "[quantize]") {
    const Network network = two_layers();
    Quantizer quantizer = bits(3);
    quantizer.quantize_biases = true;
    const WeightPair pair(network, quantizer);
    CHECK(pair.quantized(0).bias == std::vector<double>{-3, 1});
    REQUIRE(pair.quantization(0).bias_groups.size() == 1);
    CHECK(pair.quantization(0).bias_groups[0].eta == 1);
    CHECK(pair.quantization(0).max_abs_bias_delta == Approx(0.4).epsilon(1e-14));
    CHECK(exact(pair.quantization(0).max_abs_bias_delta) >= exact(1.4) - 1);
    CHECK(pair.quantization(1).bias_groups.empty());

    quantizer.granularity = Granularity::channel;
    const WeightPair by_channel(network, quantizer);
    CHECK(by_channel.quantized(0).bias == std::vector<double>{-4, 1});  // steps 2 and 1; −1.5 steps tie to −2
    REQUIRE(by_channel.quantization(0).bias_groups.size() == 2);
    CHECK(by_channel.quantization(0).bias_groups[1].eta == 1);

    // A bias beyond the weights widens its channel's group instead of being clipped.
    const Network wide = NetworkBuilder({1}).dense("a", {{1}}, {3}).build();
    const WeightPair widened(wide, quantizer);
    CHECK(widened.quantized(0).bias == std::vector<double>{3});
    CHECK(weights(widened, 0) == std::vector<double>{1});
    CHECK(widened.quantization(0).groups[0].eta == 1);
}

TEST_CASE("bits by layer override", "[quantize]") {
    const Network network = two_layers();
    Quantizer quantizer = bits(8);
    quantizer.bits_by_layer = {{"b", 2}};
    const WeightPair pair(network, quantizer);
    CHECK(weights(pair, 1) == std::vector<double>{3, 0});
    CHECK(pair.quantization(0).bits == 8);
    CHECK(pair.quantization(1).bits == 2);
}

TEST_CASE("taking layers of other pairs gives the pair that the constructor makes", "[quantize]") {
    const Network network = two_layers();
    for (const Granularity granularity : {Granularity::tensor, Granularity::channel}) {
        const auto with_bits = [&](int count, std::map<std::string, int> by_layer) {
            Quantizer quantizer = bits(count);
            quantizer.granularity = granularity;
            quantizer.quantize_biases = true;
            quantizer.bits_by_layer = std::move(by_layer);
            return WeightPair(network, quantizer);
        };
        WeightPair pair = with_bits(8, {});
        pair.take_layer(0, with_bits(3, {}));
        const WeightPair made = with_bits(8, {{"a", 3}});
        CHECK(pair.quantizer()->bits_by_layer == made.quantizer()->bits_by_layer);
        for (std::size_t i = 0; i < made.size(); ++i) {
            CHECK(pair.quantized(i).weight->data == made.quantized(i).weight->data);
            CHECK(pair.quantized(i).bias == made.quantized(i).bias);
            CHECK(pair.quantization(i).bits == made.quantization(i).bits);
            CHECK(pair.quantization(i).max_abs_delta == made.quantization(i).max_abs_delta);
            CHECK(pair.quantization(i).max_abs_bias_delta == made.quantization(i).max_abs_bias_delta);
        }
    }
}

TEST_CASE("a given step is reported without bits", "[quantize]") {
    const Network network = two_layers();
    Quantizer quantizer;
    quantizer.eta = 0.5;
    quantizer.quantize_biases = true;
    const WeightPair pair(network, quantizer);
    CHECK(weights(pair, 0) == std::vector<double>{6, -2.5, 0.5, 3});
    CHECK(pair.quantized(0).bias == std::vector<double>{-3, 1.5});
    CHECK(pair.quantization(0).bits == 0);
    CHECK(pair.quantization(0).groups[0].eta == 0.5);
}

TEST_CASE("max|delta| covers the exact difference and no more than two roundings above", "[quantize]") {
    test::Random random(51);
    for (int i = 0; i < 60; ++i) {
        const std::vector<double> row = random.vector(30, -std::fabs(random.spread(-30, 3)), std::fabs(random.spread(-30, 3)));
        const Network network = NetworkBuilder({30}).dense("a", {row}, {random.uniform(-1, 1)}).build();
        Quantizer quantizer = bits(static_cast<int>(random.integer(2, 16)));
        quantizer.rounding = random.coin() ? Rounding::floor : Rounding::nearest;
        quantizer.symmetric = random.coin();
        quantizer.quantize_biases = true;
        const WeightPair pair(network, quantizer);
        const Rational largest = largest_difference(row, weights(pair, 0));
        CHECK(test::encloses_from_above(exact(pair.quantization(0).max_abs_delta), largest, test::power_of_two(-51)));
        const Rational bias = largest_difference(network.layer(0).bias, pair.quantized(0).bias);
        CHECK(test::encloses_from_above(exact(pair.quantization(0).max_abs_bias_delta), bias, test::power_of_two(-51)));
    }
}

TEST_CASE("max|delta| is above the exact difference where the subtraction rounds down", "[quantize]") {
    const Network network = NetworkBuilder({1}).dense("a", {{1}}, {1}).build();
    const Network other = NetworkBuilder({1}).dense("a", {{-0x1p-54}}, {-0x1p-60}).build();
    const WeightPair pair(network, other);
    CHECK(exact(pair.quantization(0).max_abs_delta) > 1 + test::power_of_two(-54));
    CHECK(exact(pair.quantization(0).max_abs_bias_delta) > 1 + test::power_of_two(-60));
}

TEST_CASE("quantizers that make no sense are usage errors", "[quantize]") {
    CHECK(usage_error(bits(1)) == "1 bits are out of range; hint: a symmetric quantizer takes 2 to 32 bits");
    CHECK(usage_error(bits(33)) == "33 bits are out of range; hint: a symmetric quantizer takes 2 to 32 bits");
    Quantizer asymmetric = bits(0);
    asymmetric.symmetric = false;
    CHECK(usage_error(asymmetric) == "0 bits are out of range; hint: an asymmetric quantizer takes 1 to 32 bits");
    asymmetric.bits = 1;
    CHECK(usage_error(asymmetric) == "no error");

    Quantizer map = bits(8);
    map.bits_by_layer = {{"zz", 4}};
    CHECK(usage_error(map) == "bits of layer 'zz': the network has no weight layer of that name");
    map.bits_by_layer = {{"b", 1}};
    CHECK(usage_error(map) == "bits of layer 'b': 1 bits are out of range; hint: a symmetric quantizer takes 2 to 32 bits");
    map.bits_by_layer = {{"b", 4}};
    map.granularity = Granularity::network;
    CHECK(usage_error(map) ==
          "bits per layer: layers with different bits cannot share one step; hint: use the granularity tensor or channel");

    for (const double eta : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        Quantizer step;
        step.eta = eta;
        CHECK(usage_error(step) == "eta: the step must be positive and finite");
    }
}

TEST_CASE("overflow names the layer", "[quantize]") {
    const Network network = NetworkBuilder({1}).dense("a", {{1}}).dense("big", {{1e308}}).build();
    CHECK(message_of([&] { const WeightPair pair(network, bits(8)); }, ErrorKind::malformed) ==
          "node 'big': the largest magnitude 1.00001e+308 times 127 overflows");
}

TEST_CASE("a second network is taken as it is", "[quantize]") {
    const Network network = two_layers();
    const Network other = NetworkBuilder({2}).dense("a2", {{5, -2}, {0.5, 3}}, {-3, 1}).relu("r2").dense("b2", {{3, 1}}).build();
    const WeightPair pair(network, other);
    CHECK_FALSE(pair.quantizer().has_value());
    CHECK(weights(pair, 0) == std::vector<double>{5, -2, 0.5, 3});
    CHECK(pair.quantized(0).bias == std::vector<double>{-3, 1});
    CHECK(pair.quantization(0).bits == 0);
    CHECK(pair.quantization(0).groups.empty());
    CHECK(pair.quantization(0).max_abs_delta == Approx(1).epsilon(1e-14));
    CHECK(pair.quantization(0).max_abs_bias_delta == Approx(0.4).epsilon(1e-14));
    CHECK(pair.quantization(1).max_abs_delta == Approx(0.4).epsilon(1e-14));
}

TEST_CASE("a missing bias is a bias of zeros", "[quantize]") {
    const Network with = NetworkBuilder({1}).dense("a", {{1}}, {0.25}).build();
    const Network without = NetworkBuilder({1}).dense("a", {{1}}).build();
    const Network zeros = NetworkBuilder({1}).dense("a", {{1}}, {0}).build();
    const WeightPair dropped(with, without);
    CHECK(dropped.quantized(0).bias == std::vector<double>{0});
    CHECK(dropped.quantization(0).max_abs_bias_delta >= 0.25);
    const WeightPair added(without, zeros);
    CHECK(added.quantized(0).bias.empty());
    CHECK(refusal(without, with) ==
          "node 'a': has a bias only in the quantized network; hint: give it a bias of zeros in the first network");
}

TEST_CASE("a second network of another graph is refused at the first difference", "[quantize]") {
    const std::string hint = "; hint: both networks must be the same graph, apart from weights and biases";
    const Network network = two_layers();
    const Activation tanh{ActivationFunction::tanh, 0, 0, -1, 1, {}};
    CHECK(refusal(network, NetworkBuilder({2}).dense("a", {{1, 1}, {1, 1}}).add("r", "Tanh", tanh).dense("b", {{1, 1}}).build()) ==
          "node 'r': has other attributes or values in the quantized network" + hint);
    CHECK(refusal(network, NetworkBuilder({2}).dense("a", {{1, 1}, {1, 1}}).dense("b", {{1, 1}}).build()) ==
          "node 'r': is another operator in the quantized network" + hint);
    CHECK(refusal(network, NetworkBuilder({3}).dense("a", {{1, 1, 1}, {1, 1, 1}}).relu("r").dense("b", {{1, 1}}).build()) ==
          "node 'x': has another shape in the quantized network" + hint);
    CHECK(refusal(network, NetworkBuilder({2}).dense("a", {{1, 1}, {1, 1}}).relu("r").build()) ==
          "node 'b': is missing in the quantized network" + hint);
    CHECK(refusal(network, NetworkBuilder({2}).dense("a", {{1, 1}, {1, 1}}).relu("r").dense("b", {{1, 1}}).relu("s").build()) ==
          "node 's': exists only in the quantized network" + hint);

    const auto clipped = [](double upper) {
        Activation clip{ActivationFunction::clip, 0, 0, 0, upper, {}};
        return NetworkBuilder({1}).dense("a", {{1}}).add("c", "Clip", clip).build();
    };
    CHECK(refusal(clipped(6), clipped(5)) == "node 'c': has other attributes or values in the quantized network" + hint);
    CHECK(refusal(clipped(6), clipped(6)) == "no error");

    const auto convolution = [](std::int64_t groups) {
        const std::int64_t in = 2 / groups;
        return NetworkBuilder({2, 3, 3})
            .conv("c", test::tensor({2, in, 1, 1}, std::vector<double>(static_cast<std::size_t>(2 * in), 1.0)), {}, 0, groups)
            .build();
    };
    CHECK(refusal(convolution(1), convolution(2)) == "node 'c': has weights of another shape in the quantized network" + hint);
    const auto padded = [](bool flip) {
        WeightLayer layer;
        layer.weight = test::tensor({1, 1, 2, 2}, {1, 2, 3, 4});
        layer.axes = {Axis{3, 3, 2, 1, 1, flip ? 1 : 0, flip ? 0 : 1}, Axis{3, 3, 2, 1, 1, 0, 1}};
        return NetworkBuilder({1, 3, 3}).add("c", "Conv", layer, {1, 3, 3}).build();
    };
    CHECK(refusal(padded(false), padded(true)) == "node 'c': has other attributes in the quantized network" + hint);

    const auto joined = [](NodeId second) {
        return NetworkBuilder({1})
            .dense("a", {{1}})
            .dense("b", {{1}})
            .add("s", "Add", Sum{{1, 1}}, {1}, {2, second})
            .add("t", "Add", Sum{{1, 1}}, {1}, {3, 1})
            .build();
    };
    CHECK(refusal(joined(0), joined(1)) == "node 's': has other inputs in the quantized network" + hint);
}

TEST_CASE("layers of a second network are matched by their place in the graph", "[quantize]") {
    // The same graph with other names, its branches in another order, the sum's operands swapped and a View between.
    const Activation relu;
    const Network network =
        NetworkBuilder({1})
            .dense("a", {{1}, {2}})
            .relu("r")
            .dense("b", {{3, 4}})
            .add("c", "Gemm",
                 WeightLayer{.weight = test::tensor({1, 1, 1, 1}, {5}), .bias = {}, .groups = 1, .axes = {}, .dense = true}, {1},
                 {0})
            .add("s", "Sub", Sum{{1, -1}}, {1}, {3, 4})
            .build();
    const Network other =
        NetworkBuilder({1})
            .dense("skip", {{50}})
            .add("first", "Gemm",
                 WeightLayer{.weight = test::tensor({2, 1, 1, 1}, {10, 20}), .bias = {}, .groups = 1, .axes = {}, .dense = true},
                 {2}, {0})
            .add("act", "Relu", relu, {2}, {2})
            .add("view", "Reshape", View{}, {2, 1}, {3})
            .add("back", "Reshape", View{}, {2}, {4})
            .add("second", "Gemm",
                 WeightLayer{.weight = test::tensor({1, 2, 1, 1}, {30, 40}), .bias = {}, .groups = 1, .axes = {}, .dense = true},
                 {1}, {5})
            .add("sum", "Add", Sum{{-1, 1}}, {1}, {1, 6})
            .build();
    const WeightPair pair(network, other);
    CHECK(pair.matched() == std::vector<std::size_t>{1, 2, 0});
    CHECK(pair.quantized(0).weight->data == std::vector<double>{10, 20});
    CHECK(pair.quantized(1).weight->data == std::vector<double>{30, 40});
    CHECK(pair.quantized(2).weight->data == std::vector<double>{50});
    // A sum with another sign is another graph.
    const Network plus =
        NetworkBuilder({1})
            .dense("a", {{1}, {2}})
            .relu("r")
            .dense("b", {{3, 4}})
            .add("c", "Gemm",
                 WeightLayer{.weight = test::tensor({1, 1, 1, 1}, {5}), .bias = {}, .groups = 1, .axes = {}, .dense = true}, {1},
                 {0})
            .add("s", "Add", Sum{{1, 1}}, {1}, {3, 4})
            .build();
    CHECK(
        refusal(network, plus) ==
        "node 's': has other attributes or values in the quantized network; hint: both networks must be the same graph, apart from "
        "weights and biases");
}
