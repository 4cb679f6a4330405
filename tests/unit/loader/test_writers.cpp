// SPDX-License-Identifier: Apache-2.0
#include "loader_support.hpp"
#include "qbound/writer.hpp"
#include "support/catch.hpp"

#include <limits>
#include <memory>

using namespace qbound;

namespace {

TensorPtr tensor(Shape shape, std::vector<double> data, ElementType type = ElementType::real) {
    return std::make_shared<Tensor>(Tensor{.shape = std::move(shape), .data = std::move(data), .type = type});
}

/// x of shape 2, then y = `op`(x, tensors…).
Model model_of(const std::string& op, std::map<std::string, TensorPtr> tensors = {},
               std::map<std::string, Attribute> attributes = {}) {
    Model model;
    model.name = "test";
    model.inputs = {{"x", {1, 2}, tensor({2}, {-1, -1}), tensor({2}, {1, 2})}};
    model.outputs = {"y"};
    model.nodes = {{"y", op, {"x"}, {"y"}, std::move(attributes)}};
    for (const auto& [name, value] : tensors) {
        model.nodes[0].inputs.push_back(name);
    }
    model.tensors = std::move(tensors);
    return model;
}

Model reread(const OnnxFile& file) {
    return load(file.bytes);
}

std::string ops(const Model& model) {
    std::string text;
    for (const ModelNode& node : model.nodes) {
        text += (text.empty() ? "" : " ") + node.op;
    }
    return text;
}

}  // namespace

TEST_CASE("write_npy: float32") {
    const Tensor values{{3}, {0.5, -0.1, 1e300}};
    CHECK_FALSE(is_float32(values));
    CHECK(is_float32({{2}, {0.5, -3}}));
    CHECK_FALSE(is_float32({{1}, {std::numeric_limits<double>::quiet_NaN()}}));
    const Tensor exact{{1, 2}, {0.5, -3}};
    const auto file = write_npy(exact, RealType::float32);
    CHECK(file.size() == write_npy(exact).size() - 8);
    CHECK(text_of(file).find("'<f4'") != std::string::npos);
    const Tensor back = read_npy(file, "x.npy");
    CHECK(back.shape == exact.shape);
    CHECK(back.data == exact.data);
    CHECK(read_npy(write_npy({{1}, {0.1}}, RealType::float32), "x.npy").data[0] == static_cast<double>(0.1F));
}

TEST_CASE("safe_file_name") {
    CHECK(safe_file_name("conv1.weight") == "conv1.weight");
    CHECK(safe_file_name("/block/0\\a:b\n") == "_block_0_a_b_");
    CHECK(safe_file_name("") == "_");
    CHECK(safe_file_name("..") == "_..");
    CHECK(safe_file_name("-x") == "_-x");
    CHECK(safe_file_name(std::string(300, 'a')).size() == 100);
}

TEST_CASE("write_manifest: files are float32 where that is exact, and their names differ in more than case") {
    Model model = model_of("Gemm", {{"W", tensor({1, 2}, {0.5, 1})}, {"w", tensor({1}, {0.1})}}, {{"transB", std::int64_t{1}}});
    const ManifestFiles files = write_manifest(model, "net");
    REQUIRE(files.tensors.size() == 2);
    CHECK(files.tensors[0].path == "net/W.npy");
    CHECK(files.tensors[0].type == RealType::float32);
    CHECK(files.tensors[1].path == "net/w-2.npy");
    CHECK(files.tensors[1].type == RealType::float64);
    const MemorySource beside({{"net/W.npy", text_of(write_npy(*files.tensors[0].tensor, files.tensors[0].type))},
                               {"net/w-2.npy", text_of(write_npy(*files.tensors[1].tensor, files.tensors[1].type))}});
    const Model back = load(files.json, beside);
    CHECK(back.inputs[0].lower->data == std::vector<double>{-1});
    CHECK(back.inputs[0].upper->data == std::vector<double>{1, 2});
    CHECK(back.nodes[0].inputs == std::vector<std::string>{"x", "W", "w"});
    CHECK(back.tensors.at("w")->data == std::vector<double>{0.1});
}

TEST_CASE("write_manifest: without a box, and operators that manifests do not have") {
    Model model = model_of("Relu");
    model.inputs[0].lower = model.inputs[0].upper = nullptr;
    CHECK(write_manifest(model, "net").json.find("lower") == std::string::npos);
    check_error([] { (void)write_manifest(model_of("Cast"), "net"); }, ErrorKind::unsupported,
                "node 'y': a manifest has no operator Cast");
}

TEST_CASE("write_onnx: operators that ONNX does not have, or only in later opsets") {
    const auto written = [](const Model& model) { return write_onnx(model, {1, 2}, RealType::float32); };
    CHECK(ops(reread(written(model_of("Silu")))) == "Sigmoid Mul");
    CHECK(ops(reread(written(model_of("Mish")))) == "Softplus Tanh Mul");
    CHECK(ops(reread(written(model_of("Gelu")))) == "Div Erf Add Mul Mul");
    CHECK(written(model_of("Gelu")).rounded == 0);
    const OnnxFile tanh_form = written(model_of("Gelu", {}, {{"approximate", std::string("tanh")}}));
    CHECK(ops(reread(tanh_form)) == "Gelu");
    CHECK(tanh_form.opset == 20);
    CHECK(written(model_of("Relu")).opset == 17);
    CHECK(ops(reread(written(model_of("Scale", {{"s", tensor({2}, {1, 2})}})))) == "BatchNormalization");
    const Model clip = reread(written(model_of("Clip", {}, {{"max", 6.0}})));
    REQUIRE(clip.nodes[0].inputs.size() == 3);
    CHECK(clip.nodes[0].inputs[1].empty());
    CHECK(clip.tensors.at(clip.nodes[0].inputs[2])->data == std::vector<double>{6});
}

TEST_CASE("write_onnx: a Scale after a layer is kept apart from it") {
    Model model = model_of("Gemm", {{"w", tensor({2, 2}, {1, 2, 3, 4})}}, {{"transB", std::int64_t{1}}});
    model.tensors["z"] = tensor({2}, {2, 3});
    model.nodes.push_back({"scaled", "Scale", {"y", "z"}, {"scaled"}, {}});
    model.outputs = {"scaled"};
    CHECK(ops(reread(write_onnx(model, {1, 2}, RealType::float32))) == "Gemm Reshape BatchNormalization");
}

TEST_CASE("write_onnx: roundings are counted, and numbers beyond float32 refused") {
    const Model model = model_of("PRelu", {{"s", tensor({2}, {0.1, 0.5})}});
    CHECK(write_onnx(model, {1, 2}, RealType::float32).rounded == 1);
    CHECK(write_onnx(model, {1, 2}, RealType::float64).rounded == 0);
    CHECK(reread(write_onnx(model, {1, 2}, RealType::float64)).tensors.at("s")->data == std::vector<double>{0.1, 0.5});
    const Model leaky = model_of("LeakyRelu", {}, {{"alpha", 0.1}});
    CHECK(write_onnx(leaky, {1, 2}, RealType::float64).rounded == 1);
    const Model huge = model_of("PRelu", {{"s", tensor({2}, {1e300, 0.5})}});
    check_error(
        [&] {
            (void)write_onnx(huge, {1, 2}, RealType::float32);
        },
        ErrorKind::unsupported, "tensor 's': the number 1e+300 is beyond float32's range; hint: --dtype float64");
}
