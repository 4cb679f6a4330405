// SPDX-License-Identifier: Apache-2.0
#include "loader/weight_dump.hpp"

#include "zip_support.hpp"

using qbound::Attribute;
using qbound::ErrorKind;
using qbound::load_npy_folder;
using qbound::LoadOptions;
using qbound::Model;
using qbound::Shape;
using qbound::Tensor;

namespace {

const std::string kAssumed = "topology assumed: a chain with Relu between the layers, convolutions of stride 1 that keep the size";

/// JSON for a tensor of the shape, every entry 1.
std::string ones(const Shape& shape, std::size_t axis = 0) {
    if (axis == shape.size()) {
        return "1";
    }
    std::string text = "[";
    for (std::int64_t i = 0; i < shape[axis]; ++i) {
        text += (i == 0 ? "" : ",") + ones(shape, axis + 1);
    }
    return text + "]";
}

/// A dump of tensors of ones.
std::string dump(const std::vector<std::pair<std::string, Shape>>& tensors) {
    std::string text = "{";
    for (const auto& [name, shape] : tensors) {
        text += (text.size() == 1 ? "\"" : ",\"") + name + "\":" + ones(shape);
    }
    return text + "}";
}

LoadOptions with_input(Shape shape, std::vector<std::string> order = {}) {
    LoadOptions options;
    options.input_shape = std::move(shape);
    options.order = std::move(order);
    return options;
}

Model load_dump(const std::vector<std::pair<std::string, Shape>>& tensors, const LoadOptions& options = {}) {
    return load(dump(tensors), MemorySource(), options);
}

void check_dump(const std::vector<std::pair<std::string, Shape>>& tensors, const std::string& message,
                const LoadOptions& options = {}) {
    check_malformed(dump(tensors), message, MemorySource(), options);
}

}  // namespace

TEST_CASE("weight dump: a perceptron in file order") {
    const Model model = load_dump({{"fc10.weight", {3, 2}}, {"fc10.bias", {3}}, {"fc2.weight", {1, 3}}, {"fc2.bias", {1}}});
    CHECK(model.format == "weight-dump");
    CHECK(model.assumed_chain);
    CHECK(model.inputs[0].name == "input");
    CHECK(model.inputs[0].shape == Shape{1, 2});
    CHECK(model.inputs[0].lower == nullptr);
    CHECK(node_list(model) ==
          Nodes{"fc10:Gemm(input,fc10.weight,fc10.bias)", "fc10.relu:Relu(fc10)", "fc2:Gemm(fc10.relu,fc2.weight,fc2.bias)"});
    CHECK(model.outputs == Nodes{"fc2"});
    CHECK(model.notes == Nodes{kAssumed});
}

TEST_CASE("weight dump: convolutions keep the size, and BatchNormalization follows its layer") {
    LoadOptions options = with_input({3, 6, 8});
    options.bn_epsilon = 1e-3;
    const Model model = load_dump({{"conv1.weight", {2, 3, 3, 4}},
                                   {"conv1.bias", {2}},
                                   {"bn1.weight", {2}},
                                   {"bn1.bias", {2}},
                                   {"bn1.running_mean", {2}},
                                   {"bn1.running_var", {2}},
                                   {"bn1.num_batches_tracked", {}},
                                   {"conv2.weight", {4, 2, 1, 1}},
                                   {"fc.weight", {10, 192}}},
                                  options);
    CHECK(node_list(model) == Nodes{"conv1:Conv(input,conv1.weight,conv1.bias)",
                                    "bn1:BatchNormalization(conv1,bn1.weight,bn1.bias,bn1.running_mean,bn1.running_var)",
                                    "conv1.relu:Relu(bn1)", "conv2:Conv(conv1.relu,conv2.weight)", "conv2.relu:Relu(conv2)",
                                    "fc.flatten:Flatten(conv2.relu)", "fc:Gemm(fc.flatten,fc.weight)"});
    // A kernel of 3×4 keeps 6×8 with one row above and below, one column before and two after.
    CHECK(model.nodes[0].attributes ==
          std::map<std::string, Attribute>{{"pads", Ints{1, 1, 1, 2}}, {"strides", Ints{1, 1}}, {"group", std::int64_t{1}}});
    CHECK(model.nodes[1].attributes == std::map<std::string, Attribute>{{"epsilon", 1e-3}});
    CHECK(model.notes ==
          Nodes{"counter 'bn1.num_batches_tracked' left out", kAssumed, "epsilon of BatchNormalization: 0.001, from --bn-eps"});
    CHECK(model.inputs[0].shape == Shape{1, 3, 6, 8});
}

TEST_CASE("weight dump: other names of BatchNormalization, and tensors that it may lack") {
    const Model model = load_dump({{"dense/weight", {2, 2}},
                                   {"norm/gamma", {2}},
                                   {"norm/beta", {2}},
                                   {"norm/moving_mean", {2}},
                                   {"norm/moving_variance", {2}},
                                   {"bare_running_mean", {2}},
                                   {"bare_running_var", {2}},
                                   {"a/num_batches_tracked", {}},
                                   {"b/num_batches_tracked", {}}});
    CHECK(node_list(model) == Nodes{"dense:Gemm(input,dense/weight)",
                                    "norm:BatchNormalization(dense,norm/gamma,norm/beta,norm/moving_mean,norm/moving_variance)",
                                    "bare:BatchNormalization(norm,bare.weight,bare.bias,bare_running_mean,bare_running_var)"});
    CHECK(model.tensors.at("bare.weight")->data == std::vector<double>{1, 1});
    CHECK(model.tensors.at("bare.bias")->data == std::vector<double>{0, 0});
    CHECK(model.notes == Nodes{"2 counters left out ('a/num_batches_tracked', …)", kAssumed,
                               "epsilon of BatchNormalization: 1e-05, assumed (--bn-eps replaces it)"});
}

TEST_CASE("weight dump: prefixes that all tensors share are taken off, and objects are joined by dots") {
    const Model model =
        load(R"({"state_dict": {"module.model.fc.weight": [[1], [2]], "module.model.out": {"weight": [[1, 2], [3, 4], [5, 6]]}}})");
    CHECK(node_list(model) == Nodes{"fc:Gemm(input,fc.weight)", "fc.relu:Relu(fc)", "out:Gemm(fc.relu,out.weight)"});
    CHECK(model.notes == Nodes{"prefix 'state_dict.' taken off all tensor names", "prefix 'module.' taken off all tensor names",
                               "prefix 'model.' taken off all tensor names",
                               "layers in natural order of their names, the only one in which their shapes chain", kAssumed});
}

TEST_CASE("weight dump: a prefix repeated without end is taken off a few times only") {
    std::string name;
    for (int i = 0; i < 200'000; ++i) {
        name += "module.";
    }
    const Model model = load("{\"" + name + "weight\": [[1]]}");
    CHECK(model.nodes[0].name.size() == 199'996 * 7 - 1);
    CHECK(model.notes.size() == 5);
}

TEST_CASE("weight dump: what comes between convolutions and a dense layer") {
    const auto nodes_for = [](std::int64_t fan_in, const Shape& input, const Shape& kernel = {2, 1, 3, 3}) {
        return load_dump({{"c.weight", kernel}, {"a.weight", {1, fan_in}}}, with_input(input));
    };
    CHECK(node_list(nodes_for(72, {1, 6, 6}))[2] == "a.flatten:Flatten(c.relu)");

    const Model global = nodes_for(2, {1, 6, 6});
    CHECK(node_list(global) == Nodes{"c:Conv(input,c.weight)", "c.relu:Relu(c)", "a.pool:GlobalAveragePool(c.relu)",
                                     "a.flatten:Flatten(a.pool)", "a:Gemm(a.flatten,a.weight)"});
    CHECK(global.notes == Nodes{kAssumed, "global average pool assumed before 'a', whose fan-in is the number of channels"});

    const Model tiles = nodes_for(8, {1, 6, 4});  // 2 channels × 2×2 tiles of 3×2
    CHECK(node_list(tiles)[2] == "a.pool:AveragePool(c.relu)");
    CHECK(tiles.nodes[2].attributes == std::map<std::string, Attribute>{{"kernel_shape", Ints{3, 2}}, {"strides", Ints{3, 2}}});
    CHECK(tiles.notes == Nodes{kAssumed, "average pool of 3x2 assumed before 'a' to meet its fan-in"});

    const Model line = nodes_for(6, {1, 9}, {2, 1, 3});
    CHECK(line.nodes[2].attributes == std::map<std::string, Attribute>{{"kernel_shape", Ints{3}}, {"strides", Ints{3}}});

    const std::string hint = "; hint: name the layers in order with --order, or describe the graph with --topology";
    check_dump({{"c.weight", {2, 1, 3, 3}}, {"a.weight", {1, 32}}},
               "layer 'a': 1x32 does not take what comes from 'c.relu' (2x6x6)" + hint, with_input({1, 6, 6}));
    check_dump({{"c.weight", {2, 1, 3, 3}}, {"a.weight", {1, 10}}},
               "layer 'a': 1x10 does not take what comes from 'c.relu' (2x6x6)" + hint, with_input({1, 6, 6}));
    // No pool is made up before the first layer.
    check_dump({{"z.weight", {2, 3}}, {"a.weight", {1, 2}}}, "layer 'z': 2x3 does not take what comes from 'input' (3x4x4)" + hint,
               with_input({3, 4, 4}));
}

TEST_CASE("weight dump: depthwise convolutions are recognised, other groups are not guessed") {
    const Model model = load_dump({{"d.weight", {6, 1, 3, 3}}, {"c.weight", {2, 6, 1, 1}}}, with_input({3, 4, 4}));
    CHECK(std::get<std::int64_t>(model.nodes[0].attributes.at("group")) == 3);
    CHECK(model.notes == Nodes{kAssumed, "convolution 'd' read as depthwise with 3 groups"});
    check_dump({{"d.weight", {4, 2, 3, 3}}},
               "layer 'd': 4x2x3x3 does not take what comes from 'input' (4x4x4); hint: name the layers in order with --order, or "
               "describe the graph with --topology",
               with_input({4, 4, 4}));
}

TEST_CASE("weight dump: the input's shape") {
    check_dump(
        {{"c.weight", {2, 1, 3, 3}}},
        "layer 'c': a convolution, and a weight dump does not say the input's shape; hint: give it, as in --input-shape 3,224,224");
    CHECK(load_dump({{"fc.weight", {2, 12}}}, with_input({3, 2, 2})).inputs[0].shape == Shape{1, 3, 2, 2});
    CHECK(node_list(load_dump({{"fc.weight", {2, 12}}}, with_input({3, 2, 2})))[0] == "fc.flatten:Flatten(input)");
    check_dump({{"fc.weight", {2, 2}}}, "--input-shape: input shape 0 is not a list of positive extents", with_input({0}));
    check_dump({{"fc.weight", {2, 2}}}, "--input-shape: input shape scalar is not a list of positive extents", with_input({}));
}

TEST_CASE("weight dump: sorted names are ordered by shapes that chain in one way") {
    // File order would be fc1, fc10, fc2.
    const Model model = load_dump({{"fc1.weight", {3, 2}}, {"fc10.weight", {5, 4}}, {"fc2.weight", {4, 3}}});
    CHECK(node_list(model) == Nodes{"fc1:Gemm(input,fc1.weight)", "fc1.relu:Relu(fc1)", "fc2:Gemm(fc1.relu,fc2.weight)",
                                    "fc2.relu:Relu(fc2)", "fc10:Gemm(fc2.relu,fc10.weight)"});
    CHECK(model.notes == Nodes{"layers in natural order of their names, the only one in which their shapes chain", kAssumed});

    // bn1 sorts before conv1, and follows it all the same.
    const Model normalized = load_dump({{"bn1.running_mean", {2}},
                                        {"bn1.running_var", {2}},
                                        {"conv1.weight", {2, 3, 1, 1}},
                                        {"conv2.weight", {5, 2, 1, 1}},
                                        {"fc.weight", {7, 5}}},
                                       with_input({3, 2, 2}));
    REQUIRE(normalized.nodes.size() == 8);
    CHECK(normalized.nodes[0].name == "conv1");
    CHECK(normalized.nodes[1].name == "bn1");

    const std::string message =
        "the tensors are sorted by name, and their shapes do not chain in exactly one way that agrees with the names; hint: name "
        "the layers "
        "in order, as in --order conv1,bn1,fc, or describe the graph with --topology";
    check_dump({{"fc1.weight", {2, 2}}, {"fc2.weight", {2, 2}}}, message);   // two ways
    check_dump({{"fc10.weight", {2, 2}}, {"fc2.weight", {2, 2}}}, message);  // two ways, whichever is found first
    check_dump({{"fc1.weight", {2, 5}}, {"fc2.weight", {3, 4}}}, message);   // no way
    check_dump({{"fc1.weight", {3, 4}}, {"fc2.weight", {4, 2}}}, message);   // one way, against the names
    CHECK(load_dump({{"only.bias", {2}}, {"only.weight", {2, 2}}}).nodes.size() == 1);
}

TEST_CASE("weight dump: a search that would take too long is given up") {
    std::vector<std::pair<std::string, Shape>> tensors;
    for (int i = 0; i < 600; ++i) {
        tensors.emplace_back("fc" + std::to_string(1000 + i) + ".weight", Shape{1, 1});
    }
    const std::string message =
        "the tensors are sorted by name, and their shapes do not chain in exactly one way that agrees with the names; hint: name "
        "the layers "
        "in order, as in --order conv1,bn1,fc, or describe the graph with --topology";
    check_dump(tensors, message);
    // Twenty layers that all chain with each other, and one that nothing leads to: no chain, and 20! ways to fail.
    tensors.clear();
    for (int i = 0; i < 20; ++i) {
        tensors.emplace_back("a" + std::to_string(100 + i) + ".weight", Shape{1, 1});
    }
    tensors.emplace_back("b.weight", Shape{2, 3});
    tensors.emplace_back("c.weight", Shape{2, 3});
    check_dump(tensors, message);
}

TEST_CASE("weight dump: --order") {
    const std::vector<std::pair<std::string, Shape>> tensors{
        {"module.a.weight", {2, 2}}, {"module.b.bias", {2}}, {"module.b.weight", {2, 2}}};
    const auto ordered = [&](std::vector<std::string> order) {
        LoadOptions options;
        options.order = std::move(order);
        return load_dump(tensors, options);
    };
    for (const auto& order :
         {std::vector<std::string>{"b", "a"}, {"b.weight", "a"}, {"module.b", "module.a.weight"}, {"module.b.bias", "a.weight"}}) {
        CAPTURE(order);
        const Model model = ordered(order);
        CHECK(model.nodes.front().name == "b");
        CHECK(model.nodes.back().name == "a");
        CHECK(model.notes == Nodes{"prefix 'module.' taken off all tensor names", "layers in the order of --order", kAssumed});
    }
    const auto check = [&](const std::vector<std::string>& order, const std::string& message) {
        check_error([&] { (void)ordered(order); }, ErrorKind::usage, message);
    };
    check({"b"}, "--order: layer 'a' is not named");
    check({"b", "a", "b"}, "--order: layer 'b' is named twice");
    check({"b", "b.weight", "a"}, "--order: layer 'b' is named twice");
    check({"b", "c"}, "--order: no layer or tensor is named 'c'");
}

TEST_CASE("weight dump: tensors that make no layer are refused by name") {
    const std::string hint = "; hint: describe the network in a manifest";
    check_unsupported(dump({{"fc.weight", {1, 1}}, {"fc.scale", {1}}}),
                      "tensor 'fc.scale': its name ends in none of weight, bias, gamma, beta, running_mean, running_var" + hint);
    check_unsupported(
        dump({{"norm.weight", {4}}, {"norm.bias", {4}}, {"fc.weight", {1, 1}}}),
        "tensor 'norm.weight': a weight of shape 4 is neither a dense layer, nor a convolution in 1-D or 2-D, nor has it running "
        "statistics" +
            hint);
    check_unsupported(
        dump({{"c.weight", {1, 1, 1, 1, 1}}}),
        "tensor 'c.weight': a weight of shape 1x1x1x1x1 is neither a dense layer, nor a convolution in 1-D or 2-D, nor has it "
        "running statistics" +
            hint);
    check_unsupported(dump({{"fc.bias", {4}}}), "tensor 'fc.bias': a bias without a weight" + hint);
    check_dump({{"bn.running_mean", {4}}, {"fc.weight", {1, 1}}}, "layer 'bn': it has a running mean and no running variance");
    check_dump({{"bn.running_var", {4}}, {"fc.weight", {1, 1}}}, "layer 'bn': it has a running variance and no running mean");
    check_dump({{"bn.running_var", {4}}, {"bn.running_mean", {4}}, {"bn.weight", {3}}},
               "layer 'bn': the tensors of a BatchNormalization are lists of one length; 'bn.weight' is 3");
    check_dump({{"bn.running_var", {4}}, {"bn.running_mean", {4}}}, "no weight of a dense layer or convolution among the tensors");
    check_dump({{"bn.weight", {4}}, {"bn.gamma", {4}}}, "tensor 'bn.gamma': layer 'bn' has 'bn.weight' already");
    check_dump({{"fc.weight", {0}}}, "tensor 'fc.weight': the tensor is empty (shape 0)");
    check_dump({{"epoch", {}}}, "no weight of a dense layer or convolution among the tensors");
    check_malformed(R"({"fc.weight": [[1]], "name": "x"})", "field 'name': it is a string; a weight dump has tensors only");
}

TEST_CASE("weight dump: the epsilon of BatchNormalization is a number from 0 on") {
    LoadOptions options;
    for (const double epsilon : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        options.bn_epsilon = epsilon;
        check_error([&] { (void)load(R"({"fc.weight": [[1]]})", MemorySource(), options); }, ErrorKind::usage,
                    "--bn-eps: the epsilon of BatchNormalization is a number from 0 on");
    }
}

TEST_CASE("weight dump: NPZ archives") {
    const auto npy = [](const Shape& shape) {
        return text_of(
            qbound::write_npy({shape, std::vector<double>(static_cast<std::size_t>(qbound::checked_size(shape, "")), 0.5)}));
    };
    const Model model = load(make_zip({{"fc.weight.npy", npy({3, 2})}, {"fc.bias.npy", npy({3})}, {"a.weight.npy", npy({3, 3})}}));
    CHECK(model.format == "npz");
    CHECK(model.assumed_chain);
    CHECK(node_list(model) == Nodes{"fc:Gemm(input,fc.weight,fc.bias)", "fc.relu:Relu(fc)", "a:Gemm(fc.relu,a.weight)"});
    check_malformed("PK\x05\x06" + std::string(18, '\0'), "NPZ archive without arrays");
    check_malformed(make_zip({{"fc.weight.npy", text_of(qbound::write_npy({{1, 1}, {std::numeric_limits<double>::quiet_NaN()}}))}}),
                    "tensor 'fc.weight': entry 0 is NaN");
    // 1 GiB of zeros in about 1 MB would be a bomb; here a declared size does.
    std::string bomb = make_zip({{"fc.weight.npy", npy({3, 2})}});
    patch(bomb, central_entry(bomb) + 24, 0x7FFFFFFF, 4);
    patch(bomb, 22, 0x7FFFFFFF, 4);
    check_malformed(bomb, "member 'fc.weight.npy': the archive expands to more than " +
                              std::to_string((64U << 20U) + 20 * bomb.size()) + " bytes");
}

TEST_CASE("weight dump: a folder of NPY files") {
    const auto npy = [](const Shape& shape) {
        return text_of(
            qbound::write_npy({shape, std::vector<double>(static_cast<std::size_t>(qbound::checked_size(shape, "")), 0.5)}));
    };
    const MemorySource folder({{"fc10.weight.npy", npy({5, 4})},
                               {"fc9.weight.npy", npy({4, 3})},
                               {"fc9.bias.npy", npy({4})},
                               {"notes.txt", "x"},
                               {".npy", "x"}});
    const Model model = load_npy_folder(folder, {});
    CHECK(model.format == "npy-folder");
    CHECK(node_list(model) ==
          Nodes{"fc9:Gemm(input,fc9.weight,fc9.bias)", "fc9.relu:Relu(fc9)", "fc10:Gemm(fc9.relu,fc10.weight)"});
    CHECK(model.notes == Nodes{"layers in natural order of their names, the only one in which their shapes chain", kAssumed,
                               "2 files of the folder left out, not named .npy"});
    check_error([] { (void)load_npy_folder(MemorySource(), {}); }, ErrorKind::malformed, "the folder has no .npy file");
    check_error(
        [] {
            (void)load_npy_folder(MemorySource({{"a.weight.npy", "x"}, {"b", ""}}), {});
        },
        ErrorKind::malformed, "a.weight.npy: not an NPY file: it does not begin with \\x93NUMPY");
}
