// SPDX-License-Identifier: Apache-2.0
#include "loader_support.hpp"

using qbound::Attribute;
using qbound::LoadOptions;
using qbound::Model;
using qbound::Shape;

TEST_CASE("layer list: a perceptron typed by hand") {
    const Model model = load(R"({"name": "xor", "comment": "by hand",
        "layers": [{"weight": [[1, 1], [1, 1], [0, 1]], "bias": [0, -1, 2], "activation": "relu"}, {"weight": [[1, -2, 3]]}]})");
    CHECK(model.name == "xor");
    CHECK(model.format == "layer-list");
    CHECK_FALSE(model.assumed_chain);
    CHECK(model.inputs[0].name == "input");
    CHECK(model.inputs[0].shape == Shape{1, 2});
    CHECK(model.inputs[0].lower == nullptr);
    CHECK(node_list(model) == Nodes{"layer1:Gemm(input,layer1.weight,layer1.bias)", "layer1.relu:Relu(layer1)",
                                    "layer2:Gemm(layer1.relu,layer2.weight)"});
    CHECK(model.nodes[0].attributes == std::map<std::string, Attribute>{{"transB", std::int64_t{1}}});
    CHECK(model.outputs == Nodes{"layer2"});
    CHECK(model.tensors.at("layer1.weight")->shape == Shape{3, 2});
    CHECK(model.tensors.at("layer1.bias")->data == std::vector<double>{0, -1, 2});
}

TEST_CASE("layer list: convolutions, their geometry and the Flatten before a dense layer") {
    const std::string layers = R"("layers": [
        {"name": "c", "weight": [[[[1]]]], "strides": [2, 2], "pads": [0, 0, 1, 1], "dilations": [1, 1], "group": 1, "activation": "LeakyRelu", "alpha": 0.2},
        {"weight": [[1, 2, 3, 4]], "activation": "none"}])";
    const Model model = load(R"({"input": {"name": "image", "shape": [1, 4, 4], "lower": 0, "upper": 1}, )" + layers + "}");
    CHECK(model.inputs[0].shape == Shape{1, 1, 4, 4});
    CHECK(model.inputs[0].upper->data == std::vector<double>{1});
    CHECK(node_list(model) == Nodes{"c:Conv(image,c.weight)", "c.leakyrelu:LeakyRelu(c)", "layer2.flatten:Flatten(c.leakyrelu)",
                                    "layer2:Gemm(layer2.flatten,layer2.weight)"});
    CHECK(model.nodes[0].attributes ==
          std::map<std::string, Attribute>{
              {"strides", Ints{2, 2}}, {"pads", Ints{0, 0, 1, 1}}, {"dilations", Ints{1, 1}}, {"group", std::int64_t{1}}});
    CHECK(model.nodes[1].attributes == std::map<std::string, Attribute>{{"alpha", 0.2}});

    LoadOptions options;
    options.input_shape = Shape{1, 4, 4};
    CHECK(load("{" + layers + "}", MemorySource(), options).inputs[0].shape == Shape{1, 1, 4, 4});
    check_malformed("{" + layers + "}",
                    "layer 'c': a convolution first, and the file does not say the input's shape; hint: add \"input\": {\"shape\": "
                    "[3,224,224]}, or give --input-shape 3,224,224");

    const Model one_dimension = load(R"({"input": {"shape": [1, 5]}, "layers": [{"weight": [[[1, 2, 3]]]}]})");
    CHECK(node_list(one_dimension) == Nodes{"layer1:Conv(input,layer1.weight)"});
    const Model image_first = load(R"({"input": {"shape": [1, 2, 2]}, "layers": [{"weight": [[1, 2, 3, 4]]}]})");
    CHECK(node_list(image_first) == Nodes{"layer1.flatten:Flatten(input)", "layer1:Gemm(layer1.flatten,layer1.weight)"});
}

TEST_CASE("layer list: activations by any spelling") {
    const std::vector<std::pair<std::string, std::string>> rows{{"relu", "Relu"},
                                                                {"RELU", "Relu"},
                                                                {"leaky_relu", "LeakyRelu"},
                                                                {"hard_swish", "HardSwish"},
                                                                {"HardSigmoid", "HardSigmoid"},
                                                                {"sigmoid", "Sigmoid"},
                                                                {"tanh", "Tanh"},
                                                                {"swish", "Silu"},
                                                                {"silu", "Silu"},
                                                                {"gelu", "Gelu"},
                                                                {"softplus", "Softplus"},
                                                                {"softsign", "Softsign"},
                                                                {"elu", "Elu"},
                                                                {"selu", "Selu"},
                                                                {"erf", "Erf"},
                                                                {"mish", "Mish"},
                                                                {"clip", "Clip"},
                                                                {"softmax", "Softmax"}};
    for (const auto& [written, op] : rows) {
        CAPTURE(written);
        const Model model = load(R"({"layers": [{"weight": [[1]], "activation": ")" + written + R"("}]})");
        REQUIRE(model.nodes.size() == 2);
        CHECK(model.nodes[1].op == op);
    }
    const Model prelu = load(R"({"layers": [{"weight": [[1]], "activation": "prelu", "slope": [0.1]}]})");
    CHECK(node_list(prelu)[1] == "layer1.prelu:PRelu(layer1,layer1.slope)");
    CHECK(load(R"({"layers": [{"weight": [[1]], "activation": "linear"}]})").nodes.size() == 1);
    check_unsupported(R"({"layers": [{"weight": [[1]], "activation": "maxout"}]})",
                      "layer 'layer1': activation 'maxout' is not known; hint: `inspect --operators` lists the operators; 'none' "
                      "is no activation");
}

TEST_CASE("layer list: what is wrong in a layer is named") {
    check_malformed(R"({"layers": [{"bias": [1]}]})", "layer 'layer1': field 'weight' is missing");
    check_malformed(R"({"layers": [{"weight": [[1]]}, 3]})", "field 'layers[1]': an array that mixes numbers and other values");
    check_malformed(R"({"layers": [{"weight": [[1]]}, "x"]})", "layer 2: it is a string, not an object");
    check_malformed(R"({"layers": []})", "field 'layers' is not a list of objects, or is empty");
    check_malformed(R"({"layers": "x"})", "field 'layers' is not a list of objects, or is empty");
    check_malformed(R"({"layers": [{"weight": [1, 2]}]})",
                    "layer 'layer1': field 'weight' has shape 2; 2 dimensions are a dense layer, 3 or 4 a convolution");
    check_malformed(R"({"layers": [{"weight": [[1]], "alpha": 0.1}]})", "layer 'layer1': unknown field 'alpha'");
    check_malformed(R"({"layers": [{"weight": [[1]], "strides": [1, 1]}]})", "layer 'layer1': unknown field 'strides'");
    check_malformed(R"({"layers": [{"weight": [[1]], "activation": "relu", "alpha": 0.1}]})",
                    "layer 'layer1': unknown field 'alpha'");
    check_malformed(R"({"layers": [{"weight": [[1]], "activation": 1}]})",
                    "layer 'layer1': field 'activation' is a number, not a string");
    check_malformed(R"({"layers": [{"weight": "w"}]})",
                    "layer 'layer1': field 'weight' names tensor 'w', which the file does not have");
    check_malformed(R"({"layers": [{"weight": [[1]], "name": "a"}, {"weight": [[1]], "name": "a"}]})",
                    "layer 'a': another layer has the same name");
    check_malformed(R"({"layers": [{"weight": [[1]], "name": ""}]})", "layer 1: field 'name' is empty");
    check_malformed(R"({"layers": [{"weight": [[1]]}], "depth": 1})", "unknown field 'depth'");
}

TEST_CASE("layer list: generated names give way to given ones") {
    const Model model =
        load(R"({"layers": [{"weight": [[1]], "activation": "relu", "name": "a"}, {"weight": [[1]], "name": "a.relu"}]})");
    CHECK(node_list(model) == Nodes{"a:Gemm(input,a.weight)", "a.relu:Relu(a)", "a.relu_:Gemm(a.relu,a.relu.weight)"});
}
