// SPDX-License-Identifier: Apache-2.0
// Nodes of constants: every foldable operator by hand, and the passes around them.
#include "network/constant_folding.hpp"
#include "network/passes.hpp"
#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

#include <cmath>
#include <memory>

using namespace qbound;
using namespace qbound::internal;
using namespace qbound::test;

namespace {

using Values = std::vector<double>;

/// A model whose constants are to be folded: the output is the input, what is folded hangs beside.
class Folding {
  public:
    Folding() : builder_({2}) {
        builder_.node("y", "Relu", {"x"});
        builder_.model.batch_axis_optional = false;
    }
    Folding& tensor(const std::string& name, Shape shape, Values data, ElementType type = ElementType::real) {
        builder_.model.tensors[name] = std::make_shared<const Tensor>(Tensor{std::move(shape), std::move(data), type});
        return *this;
    }
    Folding& integers(const std::string& name, Values data) {
        const auto size = static_cast<std::int64_t>(data.size());
        return tensor(name, {size}, std::move(data), ElementType::int64);
    }
    /// The node's value after folding.
    Tensor fold(const std::string& op, std::vector<std::string> inputs, std::map<std::string, Attribute> attributes = {},
                std::int64_t opset = 21) {
        Model model = builder_.model;
        model.opset = opset;
        model.nodes.push_back({"k", op, std::move(inputs), {"k"}, std::move(attributes)});
        fold_constants(model);
        CHECK(model.nodes.size() == 1);
        return *model.tensors.at("k");
    }

  private:
    ModelBuilder builder_;
};

}  // namespace

TEST_CASE("constants in every form") {
    CHECK(Folding().fold("Constant", {}, {{"value_float", 0.5}}).data == Values{0.5});
    CHECK(Folding().fold("Constant", {}, {{"value_int", std::int64_t{3}}}).type == ElementType::int64);
    CHECK(Folding().fold("Constant", {}, {{"value_ints", Integers{1, -1}}}).data == Values{1, -1});
    CHECK(Folding().fold("Constant", {}, {{"value_floats", Values{1, 2}}}).shape == Shape{2});
    CHECK(Folding().fold("Constant", {}, {{"value", ModelBuilder::scalar(7)}}).data == Values{7});
    const Tensor filled = Folding().integers("s", {2, 3}).fold("ConstantOfShape", {"s"}, {{"value", ModelBuilder::scalar(0.25)}});
    CHECK(filled.shape == Shape{2, 3});
    CHECK(filled.data == Values(6, 0.25));
    CHECK(Folding().integers("a", {2}).integers("b", {9}).integers("d", {3}).fold("Range", {"a", "b", "d"}).data ==
          Values{2, 5, 8});
}

TEST_CASE("arithmetic on constants broadcasts, and integers truncate") {
    Folding f;
    f.integers("a", {7, -7}).integers("b", {2, 2}).tensor("r", {2}, {7, -7}).tensor("two", {}, {2}).tensor("c", {2, 1}, {10, 20});
    CHECK(f.fold("Div", {"a", "b"}).data == Values{3, -3});
    CHECK(f.fold("Div", {"r", "two"}).data == Values{3.5, -3.5});
    CHECK(f.fold("Mod", {"a", "b"}).data == Values{1, 1});
    CHECK(f.fold("Sub", {"a", "b"}).data == Values{5, -9});
    const Tensor sum = f.fold("Add", {"c", "r"});
    CHECK(sum.shape == Shape{2, 2});
    CHECK(sum.data == Values{17, 3, 27, 13});
    CHECK(f.fold("Equal", {"a", "b"}).data == Values{0, 0});
    CHECK(f.fold("Equal", {"b", "b"}).type == ElementType::boolean);
    CHECK(f.fold("Sqrt", {"two"}).data == Values{std::sqrt(2.0)});
    CHECK(f.fold("Max", {"r", "two"}).data == Values{7, 2});
    f.tensor("yes", {2}, {1, 0}, ElementType::boolean);
    CHECK(f.fold("Where", {"yes", "a", "b"}).data == Values{7, 2});
    CHECK(message_of([&] { (void)f.integers("z", {0}).fold("Div", {"a", "z"}); }) == "node 'k': an integer is divided by 0");
}

TEST_CASE("casts round to the type") {
    Folding f;
    f.tensor("v", {3}, {2.75, -2.75, 0.1});
    CHECK(f.fold("Cast", {"v"}, {{"to", std::int64_t{7}}}).data == Values{2, -2, 0});
    CHECK(f.fold("Cast", {"v"}, {{"to", std::int64_t{1}}}).data == Values{2.75, -2.75, static_cast<double>(0.1F)});
    CHECK(f.fold("Cast", {"v"}, {{"to", std::int64_t{10}}}).data == Values{2.75, -2.75, 0.0999755859375});
    CHECK(f.fold("Cast", {"v"}, {{"to", std::int64_t{16}}}).data == Values{2.75, -2.75, 0.10009765625});
    CHECK(f.fold("Cast", {"v"}, {{"to", std::int64_t{9}}}).data == Values{1, 1, 1});
    CHECK(message_of([&] { (void)f.fold("Cast", {"v"}, {{"to", std::int64_t{8}}}); }) == "node 'k': Cast to data type 8");
}

TEST_CASE("shapes of constants are worked out") {
    Folding f;
    f.tensor("m", {2, 3}, {1, 2, 3, 4, 5, 6}).integers("i", {1}).integers("axes", {0}).integers("s", {-1, 2});
    CHECK(f.fold("Shape", {"m"}).data == Values{2, 3});
    CHECK(f.fold("Shape", {"m"}, {{"start", std::int64_t{-1}}}).data == Values{3});
    CHECK(f.fold("Size", {"m"}).data == Values{6});
    CHECK(f.fold("Gather", {"m", "i"}, {{"axis", std::int64_t{1}}}).data == Values{2, 5});
    CHECK(f.fold("Concat", {"m", "m"}, {{"axis", std::int64_t{1}}}).data == Values{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6});
    CHECK(f.fold("Unsqueeze", {"m", "axes"}).shape == Shape{1, 2, 3});
    CHECK(f.fold("Reshape", {"m", "s"}).shape == Shape{3, 2});
    CHECK(f.fold("Transpose", {"m"}).data == Values{1, 4, 2, 5, 3, 6});  // without perm the axes are reversed
    f.tensor("t", {3, 2}, {1, 4, 2, 5, 3, 6});
    CHECK(f.fold("MatMul", {"m", "t"}).data == Values{14, 32, 32, 77});
    CHECK(f.fold("ReduceProd", {"m"}, {{"axes", Integers{1}}, {"keepdims", std::int64_t{0}}}, 13).data == Values{6, 120});
}

TEST_CASE("quantized constants stand for their values") {
    Folding f;
    f.tensor("q", {2, 2}, {0, 255, 3, 4}, ElementType::uint8)
        .tensor("s", {2}, {0.5, 0.25})
        .tensor("z", {2}, {1, 4}, ElementType::uint8)
        .tensor("one", {}, {0.5})
        .tensor("zero", {}, {0}, ElementType::int8)
        .tensor("v", {3}, {100, -0.25, 0.75});
    CHECK(f.fold("DequantizeLinear", {"q", "s", "z"}, {{"axis", std::int64_t{0}}}).data == Values{-0.5, 127, -0.25, 0});
    CHECK(f.fold("DequantizeLinear", {"q", "s", "z"}, {{"axis", std::int64_t{1}}}).data == Values{-0.5, 62.75, 1, 0});
    CHECK(f.fold("DequantizeLinear", {"q", "one"}).data == Values{0, 127.5, 1.5, 2});
    // To nearest, ties to even, saturated to the zero point's type.
    CHECK(f.fold("QuantizeLinear", {"v", "one", "zero"}).data == Values{127, 0, 2});
    CHECK(f.fold("QuantizeLinear", {"v", "one"}).data == Values{200, 0, 2});  // uint8
    // Blocks of two along axis 0.
    f.tensor("b", {4, 1}, {1, 2, 3, 4}, ElementType::int4).tensor("bs", {2, 1}, {10, 100});
    CHECK(f.fold("DequantizeLinear", {"b", "bs"}, {{"axis", std::int64_t{0}}, {"block_size", std::int64_t{2}}}).data ==
          Values{10, 20, 300, 400});
    CHECK(message_of([&] { (void)f.fold("DequantizeLinear", {"q", "v"}); }) == "node 'k': 3 scales for axis 1 of shape 2x2");
}

TEST_CASE("what folding does not understand is refused, what it makes is bounded") {
    Folding f;
    f.tensor("v", {2}, {1, 2}).integers("huge", {1 << 20, 1 << 20});
    CHECK(message_of([&] {
              (void)f.fold("Mod", {"v", "v"}, {{"fmod", std::int64_t{1}}});
          }) == "node 'k': attribute 'fmod' of Mod on constants");
    CHECK(message_of([&] { (void)f.fold("ConstantOfShape", {"huge"}); }) ==
          "node 'k': constant folding makes more than 67108864 entries");
}

TEST_CASE("a shape that depends on the input is known once shapes are") {
    // Flatten by Shape, Gather and Concat, as PyTorch exports view(x.size(0), -1).
    ModelBuilder model({2, 3});
    model.model.batch_axis_optional = false;
    model.tensor("zero", {}, {0}).tensor("minus", {1}, {-1}).tensor("axes", {1}, {0});
    model.node("s", "Shape", {"x"})
        .node("n", "Gather", {"s", "zero"})
        .node("u", "Unsqueeze", {"n", "axes"})
        .node("t", "Concat", {"u", "minus"}, {{"axis", std::int64_t{0}}})
        .node("y", "Reshape", {"x", "t"});
    const Network network = model.network();
    CHECK(network.nodes().size() == 2);
    CHECK(network.node(1).shape == Shape{6});
}

TEST_CASE("an Add after a layer without bias becomes its bias") {
    ModelBuilder model({2});
    model.filled("w", {2, 3}, 1).filled("b", {3}, 2).node("m", "MatMul", {"x", "w"}).node("y", "Add", {"b", "m"});
    const Lowered lowered = model.lowered();
    REQUIRE(lowered.network.nodes().size() == 2);
    CHECK(lowered.network.layer(0).bias == filling(3, 2));
    CHECK(lowered.folds == std::vector<std::string>{"Add 'y' into MatMul 'm' as its bias"});
    // Not where the layer's value is needed as it is, nor where there is a bias already.
    ModelBuilder shared({2});
    shared.filled("w", {2, 2}, 1)
        .filled("b", {2}, 2)
        .node("m", "MatMul", {"x", "w"})
        .node("a", "Add", {"m", "b"})
        .node("y", "Add", {"a", "m"});
    CHECK(shared.network().layer(0).bias.empty());
    ModelBuilder biased({2});
    biased.filled("w", {2, 2}, 1).filled("b", {2}, 2).node("g", "Gemm", {"x", "w", "b"}).node("y", "Add", {"g", "b"});
    CHECK(biased.network().nodes().size() == 3);
}

TEST_CASE("quantized operators are read on real values for bounds on the weights alone") {
    ModelBuilder model({1, 1, 2});
    model.model.batch_axis_optional = false;
    model.tensor("xs", {}, {0.5})
        .tensor("xz", {}, {0})
        .tensor("w", {2, 1, 1, 1}, {3, -4})
        .tensor("ws", {2}, {0.25, 0.5})
        .tensor("wz", {2}, {1, 0})
        .tensor("b", {2}, {8, 16})
        .node("q", "QuantizeLinear", {"x", "xs", "xz"})
        .node("c", "QLinearConv", {"q", "xs", "xz", "w", "ws", "wz", "xs", "xz", "b"})
        .node("y", "DequantizeLinear", {"c", "xs", "xz"});
    CHECK(message_of([&] { (void)model.lowered(); }) ==
          "unsupported operators: 'QuantizeLinear' (node 'q'), 'QLinearConv' (node 'c'), 'DequantizeLinear' (node 'y'); hint: "
          "--weights-only passes the quantization of activations through");
    const Lowered lowered = lower(model.model, {.box = {}, .weights_only = true});
    const WeightLayer& layer = lowered.network.layer(0);
    CHECK(layer.weight->data == Values{0.5, -2});       // (3 − 1)·0.25, −4·0.5
    CHECK(layer.bias == Values{8 * 0.125, 16 * 0.25});  // times the scales of input and weight
    CHECK(
        lowered.notes.back() ==
        "weights only: 2 nodes that quantize or dequantize activations are passed through, 1 quantized operators are read on real "
        "values; the figures are for the weights alone");
    ModelBuilder product({2});
    product.model.batch_axis_optional = false;
    product.tensor("s", {}, {0.5}).tensor("z", {}, {0}).tensor("w", {2, 1}, {3, 5}).tensor("wz", {}, {1});
    product.node("y", "QLinearMatMul", {"x", "s", "z", "w", "s", "wz", "s", "z"});
    CHECK(lower(product.model, {.box = {}, .weights_only = true}).network.layer(0).weight->data == Values{1, 2});
}

TEST_CASE("a weight that two nodes share is one weight") {
    ModelBuilder model({2});
    model.model.batch_axis_optional = false;
    model.filled("w", {2, 2}, 1).node("a", "MatMul", {"x", "w"}).node("r", "Relu", {"a"}).node("y", "MatMul", {"r", "w"});
    const Network network = model.network();
    CHECK(network.layer(0).weight == network.layer(1).weight);
    CHECK(network.parameters() == 4);
    // The same numbers read the other way are another matrix.
    ModelBuilder turned({2});
    turned.model.batch_axis_optional = false;
    turned.filled("w", {2, 2}, 1).node("a", "MatMul", {"x", "w"}).node("y", "Gemm", {"a", "w"}, {{"transB", std::int64_t{1}}});
    CHECK(turned.network().layer(0).weight->data != turned.network().layer(1).weight->data);
}
