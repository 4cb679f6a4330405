// SPDX-License-Identifier: Apache-2.0
// What `lower` makes of each operator.
#include "qbound/lower.hpp"

#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

#include <algorithm>

using namespace qbound;
using namespace qbound::test;

namespace {

using Names = std::vector<std::string>;

template <class Kind>
const Kind& last(const Network& network) {
    return std::get<Kind>(network.node(network.output()).kind);
}

Shape shape(const Network& network) {
    return network.node(network.output()).shape;
}

Attribute ints(Integers values) {
    return values;
}

Network reshape(Shape in, Integers target) {
    return ModelBuilder(std::move(in)).node("y", "Reshape", {"x"}, {{"shape", std::move(target)}}).network();
}

}  // namespace

TEST_CASE("a model without nodes is its input") {
    const Network network = ModelBuilder({2, 3}).network();
    CHECK(network.nodes().size() == 1);
    CHECK(network.output() == 0);
    CHECK(network.node(0).name == "x");
    CHECK(network.node(0).op == "Input");
}

TEST_CASE("names, operators and notes come through") {
    ModelBuilder builder({4});
    builder.node("r", "Relu", {"x"}).node("s", "Softmax", {"r"});
    builder.model.notes = {"the reader's own"};
    builder.model.assumed_chain = true;
    const Lowered lowered = builder.lowered();
    CHECK(lowered.network.name() == "test");
    CHECK(lowered.network.node(1).op == "Relu");
    CHECK(lowered.notes == Names{"the reader's own", "Softmax 's' taken off: the output is its input, the logits"});
    CHECK(lowered.assumed_chain);
}

TEST_CASE("supported operators are sorted") {
    const auto names = supported_operators();
    CHECK(std::ranges::is_sorted(names));
    CHECK(names.size() > 50);
    for (const char* name : {"Conv", "Gemm", "Softmax", "Mish", "PRelu", "Pad"}) {
        CHECK(std::ranges::find(names, name) != names.end());
    }
}

TEST_CASE("Identity and Dropout leave no node") {
    ModelBuilder builder({4});
    builder.tensor("half", {}, {0.5})
        .tensor("no", {}, {0})
        .node("i", "Identity", {"x"})
        .node("d", "Dropout", {"i", "half", "no"})
        .node("r", "Relu", {"d"});
    const Network network = builder.network();
    CHECK(network.nodes().size() == 2);
    CHECK(network.node(1).inputs == std::vector<NodeId>{0});
}

TEST_CASE("a node may be named like the input") {
    ModelBuilder builder({4});
    builder.node("y", "Relu", {"x"}).model.nodes[0].name = "x";
    const Network network = builder.network();
    CHECK(network.node(0).name == "x_");
    CHECK(network.node(1).name == "x");
}

TEST_CASE("geometry of a convolution") {
    const Network network =
        ModelBuilder({2, 8, 9})
            .filled("w", {4, 2, 3, 2}, 1)
            .node("c", "Conv", {"x", "w"}, {{"pads", ints({1, 2, 0, 3})}, {"strides", ints({2, 3})}, {"dilations", ints({1, 4})}})
            .network();
    const auto& layer = last<WeightLayer>(network);
    CHECK(layer.axes[0] == Axis{.in = 8, .out = 4, .kernel = 3, .stride = 2, .dilation = 1, .pad_begin = 1, .pad_end = 0});
    CHECK(layer.axes[1] == Axis{.in = 9, .out = 4, .kernel = 2, .stride = 3, .dilation = 4, .pad_begin = 2, .pad_end = 3});
    CHECK(shape(network) == Shape{4, 4, 4});
    CHECK(layer.bias.empty());
    CHECK_FALSE(layer.dense);
}

TEST_CASE("a one-dimensional convolution has a trivial height") {
    const Network network =
        ModelBuilder({2, 8}).filled("w", {4, 2, 3}, 1).node("c", "Conv", {"x", "w"}, {{"pads", ints({1, 0})}}).network();
    const auto& layer = last<WeightLayer>(network);
    CHECK(layer.axes[0] == Axis{});
    CHECK(layer.axes[1] == Axis{.in = 8, .out = 7, .kernel = 3, .pad_begin = 1});
    CHECK(layer.weight->shape == Shape{4, 2, 1, 3});
    CHECK(shape(network) == Shape{4, 7});
}

TEST_CASE("a dense layer holds out x in, whatever the file's order") {
    ModelBuilder builder({2});
    builder.tensor("w", {2, 3}, {1, 2, 3, 4, 5, 6})
        .tensor("c", {}, {10})
        .node("g", "Gemm", {"x", "w", "c"}, {{"alpha", 2.0}, {"beta", 0.5}});
    const Lowered lowered = builder.lowered();
    const auto& layer = last<WeightLayer>(lowered.network);
    CHECK(layer.dense);
    CHECK(layer.weight->shape == Shape{3, 2, 1, 1});
    CHECK(layer.weight->data == std::vector<double>{2, 8, 4, 10, 6, 12});
    CHECK(layer.bias == std::vector<double>{5, 5, 5});
    CHECK(lowered.notes == Names{"Gemm 'g': alpha and beta are multiplied into weight and bias, in double"});
}

TEST_CASE("a Gemm flattens channels of one entry, and says so") {
    ModelBuilder builder({3, 2, 2});
    builder.filled("w", {3, 2}, 1).node("p", "GlobalAveragePool", {"x"}).node("g", "Gemm", {"p", "w"});
    const Lowered lowered = builder.lowered();
    CHECK(lowered.notes == Names{"Gemm 'g': its input of shape 3x1x1 is flattened"});
    CHECK(lowered.network.node(2).name == "g.flatten");
    CHECK(std::holds_alternative<View>(lowered.network.node(2).kind));
    CHECK(shape(lowered.network) == Shape{2});
}

TEST_CASE("names of inserted nodes are free ones") {
    ModelBuilder builder({3, 1, 1});
    builder.filled("w", {3, 3}, 1).node("g.flatten", "Relu", {"x"}).node("g", "Gemm", {"g.flatten", "w"});
    CHECK(builder.network().node(2).name == "g.flatten_");
}

TEST_CASE("constants per channel make a diagonal map") {
    const auto diagonal = [](const std::string& op, std::vector<std::string> inputs) {
        return last<Diagonal>(ModelBuilder({2, 3}).tensor("k", {2, 1}, {5, 7}).node("y", op, std::move(inputs)).network());
    };
    CHECK(diagonal("Add", {"x", "k"}) == Diagonal{{1, 1}, {5, 7}});
    CHECK(diagonal("Add", {"k", "x"}) == Diagonal{{1, 1}, {5, 7}});
    CHECK(diagonal("Sub", {"x", "k"}) == Diagonal{{1, 1}, {-5, -7}});
    CHECK(diagonal("Sub", {"k", "x"}) == Diagonal{{-1, -1}, {5, 7}});
    CHECK(last<Diagonal>(ModelBuilder({2, 3}).tensor("k", {}, {5}).node("y", "Scale", {"x", "", "k"}).network()) ==
          Diagonal{{1, 1}, {5, 5}});
    // With four axes beside the batch, the canonical channels are 2·3; the file's are 2.
    CHECK(last<Diagonal>(ModelBuilder({2, 3, 1, 1}).tensor("k", {2}, {5, 7}).node("y", "Scale", {"x", "k"}).network()) ==
          Diagonal{{5, 5, 5, 7, 7, 7}, {0, 0, 0, 0, 0, 0}});
}

TEST_CASE("unequal shapes are stretched before they are added") {
    const Network network = ModelBuilder({2, 2, 3}).node("m", "GlobalAveragePool", {"x"}).node("y", "Sub", {"m", "x"}).network();
    CHECK(network.node(2).name == "y.left");
    CHECK(network.node(2).op == "Expand");
    const auto& expand = std::get<Select>(network.node(2).kind);
    CHECK(expand.maps[0] == std::vector<std::int32_t>{0, 1});
    CHECK(expand.maps[1] == std::vector<std::int32_t>{0, 0});
    CHECK(expand.maps[2] == std::vector<std::int32_t>{0, 0, 0});
    CHECK(last<Sum>(network) == Sum{{1, -1}});
    CHECK(network.node(3).inputs == std::vector<NodeId>{2, 0});
}

TEST_CASE("divisors of averages") {
    const auto divisors = [](std::int64_t ceil_mode, std::int64_t include) {
        return last<AveragePool>(ModelBuilder({1, 6})
                                     .node("y", "AveragePool", {"x"},
                                           {{"kernel_shape", ints({4})},
                                            {"strides", ints({3})},
                                            {"pads", ints({2, 1})},
                                            {"ceil_mode", ceil_mode},
                                            {"count_include_pad", include}})
                                     .network())
            .divisors[1];
    };
    // Windows start at −2, 1, 4 (the last only with ceil_mode; it ends at 8, one beyond the padding).
    CHECK(divisors(0, 0) == std::vector<std::int64_t>{2, 4});
    CHECK(divisors(0, 1) == std::vector<std::int64_t>{4, 4});
    CHECK(divisors(1, 0) == std::vector<std::int64_t>{2, 4, 2});
    CHECK(divisors(1, 1) == std::vector<std::int64_t>{4, 4, 3});
}

TEST_CASE("GlobalAveragePool is one window") {
    const Network network = ModelBuilder({3, 4, 5}).node("y", "GlobalAveragePool", {"x"}).network();
    CHECK(last<AveragePool>(network).divisors == std::array<std::vector<std::int64_t>, 2>{{{4}, {5}}});
    CHECK(shape(network) == Shape{3, 1, 1});
    CHECK(shape(ModelBuilder({3, 4}).node("y", "GlobalAveragePool", {"x"}).network()) == Shape{3, 1});
}

TEST_CASE("reshapes") {
    CHECK(shape(reshape({2, 3, 4}, {1, 6, -1})) == Shape{6, 4});
    CHECK(shape(reshape({2, 3, 4}, {0, 0, -1})) == Shape{2, 12});
    CHECK(shape(reshape({2, 3, 4}, {1, 24})) == Shape{24});
    CHECK(shape(reshape({2, 3, 4}, {-1, 24})) == Shape{24});  // the batch is the one inferred
    // A first extent that is not 1 means one sample's shape.
    CHECK(shape(reshape({2, 3, 4}, {6, 4})) == Shape{6, 4});
    CHECK(shape(reshape({2, 3, 4}, {24})) == Shape{24});
    CHECK(shape(reshape({2, 3, 4}, {-1, 4})) == Shape{6, 4});
    const Network by_input = ModelBuilder({2, 3, 4})
                                 .tensor("s", {3}, {1, 4, 6})
                                 .node("y", "Reshape", {"x", "s"}, {{"allowzero", std::int64_t{1}}})
                                 .network();
    CHECK(shape(by_input) == Shape{4, 6});
    CHECK(std::holds_alternative<View>(by_input.node(1).kind));
}

TEST_CASE("flattening") {
    for (const std::int64_t axis : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-3}}) {
        CHECK(shape(ModelBuilder({3, 4}).node("y", "Flatten", {"x"}, {{"axis", axis == -3 ? std::int64_t{-2} : axis}}).network()) ==
              Shape{12});
    }
    CHECK(shape(ModelBuilder({1, 4}).node("y", "Flatten", {"x"}, {{"axis", std::int64_t{2}}}).network()) == Shape{4});
}

TEST_CASE("transposes") {
    const auto transpose = [](Shape in, Integers perm) {
        return ModelBuilder(std::move(in)).node("y", "Transpose", {"x"}, {{"perm", std::move(perm)}}).network();
    };
    CHECK(std::holds_alternative<View>(transpose({2, 3, 4}, {0, 1, 2, 3}).node(1).kind));
    CHECK(std::holds_alternative<View>(transpose({1, 3, 4}, {0, 2, 3, 1}).node(1).kind));
    CHECK_FALSE(last<Select>(transpose({2, 3, 4}, {0, 1, 3, 2})).separable());
    CHECK(last<Select>(transpose({2, 3, 1, 1}, {0, 2, 1, 3, 4})).separable());
    CHECK(shape(transpose({2, 3, 4}, {2, 0, 1})) == Shape{4, 2, 3});  // one sample's axes
    CHECK(shape(transpose({2, 3, 4}, {0, -1, 1, 2})) == Shape{4, 2, 3});
}

TEST_CASE("pads") {
    const auto pad = [](Integers pads, const std::string& mode) {
        return ModelBuilder({1, 1, 4}).node("y", "Pad", {"x"}, {{"pads", std::move(pads)}, {"mode", mode}}).network();
    };
    using Map = std::vector<std::int32_t>;
    CHECK(last<Select>(pad({0, 2, 0, 1}, "constant")).maps[2] == Map{-1, -1, 0, 1, 2, 3, -1});
    CHECK(last<Select>(pad({0, 2, 0, 1}, "edge")).maps[2] == Map{0, 0, 0, 1, 2, 3, 3});
    CHECK(last<Select>(pad({0, 2, 0, 1}, "reflect")).maps[2] == Map{2, 1, 0, 1, 2, 3, 2});
    CHECK(last<Select>(pad({0, 2, 0, 1}, "wrap")).maps[2] == Map{2, 3, 0, 1, 2, 3, 0});
    CHECK(last<Select>(pad({0, 5, 0, 0}, "wrap")).maps[2] == Map{3, 0, 1, 2, 3, 0, 1, 2, 3});
    CHECK(last<Select>(pad({0, -1, 0, 2}, "constant")).maps[2] == Map{1, 2, 3, -1, -1});
    CHECK(std::holds_alternative<View>(pad({0, 0, 0, 0}, "constant").node(1).kind));
    CHECK(last<Select>(pad({0, 1, 0, 0, 0, 0, 0, 0}, "constant")).maps[0] == Map{-1, 0});
    const Network by_inputs =
        ModelBuilder({2}).tensor("p", {4}, {0, 1, 0, 0}).tensor("k", {}, {3}).node("y", "Pad", {"x", "p", "k"}).network();
    CHECK(last<Select>(by_inputs).maps[0] == Map{-1, 0, 1});
    CHECK(last<Select>(by_inputs).constant == 3);
}

TEST_CASE("concatenations on the canonical axes") {
    const auto concat = [](Shape in, std::int64_t axis) {
        return ModelBuilder(std::move(in)).node("y", "Concat", {"x", "x"}, {{"axis", axis}}).network();
    };
    CHECK(last<Concat>(concat({2, 3, 4}, 1)).axis == 0);
    CHECK(last<Concat>(concat({2, 3, 4}, 2)).axis == 1);
    CHECK(last<Concat>(concat({2, 3, 4}, 3)).axis == 2);
    CHECK(last<Concat>(concat({2, 3}, 2)).axis == 2);
    CHECK(last<Concat>(concat({2}, 1)).axis == 0);
    CHECK(last<Concat>(concat({2, 3, 4, 5}, 1)).axis == 0);
    CHECK(last<Concat>(concat({2, 3, 4, 5}, 3)).axis == 1);
    CHECK(shape(concat({2, 3, 4}, -1)) == Shape{2, 3, 8});
}

TEST_CASE("parameters of activations") {
    const auto activation = [](const std::string& op, const std::map<std::string, Attribute>& attributes = {}) {
        return last<Activation>(ModelBuilder({2, 3}).node("y", op, {"x"}, attributes).network());
    };
    CHECK(activation("LeakyRelu").alpha == 0.01);
    CHECK(activation("HardSigmoid").alpha == 0.2);
    CHECK(activation("HardSigmoid").beta == 0.5);
    CHECK(activation("Elu").alpha == 1);
    CHECK(activation("Selu").alpha == 1.67326319217681884765625);
    CHECK(activation("Selu").beta == 1.05070102214813232421875);
    CHECK(activation("Selu", {{"gamma", 2.0}}).beta == 2);
    CHECK(activation("Clip").lower == -kInf);
    CHECK(activation("Clip", {{"max", std::int64_t{6}}}).upper == 6);
    CHECK(activation("Gelu").function == ActivationFunction::gelu);
    CHECK(activation("Gelu", {{"approximate", std::string("tanh")}}).function == ActivationFunction::gelu_tanh);
    CHECK(activation("HardSwish").function == ActivationFunction::hard_swish);
    const Network clip =
        ModelBuilder({2}).tensor("lo", {}, {-1}).tensor("hi", {1}, {kInf}).node("y", "Clip", {"x", "lo", "hi"}).network();
    CHECK(last<Activation>(clip).lower == -1);
    CHECK(last<Activation>(clip).upper == kInf);
    CHECK(last<Activation>(ModelBuilder({2, 3}).tensor("s", {}, {0.5}).node("y", "PRelu", {"x", "s"}).network()).slopes ==
          std::vector<double>{0.5});
    CHECK(last<Activation>(ModelBuilder({2, 3}).tensor("s", {2}, {0.5, 1}).node("y", "PRelu", {"x", "s"}).network()).slopes ==
          std::vector<double>{0.5, 1});
}
