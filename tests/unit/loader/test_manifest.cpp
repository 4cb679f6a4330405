// SPDX-License-Identifier: Apache-2.0
#include "loader_support.hpp"

using qbound::Attribute;
using qbound::LoadOptions;
using qbound::Model;
using qbound::Shape;

namespace {

/// A manifest around `nodes`, with a 1×2×2 input x and the tensors w (1×1×1×1), v (1) and m (1×4).
std::string manifest(const std::string& nodes, const std::string& more = "") {
    return R"({"format": "qbound-network", "version": 1, "input": {"name": "x", "shape": [1, 2, 2], "lower": 0, "upper": 1},
               "output": "y", "nodes": [)" +
           nodes + R"(], "tensors": {"w": [[[[2]]]], "v": {"shape": [1], "data": [0.5]}, "m": {"npy": "folder/m.npy"}})" + more +
           "}";
}

const MemorySource& files() {
    static const MemorySource source({{"folder/m.npy", text_of(qbound::write_npy({{1, 4}, {1, 2, 3, 4}}))},
                                      {"nan.npy", text_of(qbound::write_npy({{2}, {1, std::numeric_limits<double>::quiet_NaN()}}))},
                                      {"inf.npy", text_of(qbound::write_npy({{1}, {-std::numeric_limits<double>::infinity()}}))},
                                      {"broken.npy", "\x93NUMPY\x01"}});
    return source;
}

Model load_nodes(const std::string& nodes) {
    return load(manifest(nodes), files());
}

void check_manifest(const std::string& nodes, const std::string& message) {
    check_malformed(manifest(nodes), message, files());
}

/// A document whose "tensors" has `tensor` as "t" beside a node that works.
std::string with_tensor(const std::string& tensor) {
    return R"({"format": "qbound-network", "version": 1, "input": {"name": "x", "shape": [1]}, "output": "y",
               "nodes": [{"name": "y", "op": "Relu", "inputs": ["x"]}], "tensors": {"t": )" +
           tensor + "}}";
}

std::string with_input(const std::string& input) {
    return R"({"format": "qbound-network", "version": 1, "output": "y", "nodes": [{"name": "y", "op": "Relu", "inputs": ["x"]}],
               "input": )" +
           input + "}";
}

}  // namespace

TEST_CASE("manifest: the whole of a small network") {
    const Model model = load(R"({
      "tensors": { "c1.w": {"npy": "folder/m.npy"}, "c1.b": {"shape": [1], "data": [5]}, "fc.w": [[1, 2], [3, 4]] },
      "comment": {"anything": ["x", null]},
      "nodes": [
        {"name": "c1", "op": "Conv", "inputs": ["x"], "weight": "c1.w", "bias": "c1.b", "strides": [1, 1], "pads": [2, 2, 2, 2],
         "dilations": [1, 1], "group": 1},
        {"name": "fc", "op": "Gemm", "inputs": ["c1"], "weight": "fc.w", "bias": [7, 8]} ],
      "output": "fc", "input": { "name": "x", "shape": [1, 28, 28], "lower": 0, "upper": 1 },
      "format": "qbound-network", "version": 1, "name": "lenet" })",
                             files());
    CHECK(model.name == "lenet");
    CHECK(model.format == "manifest");
    CHECK_FALSE(model.assumed_chain);
    CHECK(model.notes.empty());
    REQUIRE(model.inputs.size() == 1);
    CHECK(model.inputs[0].name == "x");
    CHECK(model.inputs[0].shape == Shape{1, 1, 28, 28});
    CHECK(model.inputs[0].lower->shape.empty());
    CHECK(model.inputs[0].upper->data == std::vector<double>{1});
    CHECK(model.outputs == Nodes{"fc"});
    CHECK(node_list(model) == Nodes{"c1:Conv(x,c1.w,c1.b)", "fc:Gemm(c1,fc.w,fc.bias)"});
    CHECK(model.nodes[0].outputs == Nodes{"c1"});
    CHECK(model.nodes[0].attributes ==
          std::map<std::string, Attribute>{
              {"strides", Ints{1, 1}}, {"pads", Ints{2, 2, 2, 2}}, {"dilations", Ints{1, 1}}, {"group", std::int64_t{1}}});
    CHECK(model.nodes[1].attributes == std::map<std::string, Attribute>{{"transB", std::int64_t{1}}});
    CHECK(model.tensors.at("c1.w")->shape == Shape{1, 4});
    CHECK(model.tensors.at("c1.b")->data == std::vector<double>{5});
    CHECK(model.tensors.at("fc.w")->shape == Shape{2, 2});
    CHECK(model.tensors.at("fc.bias")->data == std::vector<double>{7, 8});
}

TEST_CASE("manifest: every operator with its fields") {
    using Attributes = std::map<std::string, Attribute>;
    struct Row {
        std::string fields;  // after "name" and "inputs"
        std::string node;
        Attributes attributes;
    };
    const std::int64_t one = 1;
    const std::vector<Row> rows{
        {R"("op": "Conv", "weight": "w", "kernel_shape": [1, 1], "auto_pad": "SAME_UPPER")",
         "y:Conv(x,w)",
         {{"kernel_shape", Ints{1, 1}}, {"auto_pad", std::string("SAME_UPPER")}}},
        {R"("op": "Gemm", "weight": "m", "bias": null, "transB": 1, "transA": 0, "alpha": 1, "beta": 1.0)",
         "y:Gemm(x,m)",
         {{"transB", one}}},
        {R"("op": "BatchNormalization", "scale": "v", "bias": [1], "mean": "v", "var": "v", "epsilon": 0.001)",
         "y:BatchNormalization(x,v,y.bias,v,v)",
         {{"epsilon", 0.001}}},
        {R"("op": "Scale", "scale": 2, "shift": "v")", "y:Scale(x,y.scale,v)", {}},
        {R"("op": "Scale", "scale": "v")", "y:Scale(x,v)", {}},
        {R"("op": "Concat")", "y:Concat(x)", {{"axis", one}}},
        {R"("op": "Concat", "axis": -1)", "y:Concat(x)", {{"axis", std::int64_t{-1}}}},
        {R"("op": "MaxPool", "kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 1, 1], "dilations": [1, 1], "ceil_mode": true)",
         "y:MaxPool(x)",
         {{"kernel_shape", Ints{2, 2}},
          {"strides", Ints{2, 2}},
          {"pads", Ints{0, 0, 1, 1}},
          {"dilations", Ints{1, 1}},
          {"ceil_mode", one}}},
        {R"("op": "AveragePool", "kernel_shape": [2.0, 2], "count_include_pad": 1, "ceil_mode": 1)",
         "y:AveragePool(x)",
         {{"kernel_shape", Ints{2, 2}}, {"count_include_pad", one}, {"ceil_mode", one}}},
        {R"("op": "GlobalAveragePool")", "y:GlobalAveragePool(x)", {}},
        {R"("op": "Flatten", "axis": 1)", "y:Flatten(x)", {{"axis", one}}},
        {R"("op": "Reshape", "shape": [0, -1])", "y:Reshape(x)", {{"shape", Ints{0, -1}}}},
        {R"("op": "Transpose", "perm": [0, 2, 3, 1])", "y:Transpose(x)", {{"perm", Ints{0, 2, 3, 1}}}},
        {R"("op": "Pad", "pads": [0, 0, 1, 1, 0, 0, 1, 1], "mode": "constant", "value": 0)",
         "y:Pad(x)",
         {{"pads", Ints{0, 0, 1, 1, 0, 0, 1, 1}}, {"mode", std::string("constant")}, {"value", 0.0}}},
        {R"("op": "Identity")", "y:Identity(x)", {}},
        {R"("op": "Dropout", "ratio": 0.5)", "y:Dropout(x)", {{"ratio", 0.5}}},
        {R"("op": "Softmax", "axis": 1)", "y:Softmax(x)", {{"axis", one}}},
        {R"("op": "Relu")", "y:Relu(x)", {}},
        {R"("op": "Clip", "min": 0, "max": 6)", "y:Clip(x)", {{"min", 0.0}, {"max", 6.0}}},
        {R"("op": "LeakyRelu", "alpha": 0.1)", "y:LeakyRelu(x)", {{"alpha", 0.1}}},
        {R"("op": "PRelu", "slope": [0.25])", "y:PRelu(x,y.slope)", {}},
        {R"("op": "Sigmoid")", "y:Sigmoid(x)", {}},
        {R"("op": "Tanh")", "y:Tanh(x)", {}},
        {R"("op": "HardSwish")", "y:HardSwish(x)", {}},
        {R"("op": "HardSigmoid", "alpha": 0.2, "beta": 0.5)", "y:HardSigmoid(x)", {{"alpha", 0.2}, {"beta", 0.5}}},
        {R"("op": "Silu")", "y:Silu(x)", {}},
        {R"("op": "Gelu", "approximate": "tanh")", "y:Gelu(x)", {{"approximate", std::string("tanh")}}},
        {R"("op": "Softplus")", "y:Softplus(x)", {}},
        {R"("op": "Softsign")", "y:Softsign(x)", {}},
        {R"("op": "Elu", "alpha": 1)", "y:Elu(x)", {{"alpha", 1.0}}},
        {R"("op": "Selu", "alpha": 1.67, "gamma": 1.05)", "y:Selu(x)", {{"alpha", 1.67}, {"gamma", 1.05}}},
        {R"("op": "Erf")", "y:Erf(x)", {}},
        {R"("op": "Mish")", "y:Mish(x)", {}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.fields);
        const Model model = load_nodes(R"({"name": "y", "inputs": ["x"], )" + row.fields + "}");
        CHECK(node_list(model) == Nodes{row.node});
        CHECK(model.nodes[0].attributes == row.attributes);
    }
    CHECK(node_list(load_nodes(R"({"name": "y", "op": "Add", "inputs": ["x", "x"]})")) == Nodes{"y:Add(x,x)"});
    CHECK(node_list(load_nodes(R"({"name": "y", "op": "Sub", "inputs": ["x", "v"]})")) == Nodes{"y:Sub(x,v)"});
}

TEST_CASE("manifest: operators that are not known are kept for lower to list") {
    const Model model =
        load_nodes(R"({"name": "y", "op": "LSTM", "inputs": ["x"], "hidden_size": 3, "clip": 0.5, "direction": "forward",
                                       "activation_alpha": [0.5, 1], "sizes": [1, 2], "strange": {"a": 1}})");
    CHECK(node_list(model) == Nodes{"y:LSTM(x)"});
    CHECK(model.nodes[0].attributes == std::map<std::string, Attribute>{{"hidden_size", std::int64_t{3}},
                                                                        {"clip", 0.5},
                                                                        {"direction", std::string("forward")},
                                                                        {"activation_alpha", std::vector<double>{0.5, 1}},
                                                                        {"sizes", Ints{1, 2}}});
}

TEST_CASE("manifest: nodes that do not say what they must, or say more, are refused") {
    const std::string relu = R"({"name": "y", "op": "Relu", "inputs": ["x"]})";
    check_manifest(R"({"op": "Relu", "inputs": ["x"]})", "node 0: it has no name");
    check_manifest(relu + R"(, {"name": "", "op": "Relu"})", "node 1: it has no name");
    check_manifest(R"({"name": "y", "inputs": ["x"]})", "node 'y': it has no operator (field 'op')");
    check_manifest(R"({"name": 3, "op": "Relu"})", "node 0: field 'name' is a number, not a string");
    check_manifest(R"("y")", "node 0: it is a string, not an object");
    check_manifest("", "field 'nodes' is not a list of objects, or is empty");
    check_manifest(relu + "," + relu, "node 'y': another node or the input has the same name");
    check_manifest(R"({"name": "x", "op": "Relu", "inputs": ["x"]})", "node 'x': another node or the input has the same name");
    check_manifest(R"({"name": "w", "op": "Relu", "inputs": ["x"]})", "tensor 'w': a node or the input has the same name");
    check_manifest(R"({"name": "y", "op": "Relu", "inputs": []})", "node 'y': Relu takes 1 input, not 0");
    check_manifest(R"({"name": "y", "op": "Relu"})", "node 'y': Relu takes 1 input, not 0");
    check_manifest(R"({"name": "y", "op": "Add", "inputs": ["x"]})", "node 'y': Add takes 2 inputs, not 1");
    check_manifest(R"({"name": "y", "op": "Concat", "inputs": []})", "node 'y': Concat takes 1 or more inputs, not 0");
    check_manifest(R"({"name": "y", "op": "Relu", "inputs": "x"})", "node 'y': field 'inputs' is not a list of strings");
    check_manifest(R"({"name": "y", "op": "Relu", "inputs": [null]})", "node 'y': field 'inputs' is not a list of strings");
    check_manifest(R"({"name": "y", "op": "Relu", "inputs": ["x"], "alpha": 0})",
                   "node 'y': unknown field 'alpha'; hint: Relu does not have it");
    check_manifest(R"({"name": "y", "op": "Gemm", "inputs": ["x"], "weight": "m", "strides": [1]})",
                   "node 'y': unknown field 'strides'; hint: Gemm does not have it");
    check_manifest(R"({"name": "y", "op": "Gemm", "inputs": ["x"], "weight": "m", "transB": 0})",
                   "node 'y': field 'transB' can only be 1 here");
    check_manifest(R"({"name": "y", "op": "Gemm", "inputs": ["x"], "weight": "m", "alpha": 0.5})",
                   "node 'y': field 'alpha' can only be 1 here");
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"], "weight": "w", "group": 1.5})",
                   "node 'y': field 'group' is not an integer");
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"], "weight": "w", "pads": [0, 0.5]})",
                   "node 'y': field 'pads' is not a list of integers");
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"], "weight": "w", "pads": [[0]]})",
                   "node 'y': field 'pads' is not a list of integers");
    check_manifest(R"({"name": "y", "op": "LeakyRelu", "inputs": ["x"], "alpha": "0.1"})",
                   "node 'y': field 'alpha' is a string, not a number");
}

TEST_CASE("manifest: tensors that are missing or broken are refused") {
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"]})", "node 'y': field 'weight' is missing");
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"], "weight": null})", "node 'y': field 'weight' is null");
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"], "weight": "nothing"})",
                   "node 'y': field 'weight' names tensor 'nothing', which the file does not have");
    check_manifest(R"({"name": "y", "op": "Conv", "inputs": ["x"], "weight": true})",
                   "node 'y': field 'weight': a tensor is a boolean, not an array, {\"npy\": …} or {\"shape\": …, \"data\": …}");
    check_manifest(R"({"name": "y", "op": "Gemm", "inputs": ["x"], "weight": {"npy": "broken.npy"}})",
                   "node 'y': field 'weight': broken.npy: NPY file ends at byte 7 within its header");

    const auto check = [](const std::string& tensor, const std::string& message) {
        check_malformed(with_tensor(tensor), message, files());
    };
    check(R"({"npy": "gone.npy"})", "tensor 't': gone.npy: no such file");
    check(R"({"npy": "broken.npy"})", "tensor 't': broken.npy: NPY file ends at byte 7 within its header");
    check(R"({"npy": "nan.npy"})", "tensor 't': entry 1 is NaN");
    check(R"({"npy": "inf.npy"})", "tensor 't': entry 0 is infinite");
    check(R"({"npy": "folder/m.npy", "shape": [4]})", "tensor 't': unknown field 'shape'");
    check(R"({"npy": 3})", "tensor 't': field 'npy' is a number, not a string");
    check(R"([])", "tensor 't': the tensor is empty (shape 0)");
    check(R"("t")", "tensor 't': a tensor is a string, not an array, {\"npy\": …} or {\"shape\": …, \"data\": …}");
    check(R"({"data": [1]})", "tensor 't': field 'shape' is missing");
    check(R"({"shape": [1]})", "tensor 't': field 'data' is missing; hint: a manifest of shapes alone is for --topology");
    check(R"({"shape": [2, 3], "data": [1, 2, 3, 4, 5]})", "tensor 't': shape 2x3 takes 6 entries, data have 5");
    check(R"({"shape": [-1], "data": [1]})", "tensor 't': shape -1 has a negative extent");
    check(R"({"shape": [4294967296, 4294967296], "data": [1]})",
          "tensor 't': shape 4294967296x4294967296 has more than 1099511627776 entries");
    check(R"({"shape": [0.5], "data": [1]})", "tensor 't': field 'shape' is not a list of integers");
    check(R"({"shape": [1], "data": "1"})", "tensor 't': field 'data' is a string, not an array of numbers");
    check(R"([1, 1e999])", "field 'tensors.t': number 1e999 is infinite as a double");
    check(R"([[1], [2, 3]])", "field 'tensors.t': ragged array: a row of 2 among rows of 1");
    check(R"(1, "t": 2)", "field 'tensors': key 't' is twice in one object");
}

TEST_CASE("manifest: npy paths stay in the folder") {
    const auto check = [](const std::string& path, const std::string& shown, const std::string& reason) {
        check_malformed(with_tensor("{\"npy\": \"" + path + "\"}"),
                        "tensor 't': npy path '" + shown + "' " + reason +
                            "; hint: paths are relative to the model file and stay in its folder",
                        files());
    };
    check("", "", "is empty");
    check("/etc/passwd", "/etc/passwd", "is absolute");
    check("../m.npy", "../m.npy", "leaves the folder of the model file");
    check("folder/../../m.npy", "folder/../../m.npy", "leaves the folder of the model file");
    check("folder/..", "folder/..", "leaves the folder of the model file");
    check("folder\\\\m.npy", "folder\\m.npy", "has a backslash");
    check("folder//m.npy", "folder//m.npy", "has an empty component");
    check("folder/", "folder/", "has an empty component");
    check("a\\u0000b", "a?b", "has a control character");
    CHECK(load(with_tensor(R"({"npy": "folder/m.npy"})"), files()).tensors.at("t")->shape == Shape{1, 4});
}

TEST_CASE("manifest: the input's shape and box") {
    const Model channels = load(
        with_input(R"({"name": "x", "shape": [2, 3], "lower": [-1, -2], "upper": {"shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]}})"));
    CHECK(channels.inputs[0].shape == Shape{1, 2, 3});
    CHECK(channels.inputs[0].lower->shape == Shape{2});
    CHECK(channels.inputs[0].upper->shape == Shape{2, 3});
    CHECK(load(with_input(R"({"name": "x", "shape": [1, 4], "lower": {"npy": "folder/m.npy"}, "upper": 9})"), files())
              .inputs[0]
              .lower->data == std::vector<double>{1, 2, 3, 4});
    CHECK(load(with_input(R"({"shape": [3]})")).inputs[0].lower == nullptr);
    CHECK(load(with_input(R"({"shape": [3]})")).inputs[0].name == "input");

    const auto check = [](const std::string& input, const std::string& message) {
        check_malformed(with_input(input), message, files());
    };
    check("3", "input: it is a number, not an object");
    check(R"({"name": "x"})", "input 'x': field 'shape' is missing");
    check(R"({"name": "", "shape": [1]})", "input: field 'name' is empty");
    check(R"({"name": "x", "shape": []})", "input 'x': input shape scalar is not a list of positive extents");
    check(R"({"name": "x", "shape": [3, 0]})", "input 'x': input shape 3x0 is not a list of positive extents");
    check(R"({"name": "x", "shape": [3, -2]})", "input 'x': input shape 3x-2 is not a list of positive extents");
    check(R"({"name": "x", "shape": [2097152, 2097152]})", "input 'x': shape 2097152x2097152 has more than 1099511627776 entries");
    check(R"({"name": "x", "shape": [1], "lower": 0})", "input 'x': field 'upper' is missing");
    check(R"({"name": "x", "shape": [1], "upper": 0})", "input 'x': field 'lower' is missing");
    check(R"({"name": "x", "shape": [2, 3], "lower": [1, 2, 3], "upper": 1})",
          "input 'x': lower: shape 3 is neither one number, nor one per channel (2), nor the input's shape 2x3");
    check(R"({"name": "x", "shape": [2], "lower": {"npy": "nan.npy"}, "upper": 1})", "input 'x': lower: entry 1 is NaN");
    check(R"({"name": "x", "shape": [2], "lower": 0, "upper": {"npy": "inf.npy"}})", "input 'x': upper: entry 0 is infinite");
    check(R"({"name": "x", "shape": [2], "layout": "NCHW"})", "input 'x': unknown field 'layout'");
}

TEST_CASE("manifest: top-level fields") {
    const auto document = [](const std::string& begin) {
        return "{" + begin +
               R"("input": {"name": "x", "shape": [1]}, "output": "y", "nodes": [{"name": "y", "op": "Relu", "inputs": ["x"]}]})";
    };
    check_malformed(document(""), "field 'format' is missing");
    check_malformed(document(R"("format": "other", "version": 1, )"), "field 'format' is 'other', not 'qbound-network'");
    check_malformed(document(R"("format": 3, )"), "field 'format' is a number, not a string");
    check_malformed(document(R"("format": "qbound-network", )"), "field 'version' is missing");
    check_malformed(document(R"("format": "qbound-network", "version": 2, )"), "field 'version' is 2; this qbound reads version 1");
    check_malformed(document(R"("format": "qbound-network", "version": 1, "quantization": 8, )"), "unknown field 'quantization'");
    check_malformed(document(R"("format": "qbound-network", "version": 1, "tensors": [1], )"),
                    "field 'tensors' is an array of numbers, not an object");
    check_malformed(R"({"format": "qbound-network", "version": 1})", "field 'input' is missing");
    check_malformed(R"({"format": "qbound-network", "version": 1, "input": {"shape": [1]}})", "field 'output' is missing");
    check_malformed(R"({"format": "qbound-network", "version": 1, "input": {"shape": [1]}, "output": "y"})",
                    "field 'nodes' is missing");
}

TEST_CASE("manifest: options of weight dumps are noted, not followed") {
    LoadOptions options;
    options.input_shape = Shape{9};
    const Model model = load(with_input(R"({"name": "x", "shape": [3]})"), files(), options);
    CHECK(model.inputs[0].shape == Shape{1, 3});
    CHECK(model.notes == Nodes{"--order, --input-shape and --topology are for weight dumps; this manifest says all that itself"});
}
