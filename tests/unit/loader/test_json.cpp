// SPDX-License-Identifier: Apache-2.0
#include "loader/json_tree.hpp"
#include "loader_support.hpp"

#include <algorithm>

using qbound::ErrorKind;
using qbound::Shape;
using qbound::Tensor;
using qbound::internal::JsonMember;
using qbound::internal::JsonValue;

namespace {

JsonValue parse(std::string_view text) {
    return qbound::internal::read_json(bytes_of(text));
}

void check_json(std::string_view text, const std::string& message) {
    CAPTURE(text.substr(0, 200));
    check_error([&] { (void)parse(text); }, ErrorKind::malformed, message);
}

const Tensor& array_in(JsonValue& value, std::size_t member) {
    auto* array = (*value.get_if<JsonValue::Object>()).at(member).value.get_if<JsonValue::Array>();
    REQUIRE(array != nullptr);
    return **array;
}

}  // namespace

TEST_CASE("read_json: every nested array of numbers is one tensor") {
    JsonValue value = parse(R"({"a": [[1, 2.5, -3e2], [0, -0.0, 1e-400]], "b": [], "c": [[], []], "d": [[[7]]], "e": 4})");
    CHECK(array_in(value, 0).shape == Shape{2, 3});
    CHECK(array_in(value, 0).data == std::vector<double>{1, 2.5, -300, 0, -0.0, 0});
    CHECK(array_in(value, 1).shape == Shape{0});
    CHECK(array_in(value, 2).shape == Shape{2, 0});
    CHECK(array_in(value, 3).shape == Shape{1, 1, 1});
    CHECK(*value.get_if<JsonValue::Object>()->at(4).value.get_if<double>() == 4);
}

TEST_CASE("read_json: lists, objects, strings and literals keep their order") {
    JsonValue value = parse(R"({"z": ["a", {"k": [1]}, null, true, [2, 3]], "y": "é\n\u00e9", "a": {}})");
    auto& object = *value.get_if<JsonValue::Object>();
    CHECK(object[0].key == "z");
    CHECK(object[1].key == "y");
    CHECK(object[2].key == "a");
    auto& list = *object[0].value.get_if<JsonValue::List>();
    REQUIRE(list.size() == 5);
    CHECK(*list[0].get_if<std::string>() == "a");
    CHECK((*list[1].get_if<JsonValue::Object>())[0].key == "k");
    CHECK(list[2].get_if<JsonValue::Null>() != nullptr);
    CHECK(*list[3].get_if<bool>());
    CHECK((*list[4].get_if<JsonValue::Array>())->data == std::vector<double>{2, 3});
    CHECK(*object[1].value.get_if<std::string>() == "é\né");
}

TEST_CASE("read_json: what is not JSON is refused with the byte") {
    using namespace std::string_literals;
    check_json("", "JSON ends at byte 0 before its value is complete");
    check_json(R"({"a": [1, 2)", "JSON ends at byte 11 before its value is complete");
    check_json(R"({"a": "bc)", "JSON ends at byte 9 before its value is complete");
    check_json(R"({"a": [1,]})", "not JSON at byte 9, near ']'");
    check_json(R"({"a": [1 2]})", "not JSON at byte 9, near '2'");
    check_json(R"({"a": 01})", "not JSON at byte 7, near '1'");
    check_json(R"({a: 1})", "not JSON at byte 1, near 'a: 1'");
    check_json(R"({"a": 1} x)", "not JSON at byte 9, near 'x'");
    check_json("{\"a\": \"\xff\"}", "not JSON at byte 7, near '?\"'");
    check_json(R"({"a": [NaN]})", "not JSON at byte 7, near 'NaN'; hint: JSON has no NaN and no Infinity");
    check_json(R"({"a": [1, -Infinity, 2]})", "not JSON at byte 11, near 'Infinity'; hint: JSON has no NaN and no Infinity");
    check_json("{\"a\": 1}\0 {"s, "NUL byte in JSON at byte 8");
    check_json(std::string(64, '\0'), "NUL byte in JSON at byte 0");
}

TEST_CASE("read_json: arrays that are no tensors are refused with their path") {
    check_json(R"({"a": [[1, 2], [3]]})", "field 'a': ragged array: a row of 1 among rows of 2");
    check_json(R"({"a": [[[1], [2]], [[3]]]})", "field 'a': ragged array: a row of 1 among rows of 2");
    check_json(R"({"a": [[], [1]]})", "field 'a': ragged array: a row of 1 among rows of 0");
    check_json(R"({"a": [1, [2]]})", "field 'a': ragged array: an array stands among numbers or empty arrays");
    check_json(R"({"a": [[1], [[2]]]})", "field 'a': ragged array: an array stands among numbers or empty arrays");
    check_json(R"({"a": [[1], 2]})", "field 'a': ragged array: a number stands among arrays");
    check_json(R"({"x": [{"a": 1}, {"b": {"c": [1, "2"]}}]})", "field 'x[1].b.c': an array that mixes numbers and other values");
    check_json(R"({"a": ["x", 1]})", "field 'a[1]': an array that mixes numbers and other values");
    check_json(R"({"a": [1, true]})", "field 'a': an array that mixes numbers and other values");
    check_json(R"({"a": [1, {}]})", "field 'a': an array that mixes numbers and other values");
}

TEST_CASE("read_json: numbers that a double cannot hold are refused with their path") {
    check_json(R"({"conv1.weight": [1, 1e999]})", "field 'conv1.weight': number 1e999 is infinite as a double");
    check_json(R"({"a": [-1e309]})", "field 'a': number -1e309 is infinite as a double");
    check_json(R"({"a": [9007199254740993]})", "field 'a': an integer beyond 2^53, which a double may not hold");
    check_json(R"({"a": [-9007199254740993]})", "field 'a': an integer beyond 2^53, which a double may not hold");
    check_json(R"({"a": [123456789012345678901234567890]})", "field 'a': an integer beyond 2^53, which a double may not hold");
    JsonValue value = parse(R"({"a": [9007199254740992, -9007199254740992, 1e30]})");
    CHECK(array_in(value, 0).data == std::vector<double>{0x1p53, -0x1p53, 1e30});
}

TEST_CASE("read_json: duplicate keys, depth and size are limited") {
    check_json(R"({"a": {"k": 1, "b": 2, "k": 3}})", "field 'a': key 'k' is twice in one object");
    check_json(R"({"a": 1, "a": [2]})", "key 'a' is twice in one object");

    const std::string deep(100'000, '[');
    check_json(deep, "JSON nested deeper than 64 levels");
    check_json("{\"a\": " + deep, "field 'a': JSON nested deeper than 64 levels");
    std::string objects;
    for (int i = 0; i < 100'000; ++i) {
        objects += "{\"a\":";
    }
    check_error([&] { (void)parse(objects); }, ErrorKind::malformed,
                "field 'a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.…': JSON nested deeper "
                "than 64 levels");
    CHECK_NOTHROW(parse(std::string(64, '[') + std::string(64, ']')));

    std::string many = R"({"a": [)";
    for (std::size_t i = 0; i < qbound::internal::kMaxJsonValues; ++i) {
        many += "{},";
    }
    many += "{}]}";
    check_json(many, "field 'a[1048576]': more than 1048576 JSON values that are not numbers in arrays");
}

TEST_CASE("read_json: names in messages are cut and cleaned") {
    check_json(R"({"a\nb": [1, "x"]})", "field 'a?b': an array that mixes numbers and other values");
    check_json("{\"" + std::string(1000, 'n') + "\": [1, \"x\"]}",
               "field '" + std::string(80, 'n') + "…': an array that mixes numbers and other values");
}
