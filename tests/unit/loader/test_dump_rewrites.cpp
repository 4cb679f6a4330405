// SPDX-License-Identifier: Apache-2.0
// Weight dumps whose tensors are not the weights themselves.
#include "unit/loader/loader_support.hpp"

#include <algorithm>

using namespace qbound;

namespace {

bool has_note(const Model& model, const std::string& note) {
    return std::ranges::find(model.notes, note) != model.notes.end();
}

}  // namespace

TEST_CASE("weight norm is multiplied out") {
    const Model old = load(R"({"fc.weight_g": [[10], [2]], "fc.weight_v": [[3, 4], [0, 1]], "fc.bias": [1, 2]})");
    CHECK(old.tensors.at("fc.weight")->data == std::vector<double>{6, 8, 0, 2});
    CHECK(has_note(old, "weight norm multiplied out, in double: 'fc.weight'"));
    const Model current = load(R"({"fc.parametrizations.weight.original0": [[10], [2]],
                                   "fc.parametrizations.weight.original1": [[3, 4], [0, 1]]})");
    CHECK(current.tensors.at("fc.weight")->data == std::vector<double>{6, 8, 0, 2});
    check_malformed(R"({"fc.weight_g": [[1], [2], [3]], "fc.weight_v": [[3, 4], [0, 1]]})",
                    "tensor 'fc.weight_g': its weight norm has 3 magnitudes for shape 2x2");
}

TEST_CASE("spectral norm is divided out") {
    // u·W·v = 1·(2·1 + 4·0) + 0 = 2
    const Model old = load(R"({"fc.weight_orig": [[2, 4], [6, 8]], "fc.weight_u": [1, 0], "fc.weight_v": [1, 0]})");
    CHECK(old.tensors.at("fc.weight")->data == std::vector<double>{1, 2, 3, 4});
    CHECK(has_note(old, "spectral norm divided out, in double, with the stored vectors: 'fc.weight'"));
    const Model current = load(R"({"fc.parametrizations.weight.original": [[2, 4], [6, 8]],
                                   "fc.parametrizations.weight.0._u": [1, 0], "fc.parametrizations.weight.0._v": [1, 0]})");
    CHECK(current.tensors.at("fc.weight")->data == std::vector<double>{1, 2, 3, 4});
    check_unsupported(
        R"({"fc.parametrizations.weight.original": [[2, 4]]})",
        "tensor 'fc.parametrizations.weight.original': a parametrization that is neither a weight norm nor a spectral norm; "
        "hint: describe the network in a manifest or as ONNX");
}

TEST_CASE("pruning masks are multiplied in") {
    const Model model = load(
        R"({"fc.weight_orig": [[2, 4], [6, 8]], "fc.weight_mask": [[1, 0], [0, 1]], "fc.bias_orig": [5, 6], "fc.bias_mask": [0, 1]})");
    CHECK(model.tensors.at("fc.weight")->data == std::vector<double>{2, 0, 0, 8});
    CHECK(model.tensors.at("fc.bias")->data == std::vector<double>{0, 6});
    CHECK(has_note(model, "pruning mask multiplied in: 'fc.weight' and 1 more"));
}

TEST_CASE("quantization observers are left out") {
    const Model model =
        load(R"({"fc.weight": [[1, 2]], "fc.activation_post_process.min_val": [0], "fc.weight_fake_quant.scale": [0.1],
                                 "quant.scale": [0.5], "quant.zero_point": [3]})");
    CHECK(model.tensors.size() == 1);
    CHECK(has_note(model, "quantization observers left out: 'fc.activation_post_process.min_val' and 3 more"));
}

TEST_CASE("kernels with their channels last") {
    // A Keras network: 1×2 convolution of 1 channel to 2, then a dense layer on the image flattened with channels fastest.
    LoadOptions options;
    options.input_shape = Shape{1, 1, 2};
    const Model keras = load(R"({"conv/kernel:0": [[[[1, 2]], [[3, 4]]]], "conv/bias:0": [0, 0],
                                 "dense/kernel:0": [[1, 5], [2, 6], [3, 7], [4, 8]], "dense/bias:0": [0, 0]})",
                             MemorySource(), options);
    CHECK(keras.tensors.at("conv/weight")->shape == Shape{2, 1, 1, 2});
    CHECK(keras.tensors.at("conv/weight")->data == std::vector<double>{1, 3, 2, 4});
    CHECK(keras.tensors.at("dense/weight")->data == std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(has_note(keras, "2 kernels with their channels last transposed to channels first"));
    const auto transpose = std::ranges::find(keras.nodes, "Transpose", &ModelNode::op);
    REQUIRE(transpose != keras.nodes.end());
    CHECK(std::get<std::vector<std::int64_t>>(transpose->attributes.at("perm")) == std::vector<std::int64_t>{0, 2, 3, 1});
    LoadOptions ordered;
    ordered.order = {"Dense_0", "BatchNorm_0"};
    // Flax: collections in front, other names for BatchNormalization.
    const Model flax =
        load(R"({"params/Dense_0/kernel": [[1, 2]], "params/BatchNorm_0/scale": [1, 1], "params/BatchNorm_0/bias": [0, 0],
                                "batch_stats/BatchNorm_0/mean": [3, 4], "batch_stats/BatchNorm_0/var": [5, 6]})",
             MemorySource(), ordered);
    CHECK(flax.tensors.at("Dense_0/weight")->shape == Shape{2, 1});
    CHECK(flax.tensors.at("BatchNorm_0/running_var")->data == std::vector<double>{5, 6});
    options.input_shape = Shape{2, 1, 1};
    const Model depthwise = load(R"({"d/depthwise_kernel": [[[[1, 2], [3, 4]]]]})", MemorySource(), options);
    CHECK(depthwise.tensors.at("d/depthwise.weight")->shape == Shape{4, 1, 1, 1});
    CHECK(depthwise.tensors.at("d/depthwise.weight")->data == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("what only looks like a layer is refused by name") {
    const std::string hint = "; hint: describe the network in a manifest or as ONNX";
    check_unsupported(R"({"a.in_proj_weight": [[1]], "fc.weight": [[1]]})",
                      "tensor 'a.in_proj_weight': attention is not supported" + hint);
    check_unsupported(R"({"rnn.weight_ih_l0": [[1]]})", "tensor 'rnn.weight_ih_l0': recurrent layers are not supported" + hint);
    check_unsupported(R"({"embedding.weight": [[1]]})", "tensor 'embedding.weight': an embedding is not supported" + hint);
    check_unsupported(R"({"fc._packed_params": [1]})",
                      "tensor 'fc._packed_params': packed parameters of a quantized module" + hint);
    check_unsupported(
        R"({"norm.weight": [1, 1], "norm.bias": [0, 0], "fc.weight": [[1, 1]]})",
        "tensor 'norm.weight': a weight and bias per channel without running statistics (LayerNorm, GroupNorm, InstanceNorm?); "
        "hint: describe the network in a manifest");
    check_unsupported(
        R"({"act.weight": [0.25], "fc.weight": [[1, 1]]})",
        "tensor 'act.weight': a weight per channel alone (slopes of PRelu, a scale?); hint: describe the network in a manifest");
}
