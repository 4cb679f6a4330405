// SPDX-License-Identifier: Apache-2.0
#include "loader_support.hpp"

#include <algorithm>
#include <cstdint>

using namespace std::string_literals;
using qbound::Model;
using qbound::Shape;

namespace {

std::string little_endian(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
        text += static_cast<char>(value >> (8 * i) & 0xFFU);
    }
    return text;
}

std::string file(const std::string& header, const std::string& data = {}) {
    return little_endian(header.size(), 8) + header + data;
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":[)" + shape + R"(],"data_offsets":[)" + offsets + "]}";
}

/// The two entries of a weight 1×2 of this type.
std::vector<double> read_pair(const std::string& dtype, const std::string& data) {
    const Model model = load(file("{" + entry("fc.weight", dtype, "1,2", "0," + std::to_string(data.size())) + "}", data));
    return model.tensors.at("fc.weight")->data;
}

}  // namespace

TEST_CASE("safetensors: every type of real numbers") {
    using Pair = std::vector<double>;
    CHECK(read_pair("F64", little_endian(0x3FF8000000000000, 8) + little_endian(0xBFB999999999999A, 8)) == Pair{1.5, -0.1});
    CHECK(read_pair("F32", little_endian(0x3FC00000, 4) + little_endian(0x00000001, 4)) == Pair{1.5, 0x1p-149});
    CHECK(read_pair("F16", little_endian(0x3E00, 2) + little_endian(0x8001, 2)) == Pair{1.5, -0x1p-24});
    CHECK(read_pair("BF16", little_endian(0x3FC0, 2) + little_endian(0x8001, 2)) == Pair{1.5, -0x1p-133});
    CHECK(read_pair("I8", "\xFF\x7F") == Pair{-1, 127});
    CHECK(read_pair("U8", "\xFF\x7F") == Pair{255, 127});
    CHECK(read_pair("I16", "\xFE\xFF\x00\x01"s) == Pair{-2, 256});
    CHECK(read_pair("U16", "\xFE\xFF\x00\x01"s) == Pair{65534, 256});
    CHECK(read_pair("I32", little_endian(0xFFFFFFFD, 4) + little_endian(7, 4)) == Pair{-3, 7});
    CHECK(read_pair("U32", little_endian(0xFFFFFFFD, 4) + little_endian(7, 4)) == Pair{4294967293, 7});
    CHECK(read_pair("I64", little_endian(~std::uint64_t{3}, 8) + little_endian(7, 8)) == Pair{-4, 7});
    CHECK(read_pair("U64", little_endian(9, 8) + little_endian(7, 8)) == Pair{9, 7});
    CHECK(read_pair("BOOL", "\x01\x00"s) == Pair{1, 0});
}

TEST_CASE("safetensors: tensors are found by their offsets, and the header's order says nothing") {
    // b comes first in the header and second in the chain; a gap in the data is nobody's.
    const std::string header = R"({"__metadata__":{"format":"pt"},)" + entry("fc2.weight", "I8", "1,3", "8,11") + "," +
                               entry("fc1.weight", "I8", "3,2", "0,6") + "}   ";
    const Model model = load(file(header, "\1\2\3\4\5\6??\7\10\11"s));
    CHECK(model.format == "safetensors");
    CHECK(model.assumed_chain);
    CHECK(node_list(model) == Nodes{"fc1:Gemm(input,fc1.weight)", "fc1.relu:Relu(fc1)", "fc2:Gemm(fc1.relu,fc2.weight)"});
    CHECK(model.tensors.at("fc1.weight")->data == std::vector<double>{1, 2, 3, 4, 5, 6});
    CHECK(model.tensors.at("fc2.weight")->data == std::vector<double>{7, 8, 9});
}

TEST_CASE("safetensors: broken headers") {
    const std::string fine = entry("a", "F32", "1,2", "0,8");
    CHECK_NOTHROW(load(file("{" + entry("fc.weight", "F32", "1,2", "0,8") + "}", std::string(8, '\0'))));
    check_malformed(little_endian(std::uint64_t{1} << 62U, 8) + "{}",
                    "safetensors header of 4611686018427387904 bytes in a file of 10");
    check_malformed(little_endian(100, 8) + "{}", "safetensors header of 100 bytes in a file of 10");
    check_malformed(file("[1]"), "safetensors header: it is an array of numbers, not an object");
    check_malformed(file(R"({"a":)"), "safetensors header: JSON ends at byte 5 before its value is complete");
    check_malformed(file("{}"), "safetensors file without tensors");
    check_malformed(file(R"({"__metadata__":{}})"), "safetensors file without tensors");
    check_malformed(file("{" + fine + "," + fine + "}", std::string(8, '\0')),
                    "safetensors header: key 'a' is twice in one object");
    check_malformed(file(R"({"a":1})"), "tensor 'a': the header has a number for it, not an object");
    check_malformed(file(R"({"a":{"dtype":"F32","shape":[1]}})"), "tensor 'a': field 'data_offsets' is missing");
    check_malformed(file(R"({"a":{"dtype":"F32","shape":["x"],"data_offsets":[0,4]}})"),
                    "tensor 'a': field 'shape' is not a list of integers");
    check_malformed(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})"), "tensor 'a': unknown field 'x'");
}

TEST_CASE("safetensors: types and offsets that do not hold") {
    const auto check = [](const std::string& tensor, const std::string& reason) {
        check_malformed(file("{" + tensor + "}", std::string(12, '\0')), "tensor 'a': " + reason);
    };
    check(entry("a", "F31", "1", "0,4"), "field 'dtype' is 'F31', which is no type of safetensors");
    check(entry("a", "F32", "1", "0,4,8"), "field 'data_offsets' is not a begin and an end");
    check(entry("a", "F32", "1", "-4,0"), "field 'data_offsets' is not a begin and an end");
    check(entry("a", "F32", "1", "4,0"), "field 'data_offsets' is not a begin and an end");
    check(entry("a", "F32", "1", "12,16"), "field 'data_offsets' ends at byte 16 of data of 12 bytes");
    check(entry("a", "F32", "2", "0,4"), "field 'data_offsets' spans 4 bytes where shape 2 takes 8");
    check(entry("a", "F32", "1099511627776,1099511627776", "0,4"),
          "shape 1099511627776x1099511627776 has more than 1099511627776 entries");
    check(entry("a", "F32", "-1", "0,4"), "shape -1 has a negative extent");
    check(entry("a", "F32", "2", "0,8") + "," + entry("b", "F32", "2", "4,12"), "its data overlap those of tensor 'b'");
    check_unsupported(file("{" + entry("a", "F8_E4M3", "1", "0,1") + "}", "x"),
                      "tensor 'a': dtype F8_E4M3 is not supported; hint: save it as F32, F16 or BF16");
    check_malformed(file("{" + entry("a.weight", "I64", "1,1", "0,8") + "}", little_endian(std::uint64_t{1} << 60U, 8)),
                    "tensor 'a.weight': integer 1152921504606846976 is beyond 2^53");
    check_malformed(file("{" + entry("a.weight", "BOOL", "1,1", "0,1") + "}", "\2"), "tensor 'a.weight': a boolean of value 2");
}
