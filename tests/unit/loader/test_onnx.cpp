// SPDX-License-Identifier: Apache-2.0
#include "support/protobuf_writer.hpp"
#include "unit/loader/loader_support.hpp"

#include <cmath>

using namespace qbound;
using test::Message;
using test::onnx_model;
using test::onnx_node;
using test::onnx_tensor_head;
using test::onnx_value;

namespace {

/// x (1×2) → y = x·w, with the initializer `weight`.
Message small_graph(const Message& weight) {
    return Message()
        .message(1, onnx_node("MatMul", {"x", "w"}, "y"))
        .text(2, "g")
        .message(5, weight)
        .message(11, onnx_value("x", {1, 2}))
        .message(12, onnx_value("y", {1, 1}));
}

Message plain_weight() {
    return onnx_tensor_head("w", {2, 1}, 1).text(9, Message::raw({1.5F, -2.0F}));
}

std::string small_model() {
    return onnx_model(small_graph(plain_weight())).bytes;
}

/// The tensor "w" of a model that has nothing else to say.
Tensor loaded_tensor(const Message& weight, const FileSource& beside = MemorySource()) {
    return *load(onnx_model(small_graph(weight)).bytes, beside).tensors.at("w");
}

Model with_attribute(const Message& attribute) {
    Message node = onnx_node("Op", {"x"}, "y");
    node.message(5, attribute);
    const Message graph = Message().message(1, node).message(11, onnx_value("x", {1, 2})).message(12, onnx_value("y", {1, 2}));
    return load(onnx_model(graph).bytes);
}

}  // namespace

TEST_CASE("a small ONNX model") {
    const Model model = load(small_model());
    CHECK(model.format == "onnx");
    CHECK(model.name == "g");
    CHECK(model.opset == 17);
    CHECK_FALSE(model.batch_axis_optional);
    CHECK_FALSE(model.assumed_chain);
    REQUIRE(model.inputs.size() == 1);
    CHECK(model.inputs[0].name == "x");
    CHECK(model.inputs[0].shape == Shape{1, 2});
    CHECK(model.outputs == std::vector<std::string>{"y"});
    REQUIRE(model.nodes.size() == 1);
    CHECK(model.nodes[0].op == "MatMul");
    CHECK(model.nodes[0].inputs == std::vector<std::string>{"x", "w"});
    CHECK(model.tensors.at("w")->shape == Shape{2, 1});
    CHECK(model.tensors.at("w")->data == std::vector<double>{1.5, -2});
}

TEST_CASE("ONNX models that are cut off") {
    const std::string file = small_model();
    for (std::size_t length = 1; length < file.size(); ++length) {
        CAPTURE(length);
        try {
            (void)load(std::string_view(file).substr(0, length));  // the cut may fall between two fields of the model
        } catch (const Error& error) {
            CHECK((error.kind() == ErrorKind::malformed || error.kind() == ErrorKind::unsupported));
        }
    }
    check_malformed(std::string_view(file).substr(0, file.size() - 3),
                    "not a complete ONNX model: the protobuf message is broken or cut off");
    check_malformed(Message().number(1, 8).text(2, "producer").bytes, "the ONNX model has no graph");
    // A graph that is a number, and a string that claims more than the file has.
    CHECK_THROWS_AS(load(Message().number(1, 8).number(7, 1).bytes), Error);
    CHECK_THROWS_AS(load(Message().number(1, 8).bytes + std::string("\x3A\xFF\xFF\xFF\xFF\x0F", 6)), Error);
}

TEST_CASE("values of every ONNX type, as bytes") {
    const auto loaded = [](int type, std::int64_t count, const std::string& bytes) {
        return loaded_tensor(onnx_tensor_head("w", {count}, type).text(9, bytes)).data;
    };
    using Values = std::vector<double>;
    CHECK(loaded(1, 1, Message::raw({0.1F})) == Values{static_cast<double>(0.1F)});
    CHECK(loaded(2, 2, Message::raw<std::uint8_t>({0, 255})) == Values{0, 255});
    CHECK(loaded(3, 2, Message::raw<std::int8_t>({-128, 127})) == Values{-128, 127});
    CHECK(loaded(4, 1, Message::raw<std::uint16_t>({65535})) == Values{65535});
    CHECK(loaded(5, 1, Message::raw<std::int16_t>({-32768})) == Values{-32768});
    CHECK(loaded(6, 1, Message::raw<std::int32_t>({-2147483648})) == Values{-2147483648.0});
    CHECK(loaded(7, 3, Message::raw<std::int64_t>({-7, INT64_MAX, INT64_MIN})) == Values{-7, 0x1p62, -0x1p62});
    CHECK(loaded(9, 2, Message::raw<std::uint8_t>({0, 1})) == Values{0, 1});
    CHECK(loaded(10, 2, Message::raw<std::uint16_t>({0x3C00, 0xC100})) == Values{1, -2.5});
    CHECK(loaded(11, 1, Message::raw({0.1})) == Values{0.1});
    CHECK(loaded(12, 1, Message::raw<std::uint32_t>({4294967295U})) == Values{4294967295.0});
    CHECK(loaded(13, 1, Message::raw<std::uint64_t>({UINT64_MAX})) == Values{0x1p62});
    CHECK(loaded(16, 2, Message::raw<std::uint16_t>({0x3F80, 0xC020})) == Values{1, -2.5});
    CHECK(loaded(21, 3, Message::raw<std::uint8_t>({0xF1, 0x08})) == Values{1, 15, 8});
    CHECK(loaded(22, 3, Message::raw<std::uint8_t>({0xF1, 0x08})) == Values{1, -1, -8});
}

TEST_CASE("values of every ONNX type, in their fields") {
    using Values = std::vector<double>;
    CHECK(loaded_tensor(onnx_tensor_head("w", {2}, 1).floats(4, {0.5F, -1})).data == Values{0.5, -1});
    CHECK(loaded_tensor(onnx_tensor_head("w", {1}, 11).doubles(10, {0.1})).data == Values{0.1});
    CHECK(loaded_tensor(onnx_tensor_head("w", {2}, 3).numbers(5, {-3, 4})).data == Values{-3, 4});
    CHECK(loaded_tensor(onnx_tensor_head("w", {2}, 7).numbers(7, {-3, INT64_MAX})).data == Values{-3, 0x1p62});
    CHECK(loaded_tensor(onnx_tensor_head("w", {1}, 12).numbers(11, {5})).data == Values{5});
    CHECK(loaded_tensor(onnx_tensor_head("w", {1}, 10).numbers(5, {0x3C00})).data == Values{1});
    CHECK(loaded_tensor(onnx_tensor_head("w", {1}, 16).numbers(5, {0x3F80})).data == Values{1});
    CHECK(loaded_tensor(onnx_tensor_head("w", {3}, 22).numbers(5, {0xF1, 0x08})).data == Values{1, -1, -8});
    // A packed field may also be written one entry at a time.
    CHECK(loaded_tensor(onnx_tensor_head("w", {2}, 7).number(7, 1).number(7, 2)).data == Values{1, 2});
    CHECK(loaded_tensor(onnx_tensor_head("w", {}, 1).floats(4, {3})).shape.empty());
    CHECK(loaded_tensor(onnx_tensor_head("w", {1}, 3).numbers(5, {1})).type == ElementType::int8);
}

TEST_CASE("ONNX tensors that do not fit") {
    const auto refused = [](const Message& weight, const std::string& message) {
        check_malformed(onnx_model(small_graph(weight)).bytes, message);
    };
    refused(onnx_tensor_head("w", {3}, 1).text(9, Message::raw({1.0F})), "tensor 'w': 4 bytes for shape 3, which needs 12");
    refused(onnx_tensor_head("w", {3}, 1).floats(4, {1, 2}), "tensor 'w': 2 values for shape 3");
    refused(onnx_tensor_head("w", {std::int64_t{1} << 40}, 1), "tensor 'w': 0 values for shape 1099511627776");
    refused(onnx_tensor_head("w", {std::int64_t{1} << 40, 4}, 1),
            "tensor 'w': shape 1099511627776x4 has more than 1099511627776 entries");
    refused(onnx_tensor_head("w", {-1}, 1), "tensor 'w': shape -1 has a negative extent");
    refused(onnx_tensor_head("w", {1}, 77), "tensor 'w': data type 77 does not exist");
    refused(onnx_tensor_head("", {1}, 1).floats(4, {1}), "an initializer has no name");
    refused(onnx_tensor_head("w", {1}, 3).numbers(5, {300}), "tensor 'w': the value 300 does not fit its type");
    refused(onnx_tensor_head("w", {1}, 9).numbers(5, {2}), "tensor 'w': the value 2 does not fit its type");
    refused(onnx_tensor_head("w", {1}, 12).numbers(11, {std::int64_t{1} << 32}),
            "tensor 'w': the value 4294967296 does not fit its type");
    check_unsupported(onnx_model(small_graph(onnx_tensor_head("w", {1}, 8))).bytes, "tensor 'w': values of type string");
    check_unsupported(onnx_model(small_graph(onnx_tensor_head("w", {1}, 17))).bytes, "tensor 'w': values of type float8e4m3fn");
    Message twice = small_graph(plain_weight());
    twice.message(5, plain_weight());
    check_malformed(onnx_model(twice).bytes, "tensor 'w': it is there twice");
}

TEST_CASE("external data") {
    const MemorySource beside({{"data/w.bin", Message::raw({9.0F, 1.5F, -2.0F})}});
    const auto external = [](std::initializer_list<std::pair<std::string_view, std::string_view>> entries) {
        Message weight = onnx_tensor_head("w", {2, 1}, 1).number(14, 1);
        for (const auto& [key, value] : entries) {
            weight.message(13, Message().text(1, key).text(2, value));
        }
        return weight;
    };
    CHECK(loaded_tensor(external({{"location", "data/w.bin"}, {"offset", "4"}, {"length", "8"}}), beside).data ==
          std::vector<double>{1.5, -2});
    const auto refused = [&](const Message& weight, const std::string& message) {
        check_malformed(onnx_model(small_graph(weight)).bytes, message, beside);
    };
    refused(external({}), "tensor 'w': external data without a location");
    refused(external({{"location", "data/w.bin"}, {"offset", "8"}}), "tensor 'w': external data ends beyond the file 'data/w.bin'");
    refused(external({{"location", "data/w.bin"}, {"offset", "18446744073709551615"}}),
            "tensor 'w': external data ends beyond the file 'data/w.bin'");
    refused(external({{"location", "data/w.bin"}, {"offset", "-4"}}), "tensor 'w': external data with offset '-4'");
    refused(external({{"location", "data/w.bin"}, {"length", "12"}}), "tensor 'w': 12 bytes of external data where 8 are needed");
    Message repeated = small_graph(external({{"location", "data/w.bin"}}));
    for (int i = 0; i < 8; ++i) {
        Message weight = onnx_tensor_head("w" + std::to_string(i), {3}, 1).number(14, 1);
        repeated.message(5, weight.message(13, Message().text(1, "location").text(2, "data/w.bin")));
    }
    check_malformed(onnx_model(repeated).bytes, "tensor 'w3': the tensors of the model take the same external data many times over",
                    beside);
    refused(external({{"location", "../secret"}}), "tensor 'w': ../secret: no such file");
}

TEST_CASE("sparse initializers") {
    const auto sparse = [](const Message& indices, std::initializer_list<std::int64_t> dims) {
        Message tensor;
        tensor.message(1, onnx_tensor_head("w", {2}, 1).floats(4, {5, 6})).message(2, indices);
        for (const std::int64_t extent : dims) {
            tensor.number(3, extent);
        }
        return onnx_model(Message()
                              .message(1, onnx_node("MatMul", {"x", "w"}, "y"))
                              .message(15, tensor)
                              .message(11, onnx_value("x", {1, 2}))
                              .message(12, onnx_value("y", {1, 3})))
            .bytes;
    };
    const auto linear = onnx_tensor_head("", {2}, 7).numbers(7, {1, 5});
    CHECK(load(sparse(linear, {2, 3})).tensors.at("w")->data == std::vector<double>{0, 5, 0, 0, 0, 6});
    const auto coordinates = onnx_tensor_head("", {2, 2}, 7).numbers(7, {0, 1, 1, 2});
    CHECK(load(sparse(coordinates, {2, 3})).tensors.at("w")->data == std::vector<double>{0, 5, 0, 0, 0, 6});
    check_malformed(sparse(onnx_tensor_head("", {2}, 7).numbers(7, {1, 6}), {2, 3}),
                    "tensor 'w': an index is outside of shape 2x3");
    check_malformed(sparse(onnx_tensor_head("", {1}, 7).numbers(7, {1}), {2, 3}),
                    "tensor 'w': its indices have shape 1 for 2 values of 2 coordinates");
    check_malformed(sparse(onnx_tensor_head("", {2}, 1).floats(4, {0.5F, 1}), {2, 3}),
                    "tensor 'w': an index is outside of shape 2x3");
    check_unsupported(sparse(linear, {1 << 20, 1 << 20}),
                      "tensor 'w': sparse tensors of 1099511627776 entries in all with 2 values");
}

TEST_CASE("attributes of every type") {
    const auto loaded = [](Message value, int type) {
        value.text(1, "a");
        if (type != 0) {
            value.number(20, type);
        }
        return with_attribute(value).nodes[0].attributes.at("a");
    };
    for (const bool typed : {true, false}) {  // files of IR version 1 have no type field
        CHECK(std::get<double>(loaded(Message().number32(2, 0.5F), typed ? 1 : 0)) == 0.5);
        CHECK(std::get<std::int64_t>(loaded(Message().number(3, -4), typed ? 2 : 0)) == -4);
        CHECK(std::get<std::string>(loaded(Message().text(4, "SAME_UPPER"), typed ? 3 : 0)) == "SAME_UPPER");
        CHECK(std::get<TensorPtr>(loaded(Message().message(5, onnx_tensor_head("", {1}, 1).floats(4, {2})), typed ? 4 : 0))->data ==
              std::vector<double>{2});
        CHECK(std::get<std::vector<double>>(loaded(Message().number32(7, 1).number32(7, 2), typed ? 6 : 0)) ==
              std::vector<double>{1, 2});
        CHECK(std::get<std::vector<std::int64_t>>(loaded(Message().number(8, 1).number(8, 2), typed ? 7 : 0)) ==
              std::vector<std::int64_t>{1, 2});
    }
    // Defaults are not written by some exporters: a typed attribute without its field is 0.
    CHECK(std::get<std::int64_t>(loaded(Message(), 2)) == 0);
    // What no operator takes is there all the same, so that it is refused.
    CHECK(std::get<std::string>(loaded(Message().text(6, "…"), 5)) == "(graph)");
    CHECK(std::get<std::string>(loaded(Message().text(14, ""), 0)) == "(other)");
    const auto refused = [&](const Message& value, int type) {
        check_error([&] { (void)loaded(value, type); }, ErrorKind::malformed,
                    "node 'y': attribute 'a': its type and its value disagree");
    };
    refused(Message().number(3, 1), 1);                    // an integer that is called a float
    refused(Message().number(3, 1).number32(2, 0.5F), 0);  // two values
    check_error([&] { (void)loaded(Message().text(21, "outer"), 1); }, ErrorKind::unsupported,
                "node 'y': attribute 'a': a reference to an attribute of a function");
    CHECK(std::get<std::string>(loaded(Message().text(9, "relu"), 8)) == "(strings)");
    Message twice = onnx_node("Op", {"x"}, "y");
    twice.message(5, Message().text(1, "a").number(3, 1)).message(5, Message().text(1, "a").number(3, 2));
    check_malformed(onnx_model(Message().message(1, twice).message(11, onnx_value("x", {1}))).bytes,
                    "node 'y': attribute 'a' is there twice");
}

TEST_CASE("domains and operator sets") {
    Message custom = onnx_node("Attention", {"x"}, "y");
    custom.text(7, "com.microsoft");
    CHECK(load(onnx_model(Message().message(1, custom).message(11, onnx_value("x", {1, 2}))).bytes).nodes[0].op ==
          "com.microsoft.Attention");
    Message plain = onnx_node("Relu", {"x"}, "y");
    plain.text(7, "ai.onnx");
    CHECK(load(onnx_model(Message().message(1, plain).message(11, onnx_value("x", {1, 2}))).bytes).nodes[0].op == "Relu");
    // A function of the file hides the standard operator of its name.
    const Message own = onnx_model(Message().message(1, onnx_node("Relu", {"x"}, "y")).message(11, onnx_value("x", {1, 2})));
    CHECK(load(own.bytes).nodes[0].op == "Relu");
    CHECK(load(Message(own).message(25, Message().text(1, "Relu").text(10, "")).bytes).nodes[0].op == "function Relu");
    check_malformed(Message(own).message(8, Message().text(1, "ai.onnx").number(2, 9)).bytes,
                    "the file imports two versions of ONNX's operators");
    check_unsupported(onnx_model(small_graph(plain_weight()), 22).bytes, "opset 22; hint: opsets up to 21 are supported");
    const Model old = load(Message().number(1, 1).message(7, small_graph(plain_weight())).bytes);
    CHECK(old.opset == 1);
    CHECK(old.notes == std::vector<std::string>{"the file names no operator set; read as opset 1"});
}

TEST_CASE("inputs of ONNX models") {
    const auto model_of = [](const Message& input, const LoadOptions& options = {}) {
        const Message graph =
            Message().message(1, onnx_node("Relu", {"x"}, "y")).message(11, input).message(12, onnx_value("y", {1}));
        return load(onnx_model(graph).bytes, MemorySource(), options);
    };
    const auto bytes = [](const Message& input) {
        return onnx_model(Message().message(1, onnx_node("Relu", {"x"}, "y")).message(11, input).message(12, onnx_value("y", {1})))
            .bytes;
    };
    CHECK(model_of(onnx_value("x", {-1, 3, 4})).inputs[0].shape == Shape{1, 3, 4});
    CHECK(model_of(onnx_value("x", {-1, 3, 4})).notes.empty());
    const Model baked = model_of(onnx_value("x", {3, 4}));
    CHECK(baked.inputs[0].shape == Shape{1, 4});
    CHECK(baked.notes == std::vector<std::string>{"input 'x': a batch of 3 is read as 1"});
    CHECK(model_of(onnx_value("x", {5})).inputs[0].shape == Shape{5});
    const std::string hint = "; hint: give --input-shape x:1,3,224,224";
    check_unsupported(bytes(onnx_value("x", {1, 3, -1, 4})), "input 'x': axis 2 has no fixed extent ('N')" + hint);
    check_unsupported(bytes(onnx_value("x", {-1})), "input 'x': axis 0 has no fixed extent ('N')" + hint);
    const Message shapeless = Message().text(1, "x").message(2, Message().message(1, Message().number(1, 1)));
    check_unsupported(bytes(shapeless), "input 'x': the file does not say its shape" + hint);
    check_unsupported(bytes(Message().text(1, "x").message(2, Message())), "input 'x': it is not a tensor");
    LoadOptions options;
    options.input_shapes["x"] = {1, 3, 8, 8};
    CHECK(model_of(onnx_value("x", {1, 3, -1, -1}), options).inputs[0].shape == Shape{1, 3, 8, 8});
    options.input_shapes.clear();
    options.input_shape = Shape{3, 8, 8};
    CHECK(model_of(onnx_value("x", {1, 3, -1, -1}), options).inputs[0].shape == Shape{1, 3, 8, 8});
    // An initializer that is listed as an input, as older files do, is a constant.
    Message listed = small_graph(plain_weight());
    listed.message(11, onnx_value("w", {2, 1}));
    CHECK(load(onnx_model(listed).bytes).inputs.size() == 1);
}

TEST_CASE("models of several inputs and outputs") {
    const Message graph = Message()
                              .message(1, onnx_node("Relu", {"a"}, "p"))
                              .message(1, onnx_node("Relu", {"b"}, "q"))
                              .message(1, onnx_node("Add", {"p", "q"}, "s"))
                              .message(11, onnx_value("a", {1, 2}))
                              .message(11, onnx_value("b", {1, 2}))
                              .message(12, onnx_value("p", {1, 2}))
                              .message(12, onnx_value("s", {1, 2}));
    const std::string file = onnx_model(graph).bytes;
    CHECK(load(file).outputs == std::vector<std::string>{"p", "s"});
    LoadOptions options;
    options.output = "p";
    const Model first = load(file, MemorySource(), options);
    CHECK(first.outputs == std::vector<std::string>{"p"});
    REQUIRE(first.inputs.size() == 1);  // what needs the other input is gone
    CHECK(first.inputs[0].name == "a");
    CHECK(first.nodes.size() == 1);
    options.output = "s";
    CHECK(load(file, MemorySource(), options).inputs.size() == 2);
    options.output = "q";  // any value
    CHECK(load(file, MemorySource(), options).inputs[0].name == "b");
    options.input_shapes["typo"] = {1, 2};
    check_error([&] { (void)load(file, MemorySource(), options); }, ErrorKind::usage, "--input-shape: no input is named 'typo'");
    options.input_shapes.clear();
    options.input = "a";
    check_error([&] { (void)load(file, MemorySource(), options); }, ErrorKind::usage, "--input: the output does not depend on 'a'");
    options.input = "c";
    check_error([&] { (void)load(file, MemorySource(), options); }, ErrorKind::usage, "--input: no input is named 'c'");
    options = {};
    options.output = "z";
    check_error([&] { (void)load(file, MemorySource(), options); }, ErrorKind::usage, "--output: no value or node is named 'z'");
}

TEST_CASE("compressed files are refused") {
    check_unsupported("\x1F\x8B\x08rest", "the file is compressed by gzip; hint: gunzip first");
}
