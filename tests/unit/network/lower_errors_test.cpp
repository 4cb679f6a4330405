// SPDX-License-Identifier: Apache-2.0
// What `lower` refuses, by exact message.
#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

using namespace qbound;
using namespace qbound::test;

namespace {

std::string error_of(const ModelBuilder& builder) {
    return message_of([&] { (void)builder.lowered(); });
}
ErrorKind kind_of_error(const ModelBuilder& builder) {
    return test::kind_of_error([&] { (void)builder.lowered(); });
}

Attribute ints(Integers values) {
    return values;
}

ModelBuilder conv(std::map<std::string, Attribute> attributes, const Shape& weight = {2, 1, 3, 3}) {
    return ModelBuilder({1, 5, 5}).filled("w", weight, 1).node("c", "Conv", {"x", "w"}, std::move(attributes));
}

ModelBuilder pool(const std::string& op, std::map<std::string, Attribute> attributes) {
    return ModelBuilder({1, 5, 5}).node("p", op, {"x"}, std::move(attributes));
}

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

}  // namespace

TEST_CASE("unsupported operators and attributes are listed at once") {
    ModelBuilder model({4});
    model.filled("w", {4, 4}, 1)
        .node("a", "Sign", {"x"})
        .node("g", "Gemm", {"a", "a"})
        .node("r", "Relu", {"g"}, {{"slope", 1.0}})
        .node("f", "Floor", {"r"});
    CHECK(error_of(model) ==
          "unsupported operators: 'Sign' (node 'a'), 'Gemm' of two computed values (node 'g'), 'Relu' with attribute 'slope' (node "
          "'r'), "
          "'Floor' (node 'f'); hint: `qbound inspect --operators` lists what is supported");
    CHECK(kind_of_error(model) == ErrorKind::unsupported);
}

TEST_CASE("operators refused by name") {
    CHECK(error_of(ModelBuilder({4}).node("t", "ThresholdedRelu", {"x"}, {{"alpha", 1.0}})) ==
          "unsupported operators: 'ThresholdedRelu' (node 't'); hint: ThresholdedRelu is discontinuous, so that no bound exists");
    CHECK(error_of(ModelBuilder({4}).node("s", "Softmax", {"x"}).node("r", "Relu", {"s"})) ==
          "unsupported operators: 'Softmax' (node 's'); hint: Softmax is understood as the last node only");
    ModelBuilder training({4});
    training.tensor("ratio", {}, {0.5}).tensor("yes", {}, {1}).node("d", "Dropout", {"x", "ratio", "yes"});
    CHECK(error_of(training) ==
          "unsupported operators: 'Dropout' with a training_mode that is not constantly false (node 'd'); hint: `qbound inspect "
          "--operators` lists what is supported");
    ModelBuilder norm({4});
    norm.filled("p", {4}, 1).node("n", "BatchNormalization", {"x", "p", "p", "p", "p"}, {{"training_mode", std::int64_t{1}}});
    CHECK(error_of(norm) ==
          "unsupported operators: 'BatchNormalization' with training_mode = 1 (node 'n'); hint: `qbound inspect --operators` lists "
          "what "
          "is supported");
}

TEST_CASE("a graph that is none") {
    CHECK(error_of(ModelBuilder({4}).node("a", "Add", {"x", "b"}).node("b", "Relu", {"a"})) ==
          "node 'a': its output depends on itself (a cycle)");
    CHECK(error_of(ModelBuilder({4}).node("a", "Relu", {"a"})) == "node 'a': its output depends on itself (a cycle)");
    // Also where the output does not need it.
    ModelBuilder dead_cycle({4});
    dead_cycle.node("a", "Relu", {"b"}).node("b", "Relu", {"a"}).node("y", "Relu", {"x"});
    CHECK(error_of(dead_cycle) == "node 'a': its output depends on itself (a cycle)");
    CHECK(error_of(ModelBuilder({4}).node("a", "Relu", {"y"})) ==
          "node 'a': input 'y' is neither an input, a node's output nor a tensor");
    CHECK(error_of(ModelBuilder({4}).node("a", "Relu", {"x"}).node("a", "Relu", {"x"})) ==
          "node 'a_a': its output 'a' is an input or another node's output already");
    CHECK(error_of(ModelBuilder({4}).node("x", "Relu", {"x"})) ==
          "node 'x': its output 'x' is an input or another node's output already");
    CHECK(error_of(ModelBuilder({4}).filled("a", {4}, 1).node("a", "Relu", {"x"})) ==
          "tensor 'a': the input or a node's output has the same name");
    ModelBuilder nowhere({4});
    nowhere.node("a", "Relu", {"x"}).model.outputs = {"z"};
    CHECK(error_of(nowhere) == "output 'z': it is neither the input nor a node's output");
    ModelBuilder silent({4});
    silent.node("a", "Relu", {"x"}).model.nodes[0].outputs.clear();
    CHECK(error_of(silent) == "node 'a': has no output");
    ModelBuilder secondary({1, 4});
    secondary.node("p", "MaxPool", {"x"}, {{"kernel_shape", ints({2})}}).model.nodes[0].outputs.emplace_back("indices");
    secondary.node("r", "Relu", {"indices"});
    CHECK(error_of(secondary) == "node 'r': input 'indices' is a secondary output, which has no meaning here");
}

TEST_CASE("inputs and outputs of the model") {
    ModelBuilder several({4});
    several.node("a", "Relu", {"x"});
    several.model.inputs.push_back({"z", {1, 4}, {}, {}});
    CHECK(error_of(several) ==
          "the model has 2 inputs: 'x', 'z'; hint: choose the one whose box is meant with --input, or an --output that "
          "needs one only");
    CHECK(kind_of_error(several) == ErrorKind::unsupported);
    ModelBuilder outputs({4});
    outputs.node("a", "Relu", {"x"}).model.outputs = {"a", "x"};
    CHECK(error_of(outputs) == "the model has 2 outputs: 'a', 'x'; hint: choose one with --output NAME");
    ModelBuilder none({4});
    none.model.inputs.clear();
    CHECK(error_of(none) == "the model has no input");
    none = ModelBuilder({4});
    none.model.outputs.clear();
    CHECK(error_of(none) == "the model has no output");
    CHECK(error_of(ModelBuilder({})) == "input 'x': shape 1 has no axis beside the batch");
    CHECK(error_of(ModelBuilder({4, 0})) == "input 'x': shape 1x4x0 has no entries");
    CHECK(error_of(ModelBuilder({4, -1})) == "input 'x': shape 1x4x-1 has a negative extent");
    CHECK(error_of(ModelBuilder({kHuge, kHuge})) ==
          "input 'x': shape 1x4611686018427387904x4611686018427387904 has more than 1099511627776 entries");
    ModelBuilder batch({4});
    batch.model.inputs[0].shape = {3, 4};
    CHECK(error_of(batch) == "input 'x': shape 3x4 has a batch of 3; hint: use a batch of 1");
}

TEST_CASE("number of inputs of a node") {
    CHECK(error_of(ModelBuilder({4}).node("r", "Relu", {"x", "x"})) == "node 'r': Relu takes 1 input, not 2");
    CHECK(error_of(ModelBuilder({4}).node("a", "Add", {"x", "x", "x"})) == "node 'a': Add takes 2 inputs, not 3");
    CHECK(error_of(ModelBuilder({4}).node("a", "Add", {"x"})) == "node 'a': the right operand is missing");
    CHECK(error_of(ModelBuilder({1, 4, 4}).node("c", "Conv", {"x", ""})) == "node 'c': the weight is missing");
    CHECK(error_of(ModelBuilder({4}).node("c", "Concat", {})) == "node 'c': the input is missing");
    CHECK(error_of(ModelBuilder({4}).node("c", "Concat", {"x", ""})) == "node 'c': the input is missing");
}

TEST_CASE("names stay on one line") {
    CHECK(error_of(ModelBuilder({4}).node("a\nb", "Relu", {"y"})) ==
          "node 'a\\x0ab': input 'y' is neither an input, a node's output nor a tensor");
}

TEST_CASE("constants") {
    CHECK(error_of(ModelBuilder({1, 4, 4}).node("r", "Relu", {"x"}).node("c", "Conv", {"x", "r"})) ==
          "node 'c': weight is not a constant; hint: fold constants first");
    CHECK(error_of(ModelBuilder({4}).node("r", "Relu", {"x"}).node("c", "Clip", {"x", "", "r"})) ==
          "node 'c': upper limit is not a constant; hint: fold constants first");
    CHECK(error_of(ModelBuilder({4}).filled("k", {4}, 1).node("r", "Relu", {"k"})) == "output 'r': it is a constant");
    CHECK(error_of(ModelBuilder({2}).tensor("w", {2, 2}, {1, 2, kNaN, 4}).node("g", "Gemm", {"x", "w"})) ==
          "node 'g': tensor 'w': value nan at index 2 is not finite");
    CHECK(error_of(ModelBuilder({2}).tensor("w", {2, 2}, {1, 2, 3, -kInf}).node("g", "Gemm", {"x", "w"})) ==
          "node 'g': tensor 'w': value -inf at index 3 is not finite");
    CHECK(error_of(ModelBuilder({2}).tensor("w", {2, 2}, {1, 2, 3}).node("g", "Gemm", {"x", "w"})) ==
          "node 'g': tensor 'w': has 3 values for shape 2x2");
    CHECK(error_of(ModelBuilder({2}).tensor("w", {2, kHuge}, {1}).node("g", "Gemm", {"x", "w"})) ==
          "node 'g': tensor 'w': shape 2x4611686018427387904 has more than 1099511627776 entries");
    ModelBuilder empty({2});
    empty.model.tensors["w"] = nullptr;
    CHECK(error_of(empty.node("g", "Gemm", {"x", "w"})) == "node 'g': tensor 'w': has no data");
}

TEST_CASE("convolutions that do not fit") {
    CHECK(error_of(conv({}, {2, 1, 3})) == "node 'c': weight 'w' has shape 2x1x3 for an input of shape 1x5x5");
    CHECK(error_of(conv({}, {2, 2, 3, 3})) ==
          "node 'c': weight 'w' of shape 2x2x3x3 in 1 groups does not fit an input of 1 channels");
    CHECK(error_of(conv({{"group", std::int64_t{0}}})) == "node 'c': 2 output channels do not split into 0 groups");
    CHECK(error_of(conv({{"group", std::int64_t{-2}}})) == "node 'c': 2 output channels do not split into -2 groups");
    CHECK(error_of(conv({{"group", std::int64_t{2}}})) ==
          "node 'c': weight 'w' of shape 2x1x3x3 in 2 groups does not fit an input of 1 channels");
    CHECK(error_of(conv({{"strides", ints({0, 1})}})) == "node 'c': stride 0 is not in 1..2147483647");
    CHECK(error_of(conv({{"strides", ints({kHuge, 1})}})) == "node 'c': stride 4611686018427387904 is not in 1..2147483647");
    CHECK(error_of(conv({{"dilations", ints({1, kHuge})}})) == "node 'c': dilation 4611686018427387904 is not in 1..2147483647");
    CHECK(error_of(conv({{"dilations", ints({1, 3})}})) == "node 'c': a window of 7 entries is larger than the padded input of 5");
    CHECK(error_of(conv({{"pads", ints({0, 0, kHuge, 0})}})) == "node 'c': padding 4611686018427387904 is not in 0..2147483647");
    CHECK(error_of(conv({{"pads", ints({0, -1, 0, 0})}})) == "node 'c': padding -1 is not in 0..2147483647");
    CHECK(error_of(conv({{"pads", ints({1, 1})}})) == "node 'c': attribute 'pads' has 2 integers instead of 4");
    CHECK(error_of(conv({{"strides", std::int64_t{2}}})) == "node 'c': attribute 'strides' is not a list of integers");
    CHECK(error_of(conv({{"group", 1.5}})) == "node 'c': attribute 'group' is not an integer");
    CHECK(error_of(conv({{"kernel_shape", ints({3, 2})}})) == "node 'c': kernel_shape 3x2 differs from the weight's 3x3");
    CHECK(error_of(conv({{"auto_pad", std::string("SAME")}})) ==
          "node 'c': auto_pad 'SAME' is not NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    CHECK(error_of(conv({{"auto_pad", std::string("VALID")}, {"pads", ints({1, 1, 1, 1})}})) ==
          "node 'c': auto_pad and pads exclude each other");
    CHECK(error_of(conv({}).filled("b", {3}, 1).node("d", "Conv", {"x", "w", "b"})) ==
          "node 'd': bias 'b' has shape 3 instead of 2");
    CHECK(error_of(ModelBuilder({4}).filled("w", {2, 1, 3}, 1).node("c", "Conv", {"x", "w"})) ==
          "node 'c': Conv needs channels and at least one spatial axis; its input is 4");
    const auto cubic = ModelBuilder({1, 4, 4, 4}).filled("w", {2, 1, 3, 3, 3}, 1).node("c", "Conv", {"x", "w"});
    CHECK(error_of(cubic) == "node 'c': Conv over 3 spatial axes; hint: one or two are supported");
    CHECK(kind_of_error(cubic) == ErrorKind::unsupported);
    // 2^31 padding on both axes: 2^62 outputs.
    constexpr std::int64_t kMost = (std::int64_t{1} << 31) - 1;
    CHECK(error_of(conv({{"pads", ints({kMost, kMost, kMost, kMost})}})) ==
          "node 'c': shape 1x2x4294967297x4294967297 has more than 1099511627776 entries");
}

TEST_CASE("dense layers that do not fit") {
    const auto gemm = [](Shape in, const Shape& weight, std::map<std::string, Attribute> attributes = {}) {
        return error_of(ModelBuilder(std::move(in)).filled("w", weight, 1).node("g", "Gemm", {"x", "w"}, std::move(attributes)));
    };
    CHECK(gemm({3}, {2, 3}) == "node 'g': weight 'w' of shape 2x3 takes 2 inputs, not 3");
    CHECK(gemm({2}, {2, 3}, {{"transB", std::int64_t{1}}}) == "node 'g': weight 'w' of shape 2x3 takes 3 inputs, not 2");
    CHECK(gemm({3}, {3}) == "node 'g': weight 'w' has shape 3, not a matrix's");
    CHECK(gemm({2, 2, 2}, {8, 3}) ==
          "node 'g': its input has shape 2x2x2 where a vector is needed; hint: insert a Flatten before it");
    CHECK(gemm({3}, {3, 2}, {{"alpha", kNaN}}) == "node 'g': attribute 'alpha' is not a number");
    CHECK(gemm({3}, {3, 2}, {{"alpha", kInf}}) == "node 'g': attribute 'alpha' is not a finite number");
    CHECK(gemm({3}, {3, 2}, {{"transB", std::int64_t{2}}}) == "node 'g': transB 2 is neither 0 nor 1");
    // α times a weight overflows: found by the network's own check.
    CHECK(error_of(ModelBuilder({1}).tensor("w", {1, 1}, {1e308}).node("g", "Gemm", {"x", "w"}, {{"alpha", 1e10}})) ==
          "node 'g': weight inf at index 0 is not finite");
    CHECK(error_of(ModelBuilder({2}).filled("w", {2, 3}, 1).filled("b", {2}, 1).node("g", "Gemm", {"x", "w", "b"})) ==
          "node 'g': bias 'b' has shape 2 for 3 outputs");
}

TEST_CASE("normalizations that do not fit") {
    const auto norm = [](std::vector<double> variance, double epsilon, Shape shape = {2}) {
        return error_of(ModelBuilder({2, 3, 3})
                            .tensor("p", {2}, {1, 1})
                            .tensor("v", std::move(shape), std::move(variance))
                            .node("n", "BatchNormalization", {"x", "p", "p", "p", "v"}, {{"epsilon", epsilon}}));
    };
    CHECK(norm({1, 0}, 0) == "node 'n': variance 0 + epsilon 0 is not positive in channel 1");
    CHECK(norm({-2, 0}, 1) == "node 'n': variance -2 + epsilon 1 is not positive in channel 0");
    CHECK(norm({1, kNaN}, 1) == "node 'n': tensor 'v': value nan at index 1 is not finite");
    CHECK(norm({1, 1}, kNaN) == "node 'n': attribute 'epsilon' is not a number");
    CHECK(norm({1, 1, 1}, 1, {3}) == "node 'n': variance 'v' has shape 3 for an input of shape 2x3x3");
    CHECK(norm({1}, 1, {1}) == "node 'n': variance 'v' has shape 1 for an input of shape 2x3x3");
    const auto overflowing = ModelBuilder({1})
                                 .tensor("w", {1, 1}, {1e300})
                                 .tensor("one", {1}, {1})
                                 .tensor("s", {1}, {1e300})
                                 .node("g", "Gemm", {"x", "w"})
                                 .node("n", "BatchNormalization", {"g", "s", "one", "one", "one"});
    CHECK(error_of(overflowing) == "node 'n': folding the normalization gives a weight or bias that is not finite");
    CHECK(error_of(ModelBuilder({2, 3, 3}).filled("s", {3}, 1).node("y", "Scale", {"x", "s"})) ==
          "node 'y': scale 's' has shape 3 for an input of shape 2x3x3");
}

TEST_CASE("pools that do not fit") {
    CHECK(error_of(pool("MaxPool", {})) == "node 'p': attribute 'kernel_shape' is missing");
    CHECK(error_of(pool("MaxPool", {{"kernel_shape", ints({2, 2})}, {"pads", ints({2, 0, 0, 0})}})) ==
          "node 'p': pooling window 0 has only padding in it");
    CHECK(error_of(pool("AveragePool",
                        {{"kernel_shape", ints({2, 2})}, {"pads", ints({0, 0, 0, 2})}, {"count_include_pad", std::int64_t{1}}})) ==
          "node 'p': pooling window 5 has only padding in it");
    CHECK(error_of(pool("MaxPool", {{"kernel_shape", ints({0, 2})}})) == "node 'p': kernel extent 0 is not in 1..2147483647");
    CHECK(error_of(pool("MaxPool", {{"kernel_shape", ints({2, 2})}, {"ceil_mode", std::int64_t{2}}})) ==
          "node 'p': ceil_mode 2 is neither 0 nor 1");
    CHECK(error_of(pool("AveragePool", {{"kernel_shape", ints({2, 2})}, {"count_include_pad", std::int64_t{-1}}})) ==
          "node 'p': count_include_pad -1 is neither 0 nor 1");
    // A long axis costs a divisor per window, so its length is bounded.
    CHECK(error_of(ModelBuilder({1, std::int64_t{1} << 40}).node("p", "AveragePool", {"x"}, {{"kernel_shape", ints({1})}})) ==
          "node 'p': a pool with 1099511627776 outputs along one axis; at most 16777216 are supported");
}

TEST_CASE("shapes that do not fit") {
    CHECK(
        error_of(
            ModelBuilder({4, 2}).node("g", "GlobalAveragePool", {"x"}).node("a", "Flatten", {"g"}).node("b", "Add", {"a", "x"})) ==
        "node 'b': shapes 1x4 and 1x4x2 do not fit each other");
    CHECK(error_of(ModelBuilder({4, 2}).node("f", "Flatten", {"x"}).node("c", "Concat", {"x", "f"})) ==
          "node 'c': input 'f' of shape 8 does not fit 4x2 along axis 1");
    CHECK(error_of(ModelBuilder({4}).node("c", "Concat", {"x", "x"}, {{"axis", std::int64_t{2}}})) ==
          "node 'c': axis 2 of an input of rank 2");
    CHECK(error_of(ModelBuilder({4}).node("c", "Concat", {"x", "x"}, {{"axis", std::int64_t{-2}}})) ==
          "node 'c': Concat along the batch axis");
    CHECK(error_of(ModelBuilder({2, 3, 4, 5}).node("c", "Concat", {"x", "x"}, {{"axis", std::int64_t{2}}})) ==
          "node 'c': Concat along axis 2 of rank 5");
    CHECK(error_of(ModelBuilder({4, 2}).node("r", "Reshape", {"x"}, {{"shape", ints({3, -1})}})) ==
          "node 'r': an input of shape 4x2 cannot be reshaped to 3x-1");
    CHECK(error_of(ModelBuilder({4, 2}).node("r", "Reshape", {"x"}, {{"shape", ints({-1, -1})}})) ==
          "node 'r': an input of shape 4x2 cannot be reshaped to -1x-1");
    CHECK(error_of(ModelBuilder({4, 2}).node("r", "Reshape", {"x"}, {{"shape", ints({kHuge, kHuge, 4})}})) ==
          "node 'r': an input of shape 4x2 cannot be reshaped to 4611686018427387904x4611686018427387904x4");
    CHECK(error_of(ModelBuilder({4, 2}).node("r", "Reshape", {"x"})) == "node 'r': has no shape");
    CHECK(error_of(ModelBuilder({4, 2}).tensor("s", {2}, {4, 2.5}).node("r", "Reshape", {"x", "s"})) ==
          "node 'r': input 's' has the entry 2.5, which is not an integer");
    CHECK(error_of(ModelBuilder({4, 2}).node("f", "Flatten", {"x"}, {{"axis", std::int64_t{5}}})) ==
          "node 'f': axis 5 of an input of rank 3");
    CHECK(error_of(ModelBuilder({4, 2}).node("t", "Transpose", {"x"}, {{"perm", ints({0, 1, 1})}})) ==
          "node 't': perm is not a permutation of the axes");
    CHECK(error_of(ModelBuilder({4, 2}).node("t", "Transpose", {"x"}, {{"perm", ints({0})}})) ==
          "node 't': perm has 1 entries for an input of rank 3 (with batch)");
    CHECK(error_of(ModelBuilder({4, 2}).node("t", "Transpose", {"x"}, {{"perm", ints({1, 0, 2})}})) ==
          "node 't': Transpose moves the batch axis");
    CHECK(error_of(ModelBuilder({4, 2}).node("t", "Transpose", {"x"})) ==
          "node 't': perm is missing, which would move the batch axis; hint: give the permutation of all axes");
}

TEST_CASE("pads that do not fit") {
    const auto pad = [](std::map<std::string, Attribute> attributes) {
        return error_of(ModelBuilder({2, 3, 3}).node("p", "Pad", {"x"}, std::move(attributes)));
    };
    CHECK(pad({}) == "node 'p': has no pads");
    CHECK(pad({{"pads", ints({1, 1})}}) == "node 'p': pads has 2 entries for an input of rank 4 (with batch)");
    CHECK(pad({{"pads", ints({1, 0, 0, 0, 0, 0, 0, 0})}}) == "node 'p': Pad along the batch axis");
    CHECK(pad({{"pads", ints({0, 3, 0, 0})}, {"mode", std::string("reflect")}}) ==
          "node 'p': reflecting 3 entries of an axis of extent 3");
    CHECK(pad({{"pads", ints({0, 0, 0, 0})}, {"mode", std::string("mirror")}}) ==
          "node 'p': mode 'mirror' is not constant, edge, reflect or wrap");
    CHECK(pad({{"pads", ints({0, -2, 0, -1})}}) == "node 'p': pads -2 and -1 leave nothing of an axis of extent 3");
    CHECK(pad({{"pads", ints({0, 0, 0, 1})}, {"value", kInf}}) == "node 'p': attribute 'value' is not a finite number");
    CHECK(pad({{"pads", ints({0, 0, 0, 1})}, {"value", kNaN}}) == "node 'p': attribute 'value' is not a number");
    CHECK(pad({{"pads", ints({0, 0, 0, kHuge})}}) == "node 'p': padding 4611686018427387904 is out of range");
    CHECK(pad({{"pads", ints({0, 0, 0, 1 << 30})}}) == "node 'p': its shapes ask for more than 67108864 entries in index tables");
    CHECK(error_of(ModelBuilder({3}).tensor("k", {}, {-kInf}).tensor("n", {2}, {1, 1}).node("p", "Pad", {"x", "n", "k"})) ==
          "node 'p': constant -inf is not finite");
}

TEST_CASE("activations with parameters that make no sense") {
    const auto activation = [](const std::string& op, std::map<std::string, Attribute> attributes) {
        return error_of(ModelBuilder({2, 3}).node("a", op, {"x"}, std::move(attributes)));
    };
    CHECK(activation("Clip", {{"min", 6.0}, {"max", 0.0}}) == "node 'a': the lower Clip limit exceeds the upper one");
    CHECK(activation("Clip", {{"min", kNaN}}) == "node 'a': attribute 'min' is not a number");
    CHECK(activation("Gelu", {{"approximate", std::string("erf")}}) == "node 'a': approximate 'erf' is neither none nor tanh");
    CHECK(activation("Elu", {{"alpha", -1.0}}) == "node 'a': Elu needs alpha >= 0");
    CHECK(error_of(ModelBuilder({2, 3}).filled("s", {3}, 1).node("a", "PRelu", {"x", "s"})) ==
          "node 'a': slope 's' of shape 3 is neither one value nor one per channel of 2x3");
    CHECK(error_of(ModelBuilder({2}).tensor("n", {}, {kNaN}).node("a", "Clip", {"x", "n"})) != "");
    CHECK(error_of(ModelBuilder({2}).tensor("n", {2}, {0, 1}).node("a", "Clip", {"x", "n"})) ==
          "node 'a': lower limit has 2 values");
}

TEST_CASE("sums with constants") {
    CHECK(error_of(ModelBuilder({2, 3}).filled("k", {4}, 1).node("a", "Add", {"x", "k"})) ==
          "node 'a': shapes 1x2x3 and 4 do not fit each other");
    CHECK(error_of(ModelBuilder({2}).tensor("k", {2}, {1, 0}).node("d", "Div", {"x", "k"})) ==
          "node 'd': 'k' has a 0 to divide by");
    CHECK(error_of(ModelBuilder({2}).filled("k", {2}, 1).node("d", "Div", {"k", "x"})) ==
          "unsupported operators: 'Div' with a computed divisor (node 'd'); hint: `qbound inspect --operators` lists what is "
          "supported");
    CHECK(error_of(ModelBuilder({2}).filled("k", {2}, 1).node("a", "Add", {"k", "k"})) == "output 'a': it is a constant");
}

TEST_CASE("small files cannot ask for large tables") {
    const Shape wide{std::int64_t{1} << 40};
    CHECK(error_of(ModelBuilder(wide).tensor("s", {}, {2}).node("y", "Scale", {"x", "s"})) ==
          "node 'y': its shapes ask for more than 67108864 entries in index tables");
    CHECK(error_of(ModelBuilder(wide).node("y", "Relu", {"x"})) ==
          "input 'x': 1099511627776 channels; at most 67108864 are supported");
    CHECK(error_of(ModelBuilder({std::int64_t{1} << 20, std::int64_t{1} << 20})
                       .node("y", "Transpose", {"x"}, {{"perm", ints({0, 2, 1})}})) ==
          "node 'y': its shapes ask for more than 67108864 entries in index tables");
}

TEST_CASE("constants that could be folded wrongly are refused") {
    // The alignment of opset 6 and the rank that a constant can add.
    ModelBuilder aligned({2, 2});
    aligned.model.opset = 6;
    aligned.filled("a", {2, 2}, 1)
        .filled("b", {2}, 2)
        .node("m", "Mul", {"a", "b"}, {{"axis", std::int64_t{0}}, {"broadcast", std::int64_t{1}}});
    aligned.node("y", "Mul", {"x", "m"});
    CHECK(error_of(aligned) == "node 'm': attribute 'axis' of Mul on constants");
    ModelBuilder ranked({1, 2, 3});
    ranked.model.batch_axis_optional = false;
    ranked.tensor("c", {1, 1, 1, 1, 1}, {2})
        .node("m", "Mul", {"x", "c"})
        .node("y", "ReduceMean", {"m"}, {{"axes", ints({3})}, {"keepdims", std::int64_t{0}}});
    CHECK(ranked.network().node(ranked.network().output()).shape == Shape{1, 1, 3});  // of 1x1x1x2x3, the 2 gone
    CHECK(error_of(ModelBuilder({2}).tensor("c", {1, 1, 1}, {0}).node("m", "Max", {"x", "c"})) ==
          "node 'm': a limit of shape 1x1x1");
}
