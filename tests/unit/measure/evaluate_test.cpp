// SPDX-License-Identifier: Apache-2.0
#include "qbound/measure.hpp"
#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

#include <cmath>
#include <random>

using namespace qbound;
using namespace qbound::test;

namespace {

std::vector<double> evaluate(const Network& network, const std::vector<double>& x, int threads = 1) {
    return approx_evaluate(network, parameters_of(network), x, threads);
}

/// A residual block with a dense head; big enough that every node is worth several threads.
ModelBuilder residual(std::int64_t extent) {
    const Attribute pads = Integers{1, 1, 1, 1};
    return ModelBuilder({3, extent, extent})
        .filled("w1", {8, 3, 3, 3}, 1)
        .filled("w2", {8, 8, 3, 3}, 2)
        .filled("w3", {8, 1, 3, 3}, 3)
        .filled("w4", {5, 8}, 4)
        .filled("b", {8}, 5)
        .node("c1", "Conv", {"x", "w1", "b"}, {{"pads", pads}})
        .node("r1", "Silu", {"c1"})
        .node("c2", "Conv", {"r1", "w2"}, {{"pads", pads}})
        .node("c3", "Conv", {"c2", "w3"}, {{"pads", pads}, {"group", std::int64_t{8}}})
        .node("a", "Add", {"c3", "r1"})
        .node("m", "MaxPool", {"a"}, {{"kernel_shape", Integers{3, 3}}, {"strides", Integers{2, 2}}, {"pads", pads}})
        .node("g", "GlobalAveragePool", {"m"})
        .node("f", "Flatten", {"g"})
        .node("y", "Gemm", {"f", "w4"}, {{"transB", std::int64_t{1}}});
}

}  // namespace

TEST_CASE("a convolution by hand") {
    // 1 2 3      kernel 1 −1, rows and columns padded by one zero at the beginning, bias 10
    // 4 5 6             2  0
    const Network network = ModelBuilder({1, 2, 3})
                                .tensor("w", {1, 1, 2, 2}, {1, -1, 2, 0})
                                .tensor("b", {1}, {10})
                                .node("y", "Conv", {"x", "w", "b"}, {{"pads", Integers{1, 1, 0, 0}}})
                                .network();
    CHECK(evaluate(network, {1, 2, 3, 4, 5, 6}) == std::vector<double>{10, 12, 14, 9, 17, 19});
}

TEST_CASE("a dense layer by hand") {
    const Network network = ModelBuilder({3})
                                .tensor("w", {2, 3}, {1, 2, 3, -1, 0, 1})
                                .tensor("b", {2}, {0.5, -0.5})
                                .node("y", "Gemm", {"x", "w", "b"}, {{"transB", std::int64_t{1}}})
                                .network();
    CHECK(evaluate(network, {1, 10, 100}) == std::vector<double>{321.5, 98.5});
}

TEST_CASE("signed sums keep the order of their inputs") {
    const Network network =
        ModelBuilder({2}).tensor("two", {}, {2}).node("d", "Scale", {"x", "two"}).node("y", "Sub", {"x", "d"}).network();
    CHECK(evaluate(network, {3, -5}) == std::vector<double>{-3, 5});
}

TEST_CASE("a node may use another twice") {
    const Network network = ModelBuilder({2}).node("r", "Relu", {"x"}).node("y", "Add", {"r", "r"}).network();
    CHECK(evaluate(network, {3, -5}) == std::vector<double>{6, 0});
    const Network difference = ModelBuilder({2}).node("r", "Relu", {"x"}).node("y", "Sub", {"r", "r"}).network();
    CHECK(evaluate(difference, {3, -5}) == std::vector<double>{0, 0});
}

TEST_CASE("averages divide by what ONNX counts") {
    const auto network = [](std::int64_t include) {
        return ModelBuilder({1, 4})
            .node("y", "AveragePool", {"x"},
                  {{"kernel_shape", Integers{3}},
                   {"strides", Integers{2}},
                   {"pads", Integers{1, 0}},
                   {"ceil_mode", std::int64_t{1}},
                   {"count_include_pad", include}})
            .network();
    };
    // Windows (pad,1,2), (2,3,4); a third would start at 3 and end beyond the input: one entry.
    CHECK(evaluate(network(0), {1, 2, 3, 4}) == std::vector<double>{1.5, 3});
    CHECK(evaluate(network(1), {1, 2, 3, 4}) == std::vector<double>{1, 3});
}

TEST_CASE("the last window of ceil_mode counts what lies on the input") {
    const Network network = ModelBuilder({1, 4})
                                .node("y", "AveragePool", {"x"},
                                      {{"kernel_shape", Integers{3}},
                                       {"strides", Integers{2}},
                                       {"ceil_mode", std::int64_t{1}},
                                       {"count_include_pad", std::int64_t{1}}})
                                .network();
    CHECK(evaluate(network, {1, 2, 3, 5}) == std::vector<double>{2, 4});
}

TEST_CASE("padding of a MaxPool is not zero") {
    const Network network =
        ModelBuilder({1, 2}).node("y", "MaxPool", {"x"}, {{"kernel_shape", Integers{2}}, {"pads", Integers{1, 1}}}).network();
    CHECK(evaluate(network, {-3, -2}) == std::vector<double>{-3, -2, -2});
}

TEST_CASE("all values, by node") {
    const Network network = ModelBuilder({2}).node("r", "Relu", {"x"}).node("y", "Add", {"r", "x"}).network();
    const std::vector<std::vector<double>> expected{{3, -5}, {3, 0}, {6, -5}};
    CHECK(approx_evaluate_all(network, parameters_of(network), std::vector<double>{3, -5}, 1) == expected);
}

TEST_CASE("other parameters than the network's own") {
    const Network network =
        ModelBuilder({2}).tensor("w", {1, 2}, {1, 1}).node("y", "Gemm", {"x", "w"}, {{"transB", std::int64_t{1}}}).network();
    const Parameters other{{std::make_shared<Tensor>(Tensor{{1, 2, 1, 1}, {2, 3}}), {7}}};
    CHECK(approx_evaluate(network, other, std::vector<double>{10, 100}, 1) == std::vector<double>{327});
}

TEST_CASE("values do not depend on the number of threads") {
    const Network network = residual(70).network();
    std::mt19937_64 generator(7);
    std::uniform_real_distribution<double> draw(-1, 2);
    std::vector<double> x(static_cast<std::size_t>(network.node(0).dims.size()));
    for (double& v : x) {
        v = draw(generator);
    }
    const auto reference = approx_evaluate_all(network, parameters_of(network), x, 1);
    for (const int threads : {2, 3, 8}) {
        CHECK(approx_evaluate_all(network, parameters_of(network), x, threads) == reference);
        CHECK(evaluate(network, x, threads) == reference.back());
    }
}

TEST_CASE("inputs and parameters that do not fit are errors") {
    const Network network =
        ModelBuilder({2}).tensor("w", {1, 2}, {1, 1}).node("y", "Gemm", {"x", "w"}, {{"transB", std::int64_t{1}}}).network();
    CHECK(message_of([&] { (void)evaluate(network, {1}); }) == "input data: 1 values instead of 2");
    CHECK(message_of([&] { (void)evaluate(network, {1, kNaN}); }) == "input data: value nan at index 1 is not finite");
    CHECK(message_of([&] { (void)evaluate(network, {-kInf, 1}); }) == "input data: value -inf at index 0 is not finite");
    CHECK(message_of([&] {
              (void)approx_evaluate(network, {}, std::vector<double>{1, 2}, 1);
          }) == "the parameters are not those of the network");
}

TEST_CASE("overflow is an error, not a number that is wrong") {
    // ∞ − ∞ would be NaN, which a ReLU turns into 0.
    const Network network = ModelBuilder({1})
                                .tensor("w", {2, 1}, {1e308, 1e308})
                                .tensor("d", {1, 2}, {1e308, -1e308})
                                .node("a", "Gemm", {"x", "w"}, {{"transB", std::int64_t{1}}})
                                .node("b", "Gemm", {"a", "d"}, {{"transB", std::int64_t{1}}})
                                .node("y", "Relu", {"b"})
                                .network();
    CHECK(message_of([&] { (void)evaluate(network, {1}); }) == "node 'b': its value overflows in double");
}

TEST_CASE("a small file cannot ask for all memory") {
    ModelBuilder builder({1, 1, std::int64_t{1} << 20});
    builder.node("y", "Pad", {"x"}, {{"pads", Integers{1023, 1, 0, 0}}});
    const Network network = builder.network();
    const std::vector<double> x(std::size_t{1} << 20, 0.0);
    CHECK(message_of([&] { (void)evaluate(network, x); }) ==
          "node 'y': its value has 1073742848 entries; at most 1073741824 can be evaluated");
}
