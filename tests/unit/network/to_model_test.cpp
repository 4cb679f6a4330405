// SPDX-License-Identifier: Apache-2.0
// What each node kind becomes in ONNX's vocabulary. That the network stays the same is tested on random graphs
// (conversion_test.cpp).
#include "qbound/error.hpp"
#include "qbound/lower.hpp"

#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

#include <memory>
#include <utility>

using namespace qbound;
using namespace qbound::test;

namespace {

Node node_of(std::string name, NodeKind kind, std::vector<NodeId> inputs, Shape shape) {
    const Dims dims = dims_of(shape);
    return {std::move(name), "Test", std::move(kind), std::move(inputs), std::move(shape), dims};
}

/// A network of an input of shape `in` and one node on it.
Network one(Shape in, NodeKind kind, Shape out, std::size_t uses = 1) {
    const Dims dims = dims_of(in);
    const auto channels = static_cast<std::size_t>(dims.channels);
    std::vector<Node> nodes{node_of("x", Input{}, {}, std::move(in))};
    nodes.push_back(node_of("y", std::move(kind), std::vector<NodeId>(uses, 0), std::move(out)));
    return {"test", std::move(nodes), 1, {std::vector<double>(channels, -1), std::vector<double>(channels, 1)}};
}

/// "op op …" of the model's nodes, and the last operator's node has the name "y" unless a Reshape follows it.
std::string ops(const Network& network) {
    std::string text;
    for (const ModelNode& node : to_model(network).nodes) {
        text += (text.empty() ? "" : " ") + node.op;
    }
    return text;
}

Select select(std::vector<std::int32_t> c, std::vector<std::int32_t> h, std::vector<std::int32_t> w, double constant = 0) {
    return {.maps = {std::move(c), std::move(h), std::move(w)}, .entries = {}, .constant = constant};
}

Integers integers_of(const Model& model, const std::string& name) {
    const auto& data = model.tensors.at(name)->data;
    return {data.begin(), data.end()};
}

}  // namespace

TEST_CASE("to_model: a Select is the first of Reshape, Slice, Pad, Expand that says it in one node") {
    CHECK(ops(one({2, 3, 3}, select({0, 1}, {0, 1, 2}, {0, 1, 2}), {2, 3, 3})) == "Reshape");
    CHECK(ops(one({2, 3, 3}, select({1, 0}, {0, 2}, {1}), {2, 2, 1})) == "Slice");
    CHECK(ops(one({2, 3, 3}, select({0, 1}, {-1, 0, 1, 2}, {1, 2, -1}, 5), {2, 4, 3})) == "Pad");
    CHECK(ops(one({2, 1, 3}, select({0, 1}, {0, 0}, {0, 1, 2}), {2, 2, 3})) == "Expand");
    CHECK(ops(one({2, 3, 3}, select({1, 1}, {0, 1, 2}, {0, 1, 2}), {2, 3, 3})) == "Gather");
    CHECK(ops(one({2, 3, 3}, select({1, 1}, {0, 0, 1}, {0, 1, 2}), {2, 3, 3})) == "Gather Gather");
    CHECK(ops(one({2, 1, 3}, select({0, 1}, {0}, {0, -1, 1, -1, 2}), {2, 1, 5})) == "Pad Gather");
}

TEST_CASE("to_model: constants between entries are padded once each, with the Select's constant") {
    const Model model = to_model(one({1, 3}, select({0}, {0}, {0, -1, 1, -1, 2}, 7), {1, 5}));
    REQUIRE(model.nodes.size() == 2);
    CHECK(std::get<Integers>(model.nodes[0].attributes.at("pads")) == Integers{0, 0, 0, 0, 0, 2});
    CHECK(std::get<double>(model.nodes[0].attributes.at("value")) == 7);
    CHECK(integers_of(model, model.nodes[1].inputs[1]) == Integers{0, 3, 1, 4, 2});
    CHECK(model.nodes[1].name == "y");
}

TEST_CASE("to_model: a backward slice to the first entry does not end at -1, which counts from the back") {
    const Model model = to_model(one({3}, select({2, 1, 0}, {0}, {0}), {3}));
    REQUIRE(model.nodes.size() == 1);
    CHECK(integers_of(model, model.nodes[0].inputs[1]) == Integers{2});
    CHECK(integers_of(model, model.nodes[0].inputs[2]) == Integers{-4});
    CHECK(integers_of(model, model.nodes[0].inputs[4]) == Integers{-1});
}

TEST_CASE("to_model: a general Select is a Transpose where it is one, else a Gather of the flattened value") {
    const Select transposed{.maps = {}, .entries = {0, 3, 1, 4, 2, 5}};
    const Model model = to_model(one({2, 3}, transposed, {3, 2}));
    REQUIRE(model.nodes.size() == 1);
    CHECK(model.nodes[0].op == "Transpose");
    CHECK(std::get<Integers>(model.nodes[0].attributes.at("perm")) == Integers{0, 2, 1});
    CHECK(ops(one({2, 3}, Select{.maps = {}, .entries = {0, 3, 1, 4, 5, 2}}, {3, 2})) == "Reshape Gather Reshape");
    CHECK(ops(one({2, 3}, Select{.maps = {}, .entries = {0, 3, -1, 4, 5, 2}}, {3, 2})) == "Reshape Pad Gather Reshape");
}

TEST_CASE("to_model: pools") {
    const Axis three{.in = 5, .out = 5, .kernel = 3, .pad_begin = 1, .pad_end = 1};
    const std::vector<std::int64_t> counted(5, 3);
    const std::vector<std::int64_t> real{2, 3, 3, 3, 2};
    const auto pool = [&](const auto& rows, const auto& columns) { return AveragePool{{three, three}, {rows, columns}}; };
    CHECK(ops(one({1, 5, 5}, pool(counted, counted), {1, 5, 5})) == "AveragePool");
    CHECK(ops(one({1, 5, 5}, pool(real, real), {1, 5, 5})) == "AveragePool");
    CHECK(ops(one({1, 5, 5}, pool(real, counted), {1, 5, 5})) == "AveragePool AveragePool");
    const Axis whole{.in = 5, .out = 1, .kernel = 5};
    CHECK(ops(one({2, 5, 5}, AveragePool{{whole, whole}, {{{5}, {5}}}}, {2, 1, 1})) == "GlobalAveragePool");
    CHECK_THROWS_AS(to_model(one({1, 5, 5}, pool(std::vector<std::int64_t>{3, 3, 3, 3, 2}, real), {1, 5, 5})), Error);
    // One window more with ceil_mode on the rows, not on the columns.
    const Axis ceil{.in = 4, .out = 2, .kernel = 3, .stride = 2};
    const Axis floor{.in = 4, .out = 1, .kernel = 3, .stride = 2};
    CHECK(ops(one({1, 4, 4}, MaxPool{{ceil, ceil}}, {1, 2, 2})) == "MaxPool");
    CHECK(ops(one({1, 4, 4}, MaxPool{{ceil, floor}}, {1, 2, 1})) == "MaxPool MaxPool");
}

TEST_CASE("to_model: sums") {
    const auto sum = [](std::vector<int> signs) {
        const std::size_t uses = signs.size();
        return one({2, 3}, Sum{std::move(signs)}, {2, 3}, uses);
    };
    CHECK(ops(sum({1, 1})) == "Add");
    CHECK(ops(sum({1, -1, 1})) == "Sub Add");
    CHECK(ops(sum({-1, 1})) == "Sub");
    CHECK(ops(sum({-1, -1})) == "Scale Sub");
    CHECK(ops(sum({1})) == "Identity");
    CHECK(ops(sum({-1})) == "Scale");
}

TEST_CASE("an activation of several nodes whose argument is itself a product") {
    const auto silu = [](ModelBuilder& builder, const std::string& x, const std::string& name) {
        builder.node(name + ".gate", "Sigmoid", {x}).node(name, "Mul", {x, name + ".gate"});
    };
    ModelBuilder twice({3});
    silu(twice, "x", "a");
    silu(twice, "a", "b");
    const Network network = twice.network();
    REQUIRE(network.nodes().size() == 3);
    CHECK(network.node(1).op == "Silu");
    CHECK(network.node(2).op == "Silu");
    CHECK(network.node(2).inputs == std::vector<NodeId>{1});
}

TEST_CASE("to_model: layers where their shapes need another notation") {
    WeightLayer dense;
    dense.weight = std::make_shared<Tensor>(Tensor{{2, 3, 1, 1}, filling(6, 1)});
    dense.bias = {1, 2};
    dense.dense = true;
    CHECK(ops(one({3, 1, 1}, dense, {2})) == "Reshape Gemm");
    dense.dense = false;
    CHECK(ops(one({3}, dense, {2})) == "Reshape Conv Reshape");
    CHECK(ops(one({3, 1}, dense, {2, 1})) == "Conv");
    const Network deep = one({2, 2, 3, 1}, Diagonal{{1, 2, 3, 4}, {0, 0, 0, 0}}, {2, 2, 3, 1});
    CHECK(ops(deep) == "Reshape Scale Reshape");
    const Network back = lower(to_model(deep), {}).network;
    CHECK(std::get<Diagonal>(back.node(2).kind) == std::get<Diagonal>(deep.node(1).kind));
    CHECK(back.box().lower == std::vector<double>(12, -1.0));  // limits per entry: a manifest's channels are the first axis alone
}
