// SPDX-License-Identifier: Apache-2.0
#include "qbound/network.hpp"

#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

#include <fmt/format.h>

using namespace qbound;
using namespace qbound::test;

namespace {

Node node(std::string name, NodeKind kind, std::vector<NodeId> inputs, Shape shape) {
    const Dims dims = dims_of(shape);
    return {std::move(name), "Test", std::move(kind), std::move(inputs), std::move(shape), dims};
}

Node input(Shape shape = {2, 3, 4}) {
    return node("x", Input{}, {}, std::move(shape));
}

Box box(std::size_t size = 2) {
    return {std::vector<double>(size, -1), std::vector<double>(size, 1)};
}

/// The message for a network of the input 2×3×4 and one more node.
std::string error_of(NodeKind kind, Shape shape, std::vector<NodeId> inputs = {0}) {
    return message_of([&] {
        (void)Network("net", {input(), node("y", std::move(kind), std::move(inputs), std::move(shape))}, 1, box());
    });
}

TensorPtr tensor(Shape shape, double fill = 1) {
    Tensor result{std::move(shape), {}};
    result.data.assign(static_cast<std::size_t>(dims_of(result.shape).size()), fill);
    return std::make_shared<Tensor>(std::move(result));
}

/// 3 channels from 2, kernel 2×1.
WeightLayer layer() {
    return {.weight = tensor({3, 2, 2, 1}),
            .bias = {1, 2, 3},
            .groups = 1,
            .axes = {Axis{.in = 3, .out = 2, .kernel = 2}, Axis{.in = 4, .out = 4}},
            .dense = false};
}

Axes pooling() {
    return {Axis{.in = 3, .out = 2, .kernel = 2}, Axis{.in = 4, .out = 2, .kernel = 2, .stride = 2}};
}

}  // namespace

TEST_CASE("the canonical view of a shape") {
    CHECK(dims_of({}) == Dims{1, 1, 1});
    CHECK(dims_of({7}) == Dims{7, 1, 1});
    CHECK(dims_of({7, 5}) == Dims{7, 1, 5});
    CHECK(dims_of({7, 5, 3}) == Dims{7, 5, 3});
    CHECK(dims_of({2, 7, 5, 3}) == Dims{14, 5, 3});
    CHECK(dims_of({2, 7, 5, 3}).size() == 210);
}

TEST_CASE("a network with every kind of node is accepted") {
    const std::vector<Node> nodes{
        input(),
        node("layer", layer(), {0}, {3, 2, 4}),
        node("diagonal", Diagonal{{1, 2, 3}, {0, 0, 1}}, {1}, {3, 2, 4}),
        node("relu", Activation{}, {2}, {3, 2, 4}),
        node("sum", Sum{{1, -1}}, {3, 1}, {3, 2, 4}),
        node("max", MaxPool{{Axis{.in = 2, .out = 1, .kernel = 2}, Axis{.in = 4, .out = 4}}}, {4}, {3, 1, 4}),
        node("mean", AveragePool{{Axis{.in = 2, .out = 1, .kernel = 2}, Axis{.in = 4, .out = 4}}, {{{2}, {1, 1, 1, 1}}}}, {4},
             {3, 1, 4}),
        node("concat", Concat{1}, {5, 6}, {3, 2, 4}),
        node("select", Select{{{{0, 2}, {1, -1, 0}, {3, 2}}}, {}, 0.5}, {7}, {2, 3, 2}),
        node("view", View{}, {8}, {12}),
        node("general", Select{{}, {3, -1, 0}, 0}, {9}, {3}),
    };
    const Network network("net", nodes, 10, box());
    CHECK(network.name() == "net");
    CHECK(network.weight_layers() == std::vector<NodeId>{1});
    CHECK(network.layer(0).fan_in() == 4);
    CHECK(network.parameters() == 12 + 3 + 6);
    CHECK(network.consumers()[4] == std::vector<NodeId>{5, 6});
    CHECK(network.consumers()[10].empty());
    CHECK_FALSE(is_chain(network));
}

TEST_CASE("the graph") {
    const auto network = [](std::vector<Node> nodes, NodeId output) {
        return message_of([&] { (void)Network("net", std::move(nodes), output, box()); });
    };
    const Node relu = node("r", Activation{}, {0}, {2, 3, 4});
    CHECK(network({}, 0) == "a network needs an input");
    CHECK(network({input()}, 1) == "the output is not a node");
    CHECK(network({input()}, -1) == "the output is not a node");
    CHECK(network({relu}, 0) == "node 'r': the first node is not an input");
    CHECK(network({input(), input()}, 1) == "node 'x': another node has the same name");
    CHECK(network({input(), node("z", Input{}, {}, {2, 3, 4})}, 1) == "node 'z': only the first node can be the input");
    CHECK(network({input(), relu, node("s", Activation{}, {0}, {2, 3, 4})}, 2) == "node 'r': the output does not depend on it");
    CHECK(network({input(), node("r", Activation{}, {1}, {2, 3, 4})}, 1) == "node 'r': input 1 is not an earlier node");
    CHECK(network({input(), node("r", Activation{}, {-1}, {2, 3, 4})}, 1) == "node 'r': input -1 is not an earlier node");
    CHECK(network({input(), node("r", Activation{}, {}, {2, 3, 4})}, 1) == "node 'r': it has 0 inputs instead of 1");
    Node wrong = relu;
    wrong.dims.height = 2;
    CHECK(network({input(), wrong}, 1) == "node 'r': its shape 2x3x4 is empty or differs from its dimensions");
    CHECK(network({input()}, 0).empty());
}

TEST_CASE("boxes") {
    const auto with = [](Box limits) { return message_of([&] { (void)Network("net", {input()}, 0, std::move(limits)); }); };
    CHECK(with(box(2)).empty());
    CHECK(with(box(24)).empty());
    CHECK(with(box(3)) == "input box: 3 lower and 3 upper limits for 2 channels of 12 entries");
    CHECK(with({{0, 0}, {1}}) == "input box: 2 lower and 1 upper limits for 2 channels of 12 entries");
    CHECK(with({{0, kNaN}, {1, 1}}) == "input box: [nan, 1] at index 1 is not a finite interval");
    CHECK(with({{0, 0}, {1, kInf}}) == "input box: [0, inf] at index 1 is not a finite interval");
    CHECK(with({{2, 0}, {1, 1}}) == "input box: [2, 1] at index 0 is not a finite interval");
    const Network network("net", {input()}, 0, box());
    CHECK(network.with_box({{0, 0}, {1, 3}}).box().radius() == 3);
    CHECK(message_of([&] {
              (void)network.with_box({{0, 0}, {1, kNaN}});
          }) == "input box: [0, nan] at index 1 is not a finite interval");
}

TEST_CASE("weight layers") {
    const auto with = [](auto change, Shape shape = {3, 2, 4}) {
        WeightLayer changed = layer();
        change(changed);
        return error_of(changed, std::move(shape));
    };
    CHECK(with([](WeightLayer&) {}).empty());
    CHECK(with([](WeightLayer&) {}, {3, 2, 3}) == "node 'y': its shape is 3x2x3 instead of 3x2x4");
    CHECK(with([](WeightLayer& l) { l.weight = nullptr; }) == "node 'y': its weight is not a full tensor of rank 4");
    CHECK(with([](WeightLayer& l) { l.weight = tensor({3, 4}); }) == "node 'y': its weight is not a full tensor of rank 4");
    CHECK(with([](WeightLayer& l) {
              l.weight = std::make_shared<Tensor>(Tensor{{3, 2, 2, 1}, {1}});
          }) == "node 'y': its weight is not a full tensor of rank 4");
    CHECK(with([](WeightLayer& l) { l.weight = tensor({3, 2, 2, 1}, kNaN); }) == "node 'y': weight nan at index 0 is not finite");
    CHECK(with([](WeightLayer& l) { l.bias[2] = kInf; }) == "node 'y': bias inf at index 2 is not finite");
    CHECK(with([](WeightLayer& l) { l.bias.pop_back(); }) == "node 'y': it has 2 biases for 3 outputs");
    CHECK(with([](WeightLayer& l) { l.groups = 2; }) ==
          "node 'y': a weight of shape 3x2x2x1 in 2 groups does not fit 2 input channels");
    CHECK(with([](WeightLayer& l) { l.axes[1].kernel = 2; }) == "node 'y': 4 outputs along an axis where the window gives 3");
    CHECK(with([](WeightLayer& l) { l.axes[1] = {.in = 4, .out = 3, .kernel = 2}; }) ==
          "node 'y': its window differs from its weight's");
    CHECK(with([](WeightLayer& l) { l.axes[1] = {.in = 5, .out = 5}; }) == "node 'y': its window slides over 3x5 instead of 3x4");
    CHECK(with([](WeightLayer& l) { l.dense = true; }) == "node 'y': a dense layer takes a vector");
}

TEST_CASE("other kinds") {
    CHECK(error_of(Diagonal{{1, 1}, {0, 0}}, {2, 3, 4}).empty());
    CHECK(error_of(Diagonal{{1, 1, 1}, {0, 0}}, {2, 3, 4}) == "node 'y': it has 3 scales and 2 shifts for 2 channels");
    CHECK(error_of(Diagonal{{1, kNaN}, {0, 0}}, {2, 3, 4}) == "node 'y': scale nan at index 1 is not finite");
    CHECK(error_of(Diagonal{{1, 1}, {0, -kInf}}, {2, 3, 4}) == "node 'y': shift -inf at index 1 is not finite");
    CHECK(error_of(Activation{}, {2, 12}) == "node 'y': its shape 2x12 differs from its input's 2x3x4");
    CHECK(error_of(Activation{.function = ActivationFunction::prelu, .slopes = {1, 2, 3}}, {2, 3, 4}) ==
          "node 'y': it has 3 slopes for 2 channels");
    CHECK(error_of(Activation{.function = ActivationFunction::clip, .lower = 1, .upper = 0, .slopes = {}}, {2, 3, 4}) ==
          "node 'y': the lower Clip limit exceeds the upper one");
    CHECK(error_of(Sum{{1}}, {2, 3, 4}, {0, 0}) == "node 'y': it has 1 signs for 2 inputs");
    CHECK(error_of(Sum{{1, 2}}, {2, 3, 4}, {0, 0}) == "node 'y': a sign is neither 1 nor -1");
    CHECK(error_of(Sum{{1, 1}}, {24}, {0, 0}) == "node 'y': its shape 24 differs from its input's 2x3x4");
    CHECK(error_of(Concat{0}, {4, 3, 4}, {0, 0}).empty());
    CHECK(error_of(Concat{3}, {4, 3, 4}, {0, 0}) == "node 'y': a concatenation of 2 inputs along axis 3");
    CHECK(error_of(Concat{1}, {4, 3, 4}, {0, 0}) == "node 'y': its shape is 4x3x4 instead of 2x6x4");
    CHECK(error_of(MaxPool{pooling()}, {2, 2, 2}).empty());
    CHECK(error_of(MaxPool{pooling()}, {2, 2, 3}) == "node 'y': its shape is 2x2x3 instead of 2x2x2");
    CHECK(error_of(AveragePool{pooling(), {{{2, 2}, {2, 2}}}}, {2, 2, 2}).empty());
    CHECK(error_of(AveragePool{pooling(), {{{2}, {2, 2}}}}, {2, 2, 2}) == "node 'y': it has 1 divisors for 2 windows");
    CHECK(error_of(AveragePool{pooling(), {{{2, 1}, {2, 2}}}}, {2, 2, 2}) ==
          "node 'y': divisor 1 of window 1 does not lie between its real taps and its kernel");
    CHECK(error_of(AveragePool{pooling(), {{{2, 3}, {2, 2}}}}, {2, 2, 2}) ==
          "node 'y': divisor 3 of window 1 does not lie between its real taps and its kernel");
    CHECK(error_of(Select{{{{0}, {0}, {4}}}, {}, 0}, {1, 1, 1}) == "node 'y': its index table does not fit its input");
    CHECK(error_of(Select{{{{0}, {0}, {-2}}}, {}, 0}, {1, 1, 1}) == "node 'y': its index table does not fit its input");
    CHECK(error_of(Select{{{{0}, {0}, {3}}}, {}, kNaN}, {1, 1, 1}) == "node 'y': constant nan is not finite");
    CHECK(error_of(Select{{{{0}, {0}, {3}}}, {}, 0}, {1, 1, 2}) == "node 'y': its shape is 1x1x2 instead of 1x1x1");
    CHECK(error_of(Select{{}, {0, 24}, 0}, {2}) == "node 'y': its index table does not fit its input and its shape");
    CHECK(error_of(Select{{}, {0, 23, -1}, 0}, {2}) == "node 'y': its index table does not fit its input and its shape");
    CHECK(error_of(View{}, {23}) == "node 'y': its shape 23 has not as many entries as its input's 2x3x4");
}

TEST_CASE("the main path is the longest in weight layers") {
    const auto dense = [](ModelBuilder& builder, const std::string& name, const std::string& from) {
        builder.tensor(name + ".w", {2, 2}, {1, 0, 0, 1}).node(name, "Gemm", {from, name + ".w"});
    };
    const auto path_names = [](const Network& network) {
        std::vector<std::string> names;
        for (const NodeId id : main_path(network)) {
            names.push_back(network.node(id).name);
        }
        return names;
    };
    using Names = std::vector<std::string>;
    ModelBuilder builder({2});
    dense(builder, "a", "x");
    dense(builder, "b", "a");
    dense(builder, "c", "x");
    builder.node("s", "Add", {"c", "b"});
    CHECK(path_names(builder.network()) == Names{"x", "a", "b", "s"});

    ModelBuilder tie({2});
    dense(tie, "a", "x");
    dense(tie, "b", "x");
    tie.node("s", "Add", {"b", "a"});
    CHECK(path_names(tie.network()) == Names{"x", "b", "s"});  // the first input listed wins
    CHECK_FALSE(is_chain(tie.network()));

    // Activations do not count.
    ModelBuilder skip({2});
    dense(skip, "a", "x");
    skip.node("r", "Relu", {"x"}).node("t", "Relu", {"r"}).node("s", "Add", {"t", "a"});
    CHECK(path_names(skip.network()) == Names{"x", "a", "s"});
}

TEST_CASE("the main path of many diamonds takes linear time") {
    ModelBuilder builder({1});
    std::string last = "x";
    for (int i = 0; i < 2000; ++i) {
        const std::string name = fmt::format("s{}", i);
        builder.node(name, "Add", {last, last});
        last = name;
    }
    CHECK(main_path(builder.network()).size() == 2001);
}

TEST_CASE("chains") {
    CHECK(is_chain(ModelBuilder({2}).node("a", "Relu", {"x"}).node("b", "Relu", {"a"}).network()));
    CHECK(is_chain(ModelBuilder({2}).network()));
    CHECK_FALSE(is_chain(ModelBuilder({2}).node("a", "Relu", {"x"}).node("b", "Add", {"a", "a"}).network()));
}
