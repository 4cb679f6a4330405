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

/// A model in ONNX's own terms: every shape and axis counts the batch.
ModelBuilder onnx(Shape sample, std::int64_t opset = 21) {
    ModelBuilder model(std::move(sample));
    model.model.batch_axis_optional = false;
    model.model.opset = opset;
    return model;
}

std::vector<Case> selection_cases() {
    const auto list = [](Integers values) { return std::vector<double>(values.begin(), values.end()); };
    ModelBuilder slice = onnx({4, 5, 6});
    slice.tensor("starts", {2}, {1, 1})
        .tensor("ends", {2}, {4, 0x1p62})
        .tensor("axes", {2}, {1, 3})
        .tensor("steps", {2}, {2, 1})
        .node("y", "Slice", {"x", "starts", "ends", "axes", "steps"});
    ModelBuilder reversed = onnx({2, 5});
    reversed.tensor("starts", {1}, {-2})
        .tensor("ends", {1}, {-5})
        .tensor("axes", {1}, {2})
        .tensor("steps", {1}, {-1})
        .node("y", "Slice", {"x", "starts", "ends", "axes", "steps"});
    ModelBuilder split = onnx({5, 3});
    split.tensor("lengths", {2}, {2, 3});
    split.model.nodes.push_back({"s", "Split", {"x", "lengths"}, {"a", "b"}, {{"axis", std::int64_t{1}}}});
    split.model.outputs = {"b"};
    return {
        {"slice", slice},
        {"slice reversed", reversed},
        {"split", split},
        {"gather", onnx({4, 3}).tensor("i", {3}, {2, 0, -2}).node("y", "Gather", {"x", "i"}, {{"axis", std::int64_t{1}}})},
        {"gather scalar", onnx({4, 3}).tensor("i", {}, {1}).node("y", "Gather", {"x", "i"}, {{"axis", std::int64_t{2}}})},
        {"tile", onnx({2, 3}).tensor("r", {3}, {1, 2, 3}).node("y", "Tile", {"x", "r"})},
        {"expand", onnx({3, 1, 1}).tensor("s", {3}, {1, 2, 4}).node("y", "Expand", {"x", "s"})},
        {"depth to space", onnx({8, 2, 3}).node("y", "DepthToSpace", {"x"}, {{"blocksize", std::int64_t{2}}})},
        {"depth to space crd",
         onnx({8, 2, 3}).node("y", "DepthToSpace", {"x"}, {{"blocksize", std::int64_t{2}}, {"mode", std::string("CRD")}})},
        {"space to depth", onnx({2, 4, 6}).node("y", "SpaceToDepth", {"x"}, {{"blocksize", std::int64_t{2}}})},
        {"resize",
         onnx({2, 3, 2})
             .tensor("scales", {4}, {1, 1, 2, 3})
             .node("y", "Resize", {"x", "", "scales"},
                   {{"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}})},
        {"resize odd",
         onnx({1, 5, 4})
             .tensor("sizes", {4}, list({1, 1, 7, 3}))
             .node("y", "Resize", {"x", "", "", "sizes"},
                   {{"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}})},
        {"resize half pixel", onnx({1, 5, 4})
                                  .tensor("sizes", {2}, list({8, 6}))
                                  .node("y", "Resize", {"x", "", "", "sizes"},
                                        {{"axes", ints({2, 3})}, {"nearest_mode", std::string("round_prefer_ceil")}})},
    };
}

std::vector<Case> reduction_cases() {
    const std::map<std::string, Attribute> dropped{{"keepdims", std::int64_t{0}}};
    auto last = dropped;
    last["axes"] = ints({-1});
    return {
        {"reduce mean", onnx({3, 4, 5}).tensor("axes", {2}, {2, -1}).node("y", "ReduceMean", {"x", "axes"}, dropped)},
        {"reduce mean of channels", onnx({3, 4, 5}, 13).node("y", "ReduceMean", {"x"}, {{"axes", ints({1})}})},
        {"reduce sum", onnx({3, 4, 5}).tensor("axes", {2}, {1, 3}).node("y", "ReduceSum", {"x", "axes"}, dropped)},
        {"reduce max", onnx({3, 4, 5}, 13).node("y", "ReduceMax", {"x"}, last)},
        {"globalmaxpool", onnx({3, 4, 5}).node("y", "GlobalMaxPool", {"x"})},
    };
}

std::vector<Case> product_cases() {
    const std::int64_t yes = 1;
    const auto matrix = [] { return onnx({4, 5}).node("m", "Reshape", {"x", "s"}).tensor("s", {2}, {4, 5}); };
    return {
        {"matmul", onnx({5}).filled("w", {5, 3}, 1).node("y", "MatMul", {"x", "w"})},
        {"matmul rows", onnx({4, 5}).filled("w", {5, 3}, 1).node("y", "MatMul", {"x", "w"})},
        {"matmul left", onnx({4, 5}).filled("w", {3, 4}, 1).node("y", "MatMul", {"w", "x"})},
        {"gemm left", matrix()
                          .filled("w", {4, 3}, 1)
                          .filled("c", {3, 1}, 2)
                          .node("y", "Gemm", {"w", "m", "c"}, {{"transA", yes}, {"alpha", 2.0}})},
        {"gemm transposed input",
         matrix().filled("w", {4, 3}, 1).filled("c", {3}, 2).node("y", "Gemm", {"m", "w", "c"}, {{"transA", yes}})},
        {"convtranspose", onnx({2, 3, 4})
                              .filled("w", {2, 3, 3, 2}, 1)
                              .filled("b", {3}, 2)
                              .node("y", "ConvTranspose", {"x", "w", "b"},
                                    {{"strides", ints({2, 3})}, {"pads", ints({1, 0, 1, 0})}, {"output_padding", ints({1, 2})}})},
        {"convtranspose groups", onnx({4, 3, 3})
                                     .filled("w", {4, 3, 2, 3}, 1)
                                     .node("y", "ConvTranspose", {"x", "w"},
                                           {{"strides", ints({2, 2})},
                                            {"pads", ints({1, 1, 1, 1})},
                                            {"dilations", ints({1, 2})},
                                            {"group", std::int64_t{2}}})},
        {"convtranspose1d", onnx({2, 5})
                                .filled("w", {2, 3, 4}, 1)
                                .filled("b", {3}, 2)
                                .node("y", "ConvTranspose", {"x", "w", "b"}, {{"strides", ints({2})}, {"pads", ints({2, 2})}})},
    };
}

std::vector<Case> arithmetic_cases() {
    const std::map<std::string, Attribute> kept{{"axes", ints({2, 3})}};
    return {
        {"mul constant", onnx({2, 3, 4}).filled("c", {2, 1, 1}, 1).node("y", "Mul", {"c", "x"})},
        {"mul per entry", onnx({2, 3, 4}).filled("c", {3, 4}, 1).node("y", "Mul", {"x", "c"})},
        {"mul enlarges", onnx({3, 1, 1}).filled("c", {3, 2, 4}, 1).node("y", "Mul", {"x", "c"})},
        {"mul last axis", onnx({4, 5}).filled("c", {5}, 1).node("y", "Mul", {"x", "c"})},
        {"add per position", onnx({2, 3, 4}).filled("c", {3, 1}, 1).node("y", "Add", {"x", "c"})},
        {"sub from constant", onnx({5}).filled("c", {5}, 1).node("y", "Sub", {"c", "x"})},
        {"div", onnx({2, 3})
                    .tensor("four", {}, {4})
                    .tensor("c", {2, 1}, {filling(2, 1)[0] + 8, filling(2, 1)[1] + 8})
                    .node("d", "Div", {"x", "four"})
                    .node("y", "Div", {"d", "c"})},
        {"mul", onnx({2, 3, 4}, 13).node("m", "ReduceMean", {"x"}, kept).node("y", "Mul", {"x", "m"})},
        {"square", onnx({2, 3}).node("y", "Mul", {"x", "x"})},
        {"neg sum", onnx({2, 3}, 13)
                        .tensor("three", {1}, {3})
                        .node("n", "Neg", {"x"})
                        .node("t", "Mul", {"n", "three"})
                        .node("m", "ReduceMean", {"x"}, {{"axes", ints({2})}})
                        .node("y", "Sum", {"x", "t", "m"})},
    };
}

/// Activations as exporters write them in several nodes, constants in float32.
std::vector<Case> composite_cases() {
    const auto constants = [] {
        return onnx({2, 3, 4})
            .tensor("0", {}, {0})
            .tensor("1", {1}, {1})
            .tensor("half", {}, {0.5})
            .tensor("3", {}, {3})
            .tensor("6", {}, {6})
            .tensor("sixth", {}, {static_cast<double>(1.0F / 6.0F)})
            .tensor("root", {}, {static_cast<double>(std::sqrt(2.0F))});
    };
    return {
        {"silu composed", constants().node("s", "Sigmoid", {"x"}).node("y", "Mul", {"s", "x"}), 4},
        {"hardswish composed",
         constants()
             .node("a", "Add", {"x", "3"})
             .node("c", "Clip", {"a", "0", "6"})
             .node("m", "Mul", {"x", "c"})
             .node("y", "Div", {"m", "6"}),
         4},
        {"hardsigmoid composed",
         constants().node("a", "Add", {"3", "x"}).node("c", "Clip", {"a", "0", "6"}).node("y", "Mul", {"c", "sixth"}), 4},
        {"gelu composed",
         constants()
             .node("d", "Div", {"x", "root"})
             .node("e", "Erf", {"d"})
             .node("a", "Add", {"e", "1"})
             .node("m", "Mul", {"x", "a"})
             .node("y", "Mul", {"m", "half"}),
         4},
        {"mish composed", constants().node("s", "Softplus", {"x"}).node("t", "Tanh", {"s"}).node("y", "Mul", {"x", "t"}), 4},
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
    for (auto* part : {weight_cases, normalization_cases, pool_cases, map_cases, activation_cases, selection_cases, reduction_cases,
                       product_cases, arithmetic_cases, composite_cases}) {
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
