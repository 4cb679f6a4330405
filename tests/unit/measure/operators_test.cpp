// SPDX-License-Identifier: Apache-2.0
// Every operator, odd geometry included, against values that PyTorch gives in float64 (reference_values.hpp).
#include "qbound/measure.hpp"
#include "support/catch.hpp"
#include "unit/measure/reference_values.hpp"
#include "unit/network/model_builder.hpp"

#include <cmath>

using namespace qbound;
using namespace qbound::test;

namespace {

struct Case {
    std::string name;
    ModelBuilder model;
    std::int64_t scale = 1;  ///< the input is scale · filling
};

Integers ints(Integers values) {
    return values;
}

std::vector<double> magnitudes_plus_quarter(std::vector<double> values) {
    for (double& v : values) {
        v = std::abs(v) + 0.25;
    }
    return values;
}

/// BatchNormalization of `channels` channels as in make_reference_values.py.
ModelBuilder& normalize(ModelBuilder& model, const std::string& input, std::int64_t channels) {
    return model.filled("mean", {channels}, 3)
        .tensor("var", {channels}, magnitudes_plus_quarter(filling(channels, 4)))
        .filled("gamma", {channels}, 5)
        .filled("beta", {channels}, 6)
        .node("bn", "BatchNormalization", {input, "gamma", "beta", "mean", "var"}, {{"epsilon", 1e-3}});
}

std::vector<Case> weight_cases() {
    return {
        {"conv2d", ModelBuilder({3, 5, 6})
                       .filled("w", {4, 3, 3, 2}, 1)
                       .filled("b", {4}, 2)
                       .node("y", "Conv", {"x", "w", "b"},
                             {{"pads", ints({0, 2, 1, 1})}, {"strides", ints({2, 1})}, {"dilations", ints({1, 3})}})},
        {"conv2d groups", ModelBuilder({4, 5, 5})
                              .filled("w", {6, 2, 3, 3}, 1)
                              .filled("b", {6}, 2)
                              .node("y", "Conv", {"x", "w", "b"},
                                    {{"pads", ints({1, 1, 1, 1})}, {"strides", ints({2, 2})}, {"group", std::int64_t{2}}})},
        {"conv2d depthwise", ModelBuilder({3, 6, 5})
                                 .filled("w", {6, 1, 3, 2}, 1)
                                 .node("y", "Conv", {"x", "w"},
                                       {{"pads", ints({2, 1, 1, 0})},
                                        {"strides", ints({1, 2})},
                                        {"dilations", ints({2, 1})},
                                        {"group", std::int64_t{3}}})},
        {"conv2d pointwise",
         ModelBuilder({3, 2, 2}).filled("w", {2, 3, 1, 1}, 1).filled("b", {2}, 2).node("y", "Conv", {"x", "w", "b"})},
        {"conv1d",
         ModelBuilder({2, 7})
             .filled("w", {3, 2, 3}, 1)
             .filled("b", {3}, 2)
             .node("y", "Conv", {"x", "w", "b"}, {{"pads", ints({2, 1})}, {"strides", ints({2})}, {"dilations", ints({2})}})},
        {"conv1d groups", ModelBuilder({4, 6})
                              .filled("w", {4, 2, 2}, 1)
                              .node("y", "Conv", {"x", "w"}, {{"group", std::int64_t{2}}, {"kernel_shape", ints({2})}})},
        {"conv2d same upper", ModelBuilder({1, 5, 5})
                                  .filled("w", {1, 1, 2, 2}, 1)
                                  .node("y", "Conv", {"x", "w"}, {{"auto_pad", std::string("SAME_UPPER")}})},
        {"conv2d same lower", ModelBuilder({1, 5, 5})
                                  .filled("w", {1, 1, 2, 2}, 1)
                                  .node("y", "Conv", {"x", "w"}, {{"auto_pad", std::string("SAME_LOWER")}})},
        {"gemm", ModelBuilder({5})
                     .filled("w", {3, 5}, 1)
                     .filled("b", {3}, 2)
                     .node("y", "Gemm", {"x", "w", "b"}, {{"transB", std::int64_t{1}}})},
        {"gemm scaled", ModelBuilder({5})
                            .filled("w", {5, 3}, 1)
                            .filled("b", {1, 3}, 2)
                            .node("y", "Gemm", {"x", "w", "b"}, {{"alpha", 0.5}, {"beta", std::int64_t{2}}})},
    };
}

std::vector<Case> normalization_cases() {
    ModelBuilder alone({3, 2, 2});
    normalize(alone, "x", 3);
    ModelBuilder folded({2, 4, 4});
    folded.filled("w", {3, 2, 3, 3}, 1).filled("b", {3}, 2).node("c", "Conv", {"x", "w", "b"});
    normalize(folded, "c", 3);
    ModelBuilder dense({5});
    dense.filled("w", {3, 5}, 1).node("g", "Gemm", {"x", "w"}, {{"transB", std::int64_t{1}}});
    normalize(dense, "g", 3);
    return {{"batchnorm alone", alone}, {"batchnorm folded", folded}, {"batchnorm after gemm", dense}};
}

std::vector<Case> pool_cases() {
    const std::map<std::string, Attribute> two_by_two{{"kernel_shape", ints({3, 2})},
                                                      {"strides", ints({2, 2})},
                                                      {"pads", ints({1, 1, 1, 1})},
                                                      {"count_include_pad", std::int64_t{0}}};
    auto including = two_by_two;
    including["count_include_pad"] = std::int64_t{1};
    return {
        {"maxpool", ModelBuilder({2, 6, 7}).node("y", "MaxPool", {"x"},
                                                 {{"kernel_shape", ints({3, 2})},
                                                  {"strides", ints({2, 3})},
                                                  {"pads", ints({1, 0, 1, 0})},
                                                  {"dilations", ints({1, 2})}})},
        {"maxpool ceil", ModelBuilder({2, 6, 7}).node("y", "MaxPool", {"x"},
                                                      {{"kernel_shape", ints({3, 3})},
                                                       {"strides", ints({2, 2})},
                                                       {"pads", ints({1, 1, 1, 1})},
                                                       {"dilations", ints({2, 2})},
                                                       {"ceil_mode", std::int64_t{1}}})},
        {"maxpool1d", ModelBuilder({2, 7}).node("y", "MaxPool", {"x"},
                                                {{"kernel_shape", ints({3})}, {"strides", ints({2})}, {"pads", ints({1, 1})}})},
        {"averagepool", ModelBuilder({2, 6, 7}).node("y", "AveragePool", {"x"}, two_by_two)},
        {"averagepool include", ModelBuilder({2, 6, 7}).node("y", "AveragePool", {"x"}, including)},
        {"averagepool ceil",
         ModelBuilder({2, 6, 6}).node("y", "AveragePool", {"x"},
                                      {{"kernel_shape", ints({3, 3})}, {"strides", ints({2, 2})}, {"ceil_mode", std::int64_t{1}}})},
        {"averagepool ceil include", ModelBuilder({2, 6, 6}).node("y", "AveragePool", {"x"},
                                                                  {{"kernel_shape", ints({3, 3})},
                                                                   {"strides", ints({2, 2})},
                                                                   {"pads", ints({1, 1, 1, 1})},
                                                                   {"ceil_mode", std::int64_t{1}},
                                                                   {"count_include_pad", std::int64_t{1}}})},
        {"globalaveragepool", ModelBuilder({3, 4, 5}).node("y", "GlobalAveragePool", {"x"})},
    };
}

std::vector<Case> map_cases() {
    const auto pad = [](Shape shape, Integers pads, const std::string& mode) {
        return ModelBuilder(std::move(shape)).node("y", "Pad", {"x"}, {{"pads", std::move(pads)}, {"mode", mode}, {"value", 0.75}});
    };
    const auto doubled = [](std::int64_t axis) {
        return ModelBuilder({2, 2, 3})
            .tensor("two", {}, {2})
            .node("d", "Scale", {"x", "two"})
            .node("y", "Concat", {"x", "d"}, {{"axis", axis}});
    };
    return {
        {"pad constant", pad({2, 3, 3}, {0, 1, 0, 1, 0, 2, 1, 2}, "constant")},
        {"pad edge", pad({2, 3, 3}, {0, 0, 0, 1, 0, 0, 1, 2}, "edge")},
        {"pad reflect", pad({2, 3, 4}, {0, 2, 1, 0, 1, 2}, "reflect")},  // without the batch axis
        {"pad wrap", pad({2, 3, 3}, {3, 1, 0, 2}, "wrap")},              // spatial axes only
        {"transpose", ModelBuilder({2, 3, 4}).node("y", "Transpose", {"x"}, {{"perm", ints({0, 3, 1, 2})}})},
        {"channel shuffle", ModelBuilder({6, 2, 2})
                                .node("a", "Reshape", {"x"}, {{"shape", ints({1, 2, 3, 2, 2})}})
                                .node("b", "Transpose", {"a"}, {{"perm", ints({0, 2, 1, 3, 4})}})
                                .node("y", "Reshape", {"b"}, {{"shape", ints({0, 6, 2, -1})}})},
        {"concat", doubled(1)},
        {"concat width", doubled(3)},
        {"concat height", doubled(-2)},
        {"broadcast", ModelBuilder({2, 3, 3}).node("m", "GlobalAveragePool", {"x"}).node("y", "Sub", {"m", "x"})},
    };
}

std::vector<Case> activation_cases() {
    std::vector<Case> cases;
    const auto add = [&](const std::string& name, const std::string& op, const std::map<std::string, Attribute>& attributes = {}) {
        cases.push_back({name, ModelBuilder({2, 3, 4}).node("y", op, {"x"}, attributes), 4});
    };
    for (const char* op : {"Relu", "Sigmoid", "Tanh", "HardSwish", "Silu", "Gelu", "Softplus", "Softsign", "Selu", "Erf", "Mish"}) {
        add(op, op);
    }
    add("Clip", "Clip", {{"min", -1.5}, {"max", 2.25}});
    add("LeakyRelu", "LeakyRelu", {{"alpha", 0.125}});
    add("HardSigmoid", "HardSigmoid", {{"alpha", 0.25}, {"beta", 0.375}});
    add("Gelu tanh", "Gelu", {{"approximate", std::string("tanh")}});
    add("Elu", "Elu", {{"alpha", 0.75}});
    cases.push_back({"PRelu", ModelBuilder({2, 3, 4}).filled("slope", {2, 1, 1}, 7).node("y", "PRelu", {"x", "slope"}), 4});
    return cases;
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (auto* part : {weight_cases, normalization_cases, pool_cases, map_cases, activation_cases}) {
        auto more = part();
        cases.insert(cases.end(), more.begin(), more.end());
    }
    return cases;
}

}  // namespace

TEST_CASE("every operator gives what PyTorch gives") {
    for (const Case& test : all_cases()) {
        CAPTURE(test.name);
        const Reference& expected = kReferences.at(test.name);
        const Network network = test.model.network();
        REQUIRE(network.node(network.output()).shape == expected.shape);
        std::vector<double> x = filling(network.node(0).dims.size(), 0);
        for (double& v : x) {
            v *= static_cast<double>(test.scale);
        }
        const auto y = approx_evaluate(network, parameters_of(network), x, 1);
        REQUIRE(y.size() == expected.values.size());
        for (std::size_t i = 0; i < y.size(); ++i) {
            CAPTURE(i);
            CHECK(std::abs(y[i] - expected.values[i]) <= 1e-13 * std::max(1.0, std::abs(expected.values[i])));
        }
    }
}

TEST_CASE("every reference value has its case") {
    CHECK(all_cases().size() == kReferences.size());
}
