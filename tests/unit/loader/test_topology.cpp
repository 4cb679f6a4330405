// SPDX-License-Identifier: Apache-2.0
#include "loader/topology.hpp"

#include "loader_support.hpp"

#include <fstream>
#include <iterator>
#include <memory>

using qbound::ErrorKind;
using qbound::LoadOptions;
using qbound::Model;
using qbound::Shape;
using qbound::Tensor;
using qbound::internal::NamedTensors;

namespace {

/// A residual network: what no chain can be.
const std::string kResidual = R"({"format": "qbound-network", "version": 1, "name": "tiny",
  "input": {"name": "x", "shape": [2, 4, 4], "lower": [0, -1], "upper": 1}, "output": "fc",
  "nodes": [
    {"name": "c", "op": "Conv", "inputs": ["x"], "weight": "c.weight", "pads": [1, 1, 1, 1]},
    {"name": "n", "op": "BatchNormalization", "inputs": ["c"], "scale": "n.weight", "bias": "n.bias", "mean": "n.running_mean",
     "var": "n.running_var", "epsilon": 0.001},
    {"name": "sum", "op": "Add", "inputs": ["n", "x"]},
    {"name": "r", "op": "PRelu", "inputs": ["sum"], "slope": 0.25},
    {"name": "p", "op": "GlobalAveragePool", "inputs": ["r"]},
    {"name": "f", "op": "Flatten", "inputs": ["p"]},
    {"name": "fc", "op": "Gemm", "inputs": ["f"], "weight": "fc.weight"}],
  "tensors": {"c.weight": {"shape": [2, 2, 3, 3]}, "n.weight": {"shape": [2], "fill": 1}, "n.bias": {"shape": [2], "fill": 0},
              "n.running_mean": {"shape": [2]}, "n.running_var": {"shape": [2]}, "fc.weight": {"shape": [-1, 2]}}})";

const std::string kConv =
    R"([[[[1,1,1],[1,1,1],[1,1,1]],[[1,1,1],[1,1,1],[1,1,1]]],[[[1,1,1],[1,1,1],[1,1,1]],[[1,1,1],[1,1,1],[1,1,1]]]])";
const std::string kStatistics = R"("n.running_mean": [0, 0], "n.running_var": [1, 1])";

LoadOptions with_topology(const std::string& text, const std::string& name = "tiny.json") {
    LoadOptions options;
    const auto owned = std::make_shared<const std::string>(text);
    options.topology = qbound::TopologySource{name, {bytes_of(*owned), owned}, nullptr};
    return options;
}

std::string source_file(const std::string& name) {
    std::ifstream file(QBOUND_SOURCE_DIR "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

qbound::internal::Topology parse(std::string_view text) {
    qbound::internal::JsonValue document = qbound::internal::read_json(bytes_of(text));
    return qbound::internal::read_topology(*document.get_if<qbound::internal::JsonValue::Object>(), MemorySource());
}

/// Tensors of zeros for a shipped topology; `free` stands for free extents.
NamedTensors tensors_of(std::string_view name, std::int64_t free) {
    NamedTensors tensors;
    for (const auto& [tensor, expected] : parse(source_file("topologies/" + std::string(name) + ".json")).tensors) {
        Shape shape = expected.shape;
        std::ranges::replace(shape, -1, free);
        tensors.emplace_back(
            tensor, std::make_shared<const Tensor>(
                        Tensor{shape, std::vector<double>(static_cast<std::size_t>(qbound::checked_size(shape, "")), 0.0)}));
    }
    return tensors;
}

}  // namespace

TEST_CASE("topology: a dump has the graph that is given") {
    const Model model =
        load(R"({"module.fc.weight": [[1, 2], [3, 4], [5, 6]], "module.n.num_batches_tracked": 7, "module.c.weight": )" + kConv +
                 R"(, "module.n.running_mean": [0, 0], "module.n.running_var": [1, 1]})",
             MemorySource(), with_topology(kResidual));
    CHECK(model.format == "weight-dump");
    CHECK_FALSE(model.assumed_chain);
    CHECK(model.name.empty());
    CHECK(node_list(model) == Nodes{"c:Conv(x,c.weight)", "n:BatchNormalization(c,n.weight,n.bias,n.running_mean,n.running_var)",
                                    "sum:Add(n,x)", "r:PRelu(sum,r.slope)", "p:GlobalAveragePool(r)", "f:Flatten(p)",
                                    "fc:Gemm(f,fc.weight)"});
    CHECK(model.tensors.at("fc.weight")->shape == Shape{3, 2});
    CHECK(model.tensors.at("n.weight")->data == std::vector<double>{1, 1});
    CHECK(model.tensors.at("r.slope")->data == std::vector<double>{0.25});
    CHECK(model.tensors.size() == 7);
    CHECK(model.inputs[0].lower->data == std::vector<double>{0, -1});
    CHECK(model.notes == Nodes{"counter 'module.n.num_batches_tracked' left out", "prefix 'module.' taken off all tensor names",
                               "topology: tiny.json, given", "not in the file, filled by the topology: 'n.bias', 'n.weight'",
                               "epsilon of BatchNormalization: 0.001, from the topology (--bn-eps replaces it)",
                               "input box, unless given: the topology's"});
}

TEST_CASE("topology: --bn-eps and --input-shape replace what it says") {
    const std::string dump = R"({"fc.weight": [[1, 2]], "c.weight": )" + kConv + ", " + kStatistics + "}";
    LoadOptions options = with_topology(kResidual);
    options.bn_epsilon = 0.5;
    options.input_shape = Shape{2, 8, 6};
    const Model model = load(dump, MemorySource(), options);
    CHECK(model.nodes[1].attributes.at("epsilon") == qbound::Attribute(0.5));
    CHECK(model.inputs[0].shape == Shape{1, 2, 8, 6});
    CHECK(model.notes[2] == "epsilon of BatchNormalization: 0.5, from --bn-eps");
    for (const Shape& wrong : {Shape{3, 4, 4}, Shape{32}}) {
        options.input_shape = wrong;
        check_error([&] { (void)load(dump, MemorySource(), options); }, ErrorKind::usage,
                    "--input-shape: " + qbound::to_string(wrong) +
                        " does not fit the topology's input 2x4x4, which has 3 dimensions and 2 channels");
    }
}

TEST_CASE("topology: what does not fit is named in one line") {
    const auto check = [](const std::string& dump, const std::string& text) {
        check_malformed("{" + dump + "}",
                        "the tensors do not fit topology 'tiny.json': " + text +
                            "; hint: `qbound inspect --manifest` writes a topology of the file's own names",
                        MemorySource(), with_topology(kResidual));
    };
    const std::string conv = "\"c.weight\": " + kConv;
    check(conv + "," + kStatistics, "missing 'fc.weight'");
    check("\"a\": 1", "missing 'c.weight', 'fc.weight', 'n.running_mean' and 1 more; unknown 'a'");
    check(conv + "," + kStatistics + R"(, "fc.weight": [[1, 2, 3]], "fc.bias": [1])",
          "unknown 'fc.bias'; 'fc.weight' is 1x3, not -1x2");
    check(conv + R"(, "n.running_mean": [1], "n.running_var": 1, "fc.weight": [[1, 2]])",
          "'n.running_mean' is 1, not 2, 'n.running_var' is scalar, not 2");
}

TEST_CASE("topology: files that are none") {
    const auto check = [](const std::string& text, const std::string& message) {
        check_malformed(R"({"a": 1})", "topology 't.json': " + message, MemorySource(), with_topology(text, "t.json"));
    };
    check("[1]", "the JSON document is an array of numbers, not an object");
    check(R"({"fc.weight": [[1]]})", "field 'format' is missing");
    const auto tensor = [](const std::string& value) {
        return R"({"format": "qbound-network", "version": 1, "input": {"shape": [1]}, "output": "r",
                   "nodes": [{"name": "r", "op": "Relu", "inputs": ["input"]}], "tensors": {"a": )" +
               value + "}}";
    };
    check(tensor(R"({"shape": [0]})"), "tensor 'a': field 'shape' is 0; extents are positive, or -1 where any is welcome");
    check(tensor(R"({"shape": [-2]})"), "tensor 'a': field 'shape' is -2; extents are positive, or -1 where any is welcome");
    check(tensor(R"({"shape": [1099511627776, 2]})"), "tensor 'a': shape 1099511627776x2 has more than 1099511627776 entries");
    check(tensor(R"({"shape": [2097152], "fill": 1})"), "tensor 'a': field 'fill' is for tensors of at most 1048576 entries");
    check(tensor(R"({"shape": [-1], "fill": 1})"), "tensor 'a': field 'fill' needs a shape without -1");
    check(tensor(R"({"shape": [1], "size": 1})"), "tensor 'a': unknown field 'size'");
    check(tensor(R"({"npy": "a.npy"})"), "tensor 'a': a.npy: there are no files beside the topology");
    // Of a tensor with data the shape counts.
    CHECK_NOTHROW(load(R"({"a": [3, 4]})", MemorySource(), with_topology(tensor("[1, 2]"))));
}

TEST_CASE("topology: known names") {
    CHECK(qbound::topology_names() == Nodes{"alexnet", "mobilenet_v2", "resnet101", "resnet18", "resnet34", "resnet50",
                                            "squeezenet1_1", "vgg11", "vgg11_bn", "vgg16", "vgg16_bn"});
    LoadOptions options;
    options.topology = qbound::TopologySource{"resnet17", {}, nullptr};
    check_error([&] { (void)load(R"({"a": 1})", MemorySource(), options); }, ErrorKind::usage,
                "--topology: no topology is named 'resnet17'");
    for (const auto& shipped : qbound::internal::shipped_topologies()) {
        CAPTURE(shipped.name);
        CHECK(shipped.text == source_file("topologies/" + std::string(shipped.name) + ".json"));
        const auto topology = parse(shipped.text);
        CHECK(topology.graph.name == shipped.name);
        CHECK(topology.graph.tensors.empty());
        CHECK(topology.graph.inputs[0].shape == Shape{1, 3, 224, 224});
        CHECK(std::ranges::count_if(topology.tensors, [](const auto& entry) { return entry.second.shape[0] == -1; }) == 2);
    }
}

TEST_CASE("topology: a known architecture is recognised, with any number of classes") {
    for (const std::int64_t classes : {10, 1000}) {
        NamedTensors tensors = tensors_of("squeezenet1_1", classes);
        const std::optional<Model> model = qbound::internal::match_topology(tensors, "safetensors", {});
        REQUIRE(model);
        CHECK(model->format == "safetensors");
        CHECK_FALSE(model->assumed_chain);
        CHECK(model->tensors.at("classifier.1.weight")->shape == Shape{classes, 512, 1, 1});
        CHECK(model->notes == Nodes{"topology: squeezenet1_1, recognised",
                                    "strides and dilations are torchvision's; with others give --topology FILE",
                                    "input box, unless given: the topology's, pixels in [0, 1] after ImageNet's normalisation"});
    }
}

TEST_CASE("topology: what is written of a dump is a topology for it, and is written again as it is") {
    const std::string chain =
        R"({"b.weight": [[1, 2], [3, 4]], "n.running_mean": [0, 1], "n.running_var": [1, 2], "a.weight": [[5, 6]]})";
    const std::string residual = R"({"fc.weight": [[1, 2]], "c.weight": )" + kConv + ", " + kStatistics + "}";
    for (const auto& [dump, options] : {std::pair{chain, LoadOptions{}}, std::pair{residual, with_topology(kResidual)}}) {
        const Model first = load(dump, MemorySource(), options);
        const Model second = load(dump, MemorySource(), with_topology(qbound::write_topology(first)));
        CHECK(node_list(second) == node_list(first));
        CHECK(second.outputs == first.outputs);
        CHECK(second.inputs[0].shape == first.inputs[0].shape);
        REQUIRE(second.tensors.size() == first.tensors.size());
        for (const auto& [name, tensor] : first.tensors) {
            CHECK(second.tensors.at(name)->data == tensor->data);
        }
        for (std::size_t i = 0; i < first.nodes.size(); ++i) {
            CHECK(second.nodes[i].attributes == first.nodes[i].attributes);
        }
        CHECK_FALSE(second.assumed_chain);
    }
    CHECK(qbound::write_topology(load(R"({"fc.weight": [[1, 2]], "fc.bias": [3]})")) ==
          R"({ "format": "qbound-network", "version": 1, "name": "",
  "comment": ["topology assumed: a chain with Relu between the layers, convolutions of stride 1 that keep the size"],
  "input": {"name": "input", "shape": [2]},
  "output": "fc",
  "nodes": [
    {"name": "fc", "op": "Gemm", "inputs": ["input"], "weight": "fc.weight", "bias": "fc.bias"} ],
  "tensors": {
    "fc.weight": {"shape": [1, 2]},
    "fc.bias": {"shape": [1]} } }
)");
}

TEST_CASE("topology: a sketch joins what does not fit, and says so") {
    LoadOptions options;
    options.sketch = true;
    const Model model = load(R"({"c.weight": [[[[1]]]], "b.weight": [[1, 2, 3]]})", MemorySource(), options);
    CHECK(node_list(model) ==
          Nodes{"c:Conv(input,c.weight)", "c.relu:Relu(c)", "b.flatten:Flatten(c.relu)", "b:Gemm(b.flatten,b.weight)"});
    CHECK(model.inputs[0].shape == Shape{1, 1, 224, 224});
    CHECK(model.notes.back() == "to mend: layer 'b' does not take what comes to it (1x224x224)");
}

TEST_CASE("topology: one tensor more, less or of another shape, and nothing is recognised") {
    const NamedTensors whole = tensors_of("squeezenet1_1", 10);
    NamedTensors fewer = whole;
    fewer.erase(fewer.begin() + 3);
    CHECK_FALSE(qbound::internal::match_topology(fewer, "npz", {}));
    NamedTensors more = whole;
    more.insert(more.begin() + 1, {"extra.weight", std::make_shared<const Tensor>(Tensor{{1}, {1}})});
    CHECK_FALSE(qbound::internal::match_topology(more, "npz", {}));
    NamedTensors other = whole;
    other[4].second = std::make_shared<const Tensor>(Tensor{{1}, {1}});
    CHECK_FALSE(qbound::internal::match_topology(other, "npz", {}));
    LoadOptions options;
    options.order = {"classifier.1"};  // the user says that it is a chain
    NamedTensors copy = whole;
    CHECK_FALSE(qbound::internal::match_topology(copy, "npz", options));
}
