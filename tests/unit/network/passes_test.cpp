// SPDX-License-Identifier: Apache-2.0
// The passes of `lower`, each alone.
#include "network/passes.hpp"

#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

#include <fmt/format.h>

#include <cmath>

using namespace qbound;
using namespace qbound::internal;
using namespace qbound::test;

namespace {

std::vector<std::string> names(const Model& model) {
    std::vector<std::string> result;
    for (const ModelNode& node : model.nodes) {
        result.push_back(node.name);
    }
    return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("nameless nodes are named after their output") {
    ModelBuilder builder({4});
    builder.node("a", "Relu", {"x"}).model.nodes[0].name = "";
    check_connections(builder.model);
    CHECK(names(builder.model) == Names{"a"});
}

TEST_CASE("nodes in order keep their order") {
    ModelBuilder builder({4});
    builder.node("d", "Relu", {"x"}).node("b", "Relu", {"x"}).node("c", "Relu", {"d"}).node("a", "Add", {"b", "c"});
    order_nodes(builder.model);
    CHECK(names(builder.model) == Names{"d", "b", "c", "a"});
}

TEST_CASE("nodes out of order are ordered") {
    ModelBuilder builder({4});
    builder.node("a", "Add", {"b", "c"}).node("c", "Relu", {"d"}).node("b", "Relu", {"x"}).node("d", "Relu", {"x"});
    order_nodes(builder.model);
    CHECK(names(builder.model) == Names{"b", "d", "c", "a"});
}

TEST_CASE("a deep graph needs no deep stack") {
    ModelBuilder builder({1});
    for (int i = 100'000; i > 0; --i) {
        builder.node(fmt::format("n{}", i), "Relu", {i == 1 ? "x" : fmt::format("n{}", i - 1)});
    }
    order_nodes(builder.model);
    CHECK(builder.model.nodes.front().name == "n1");
    CHECK(builder.model.nodes.back().name == "n100000");
}

TEST_CASE("dead nodes are dropped and named") {
    ModelBuilder builder({4});
    builder.node("a", "Relu", {"x"}).node("b", "Sign", {"a"}).node("y", "Relu", {"a"});
    Log log;
    drop_dead_nodes(builder.model, log);
    CHECK(names(builder.model) == Names{"a", "y"});
    CHECK(log.notes == Names{"left out, because the output does not depend on it: node 'b'"});

    ModelBuilder many({4});
    for (int i = 0; i < 7; ++i) {
        many.node(fmt::format("d{}", i), "Relu", {"x"});
    }
    many.node("y", "Relu", {"x"});
    log.notes.clear();
    drop_dead_nodes(many.model, log);
    CHECK(log.notes == Names{"left out, because the output does not depend on them: node 'd0', node 'd1', node 'd2', node 'd3', "
                             "node 'd4' and 2 more"});
}

TEST_CASE("a last Softmax is taken off") {
    ModelBuilder builder({4});
    builder.node("r", "Relu", {"x"}).node("i", "Identity", {"r"}).node("s", "Softmax", {"i"}).node("d", "Dropout", {"s"});
    Log log;
    take_off_softmax(builder.model, log);
    CHECK(names(builder.model) == Names{"r", "i"});
    CHECK(builder.model.outputs == Names{"i"});
    CHECK(log.notes == Names{"Softmax 's' taken off: the output is its input, the logits"});
}

TEST_CASE("a Softmax elsewhere, or none, stays") {
    ModelBuilder builder({4});
    builder.node("s", "Softmax", {"x"}).node("r", "Relu", {"s"});
    Log log;
    take_off_softmax(builder.model, log);
    CHECK(names(builder.model) == Names{"s", "r"});
    ModelBuilder identity({4});
    identity.node("i", "Identity", {"x"});
    take_off_softmax(identity.model, log);
    CHECK(names(identity.model) == Names{"i"});
    CHECK(log.notes.empty());
}

TEST_CASE("normalization folds by the formula of the theory") {
    ModelBuilder builder({2, 1, 1});
    builder.tensor("w", {2, 2, 1, 1}, {1, 2, 3, 4})
        .tensor("b", {2}, {5, 6})
        .tensor("gamma", {2}, {3, 0.1})
        .tensor("beta", {2}, {0.3, -1})
        .tensor("mean", {2}, {0.7, 10})
        .tensor("var", {2}, {2, 0.5})
        .node("c", "Conv", {"x", "w", "b"})
        .node("n", "BatchNormalization", {"c", "gamma", "beta", "mean", "var"}, {{"epsilon", 0.25}});
    const Lowered lowered = builder.lowered();
    CHECK(lowered.folds == Names{"BatchNormalization 'n' into Conv 'c'"});
    CHECK(lowered.notes == Names{"the figures are for the network after folding, in the doubles that folding gave"});
    REQUIRE(lowered.network.nodes().size() == 2);
    CHECK(lowered.network.node(1).name == "c");
    const WeightLayer& layer = lowered.network.layer(0);
    const double s0 = 3 / std::sqrt(2.25);
    const double s1 = 0.1 / std::sqrt(0.75);
    CHECK(layer.weight->data == std::vector<double>{1 * s0, 2 * s0, 3 * s1, 4 * s1});
    const double shift0 = 0.3 - s0 * 0.7;
    const double shift1 = -1 - s1 * 10;
    CHECK(layer.bias == std::vector<double>{5 * s0 + shift0, 6 * s1 + shift1});
    CHECK(builder.model.tensors.at("w")->data == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("normalization stays where its layer has another consumer, or is none") {
    const auto norm = [](ModelBuilder builder, const std::string& input) {
        return builder.tensor("one", {2}, {1, 1}).node("n", "BatchNormalization", {input, "one", "one", "one", "one"});
    };
    ModelBuilder shared({2, 1, 1});
    shared.filled("w", {2, 2, 1, 1}, 1).node("c", "Conv", {"x", "w"});
    shared = norm(shared, "c").node("y", "Add", {"n", "c"});
    CHECK(shared.lowered().folds.empty());
    CHECK(std::holds_alternative<Diagonal>(shared.network().node(2).kind));

    ModelBuilder first({2, 1, 1});
    first = norm(first, "x");
    CHECK(first.lowered().folds.empty());
    CHECK(std::holds_alternative<Diagonal>(first.network().node(1).kind));
}

TEST_CASE("two normalizations fold one after the other") {
    ModelBuilder builder({2, 1, 1});
    builder.filled("w", {2, 2, 1, 1}, 1)
        .tensor("one", {2}, {1, 1})
        .node("c", "Conv", {"x", "w"})
        .node("n", "BatchNormalization", {"c", "one", "one", "one", "one"})
        .node("i", "Identity", {"n"})
        .node("m", "BatchNormalization", {"i", "one", "one", "one", "one"})
        .node("y", "Relu", {"m"});
    const Lowered lowered = builder.lowered();
    CHECK(lowered.folds == Names{"BatchNormalization 'n' into Conv 'c'", "BatchNormalization 'm' into Conv 'c'"});
    CHECK(lowered.network.nodes().size() == 3);
}

TEST_CASE("a shared weight folds twice, each time its own copy") {
    ModelBuilder builder({1});
    builder.tensor("w", {1, 1}, {2})
        .tensor("three", {1}, {3})
        .tensor("zero", {1}, {0})
        .tensor("one", {1}, {1})
        .node("a", "Gemm", {"x", "w"})
        .node("n", "BatchNormalization", {"a", "three", "zero", "zero", "one"}, {{"epsilon", 0.0}})
        .node("y", "Gemm", {"n", "w"});
    const Network network = builder.network();
    CHECK(network.layer(0).weight->data == std::vector<double>{6});
    CHECK(network.layer(1).weight->data == std::vector<double>{2});
}

TEST_CASE("a model that is given up lends its weights") {
    ModelBuilder builder({1, 3, 3});
    builder.filled("w", {2, 1, 2, 2}, 1).node("c", "Conv", {"x", "w"});
    const TensorPtr weight = builder.model.tensors.at("w");
    const Lowered lowered = lower(std::move(builder.model), {});
    CHECK(lowered.network.layer(0).weight == weight);
    CHECK(weight.use_count() == 2);  // here and in the network
}
