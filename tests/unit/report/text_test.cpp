// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include "report/json_writer.hpp"
#include "report/text_table.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace qbound::internal;

TEST_CASE("text from files is made safe") {
    CHECK(valid_utf8("a\xC3\xA9") == "a\xC3\xA9");
    CHECK(valid_utf8("a\xFF") == "a\xEF\xBF\xBD");
    CHECK(valid_utf8("\xC0\xAF") == "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong slash
    CHECK(valid_utf8("\xED\xA0\x80").size() == 9);                // surrogate
    CHECK(valid_utf8("\xE2\x82") == "\xEF\xBF\xBD\xEF\xBF\xBD");  // cut short
    CHECK(valid_utf8("\xF4\x90\x80\x80").size() == 12);           // beyond U+10FFFF
    CHECK(one_line("a\nb\x1b[31m") == "a\\x0ab\\x1b[31m");
    CHECK(one_line("a\xC2\x9B"
                   "b") == "a\\x9bb");  // C1 control
    CHECK(one_line("a\xE2\x80\xAE"
                   "b") == "a\\u202eb");  // right-to-left override
    CHECK(display_width("\xC3\xA9t\xC3\xA9") == 3);
}

TEST_CASE("JSON writer") {
    JsonWriter json(JsonWriter::Style::compact);
    json.begin_object();
    json.key("a\"").text("x\\\n\x01\xFF");
    json.key("n").integer(-3).key("b").boolean(true).key("z").null();
    json.key("u").upper(0.1).key("e").exact(0.1).key("i").upper(std::numeric_limits<double>::infinity());
    json.key("empty").begin_array().end_array();
    json.key("row").begin_row().integer(1).integer(2).end_array();
    json.end_object();
    CHECK(json.str() ==
          "{\"a\\\"\":\"x\\\\\\n\\u0001\xEF\xBF\xBD\",\"n\":-3,\"b\":true,\"z\":null,\"u\":0.10000000000000001,\"e\":0.1,"
          "\"i\":\"inf\",\"empty\":[],\"row\":[1,2]}");
}

TEST_CASE("JSON writer indents") {
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    json.key("a").begin_array().integer(1).integer(2).end_array();
    json.key("s").begin_row().integer(1).integer(2).end_array();
    json.key("o").begin_object().end_object();
    json.end_object();
    CHECK(json.str() == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"s\": [1, 2],\n  \"o\": {}\n}");
}

TEST_CASE("tables") {
    TextTable table({{"name"}, {"n", TextTable::Align::right}, {"tail"}});
    table.add_row({{"a|b"}, {"1"}, {""}});
    table.add_remark("why");
    table.add_row({{"\xC3\xA9"}, {"100"}, {"t\nu"}});
    CHECK(table.plain(false) ==
          "name    n  tail\n"
          "a|b     1\n"
          "    why\n"
          "\xC3\xA9     100  t\\x0au\n");
    CHECK(table.markdown() ==
          "| name | n | tail |\n"
          "| --- | ---: | --- |\n"
          "| a\\|b | 1 |  |\n"
          "| \xC3\xA9 | 100 | t\\\\x0au |\n"
          "\n"
          "- a\\|b: why\n");
}

TEST_CASE("colour surrounds the text, not its padding") {
    TextTable table({{"a", TextTable::Align::right}});
    table.add_row({{"xx", Ink::good}});
    CHECK(table.plain(true) == " \x1b[1ma\x1b[0m\n\x1b[32mxx\x1b[0m\n");
}
