// SPDX-License-Identifier: Apache-2.0
#include "support/json_schema.hpp"

#include "support/catch.hpp"

using qbound::test::Json;
using qbound::test::JsonSchema;

namespace {

std::vector<std::string> complaints(const char* schema, const char* value) {
    return JsonSchema(Json::parse(schema)).validate(Json::parse(value));
}

bool valid(const char* schema, const char* value) {
    return complaints(schema, value).empty();
}

}  // namespace

TEST_CASE("schema validator: types") {
    CHECK(valid(R"({"type":"integer"})", "3"));
    CHECK_FALSE(valid(R"({"type":"integer"})", "3.5"));
    CHECK(valid(R"({"type":"number"})", "3"));
    CHECK(valid(R"({"type":["string","null"]})", "null"));
    CHECK_FALSE(valid(R"({"type":["string","null"]})", "false"));
    CHECK(complaints(R"({"type":"boolean"})", "1") == std::vector<std::string>{"$: is not of type \"boolean\""});
}

TEST_CASE("schema validator: values") {
    CHECK_FALSE(valid(R"({"const":"a"})", R"("b")"));
    CHECK(valid(R"({"enum":["a","b"]})", R"("b")"));
    CHECK_FALSE(valid(R"({"enum":["a","b"]})", R"("c")"));
    CHECK(valid(R"({"pattern":"^a+$"})", R"("aa")"));
    CHECK_FALSE(valid(R"({"pattern":"^a+$"})", R"("ab")"));
    CHECK(valid(R"({"minimum":0,"maximum":1})", "1"));
    CHECK_FALSE(valid(R"({"minimum":0})", "-0.5"));
    CHECK_FALSE(valid(R"({"maximum":1})", "1.5"));
}

TEST_CASE("schema validator: objects and arrays") {
    const char* schema =
        R"({"type":"object","required":["a"],"additionalProperties":false,"properties":{"a":{"type":"array","minItems":1,"items":{"type":"integer"}}}})";
    CHECK(valid(schema, R"({"a":[1,2]})"));
    CHECK(complaints(schema, R"({})") == std::vector<std::string>{"$: lacks \"a\""});
    CHECK(complaints(schema, R"({"a":[1],"b":2})") == std::vector<std::string>{"$.b: is not allowed"});
    CHECK(complaints(schema, R"({"a":[1,"x"]})") == std::vector<std::string>{"$.a[1]: is not of type \"integer\""});
    CHECK(complaints(schema, R"({"a":[]})") == std::vector<std::string>{"$.a: has fewer than 1 items"});
    CHECK(valid(R"({"additionalProperties":{"type":"integer"}})", R"({"x":1})"));
    CHECK_FALSE(valid(R"({"additionalProperties":{"type":"integer"}})", R"({"x":"1"})"));
}

TEST_CASE("schema validator: references and alternatives") {
    const char* schema = R"({"anyOf":[{"$ref":"#/$defs/n"},{"const":"inf"}],"$defs":{"n":{"type":"number"}}})";
    CHECK(valid(schema, "2"));
    CHECK(valid(schema, R"("inf")"));
    CHECK_FALSE(valid(schema, R"("nan")"));
}

TEST_CASE("schema validator: a keyword that it does not know is an error") {
    CHECK_THROWS_AS(valid(R"({"exclusiveMinimum":0})", "1"), std::logic_error);
}
