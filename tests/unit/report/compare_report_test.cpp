// SPDX-License-Identifier: Apache-2.0
#include "compare_support.hpp"
#include "support/catch.hpp"
#include "support/json_schema.hpp"

#include <algorithm>
#include <fstream>

using namespace qbound;
using namespace qbound::test;

namespace {

const CompareRenderOptions kOptions{.before = "base.json", .after = "new.json"};

/// Every kind of change: looser, tighter, same, appeared, vanished, weaker, infinite, reached; and a result on each side alone.
Comparison everything() {
    ResultText base = one_bound("4", "a");
    base.bounds.insert(base.bounds.end(),
                       {{"b", "100"}, {"c", "0"}, {"d", "7"}, {"e", "1"}, {"f", "\"inf\"", "certified", "400"}, {"z", "0"}});
    base.more = R"(, "measured": {"value": 0.123456, "log10": -0.9, "guarantee": "lower"})";
    ResultText current = one_bound("3", "g");
    current.bounds = {{"a", "5"}, {"b", "50"},   {"c", "0"}, {"e", "1", "conditional"}, {"f", "\"inf\"", "certified", "402"},
                      {"g", "3"}, {"z", "1e300"}};
    current.more = R"(, "measured": {"value": 0.234567, "log10": -0.6, "guarantee": "lower"})";
    ResultText two = one_bound("1");
    two.bits = "2";
    ResultText four = one_bound("1");
    four.bits = "4";
    return compare(parsed({base, two}), parsed({four, current}, {.file = R"(other,\"net\".json)"}));
}

RegressionGate gate_of(const Comparison& comparison) {
    return {.max_percent = 5, .breaches = regressions(comparison, 5)};
}

JsonSchema schema() {
    std::ifstream file(QBOUND_SOURCE_DIR "/docs/compare.schema.json");
    return JsonSchema(Json::parse(file));
}

}  // namespace

TEST_CASE("comparison: JSON follows its schema and says what changed") {
    const Comparison comparison = everything();
    const std::string text = render(comparison, gate_of(comparison), Format::json, kOptions);
    const Json json = Json::parse(text);
    CHECK(schema().validate(json) == std::vector<std::string>{});
    CHECK(schema().validate(Json::parse(render(comparison, std::nullopt, Format::json, kOptions))) == std::vector<std::string>{});
    const std::string line = render(comparison, gate_of(comparison), Format::ndjson, kOptions);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(Json::parse(line) == json);

    CHECK(json["counts"] == Json{{"looser", 3}, {"tighter", 2}, {"same", 2}, {"appeared", 3}, {"vanished", 3}});
    REQUIRE(json["results"].size() == 3);
    const Json& rows = json["results"][0]["rows"];
    REQUIRE(rows.size() == 10);
    CHECK(rows[0]["change"] == "looser");
    CHECK(rows[0]["percent"] == 25);
    CHECK(rows[0]["new"]["value_hex"] == "0x1.4p+2");
    CHECK(rows[3]["new"].is_null());
    CHECK(rows[3]["change"] == "vanished");
    CHECK(rows[4]["guarantee_change"] == "weaker");
    CHECK(rows[5]["percent"].is_null());
    CHECK(rows[5]["decades"] == 2);
    CHECK(rows[6]["percent"] == "inf");
    CHECK(rows[8]["base"]["method"] == "a");
    CHECK(rows[8]["new"]["method"] == "g");
    CHECK(rows[9]["method"] == "reached");
    CHECK(rows[9]["change"] == "larger");
    CHECK(json["results"][1]["new_file"].is_null());
    CHECK(json["results"][2]["base_file"].is_null());
    CHECK(json["gate"]["passed"] == false);
    CHECK(json["gate"]["breaches"].size() == 7);
}

TEST_CASE("comparison: the table") {
    const Comparison comparison = everything();
    CHECK(render(comparison, gate_of(comparison), Format::table, kOptions) ==
          R"(base        base.json
new         new.json

net: other,"net".json (base: net.json), 8 bits, input in [0, 1]
method                 base                 new  change        percent  decades  guarantee
a                         4                   5  looser        +25.00%    +0.10  certified
b                       100                  50  tighter       -50.00%    -0.30  certified
c                         0                   0  same                            certified
d                         7                   -  vanished                        certified
e                         1                   1  same, weaker                    conditional, was certified
f        inf (log10 400.00)  inf (log10 402.00)  looser                   +2.00  certified
z                         0          1.001e+300  looser          +inf%     +inf  certified
g                         -                   3  appeared                        certified
best                      4                   3  tighter       -25.00%    -0.12  certified
    g, was a
reached              0.1234              0.2345  larger        +90.01%    +0.28  lower

net: net.json, 2 bits, input in [0, 1] (not in the new report)
method  base  new  change    percent  decades  guarantee
joint      1    -  vanished                    certified
best       1    -  vanished                    certified

net: other,"net".json, 4 bits, input in [0, 1] (not in the base report)
method  base  new  change    percent  decades  guarantee
joint      -    1  appeared                    certified
best       -    1  appeared                    certified

bounds      3 looser, 2 tighter, 2 same, 3 appeared, 3 vanished
gate        at most 5% looser: 7 breaches
            other,"net".json: 8 bits: a 5 exceeds 4 by more than 5%
            other,"net".json: 8 bits: d vanished, was 7
            other,"net".json: 8 bits: e is conditional, was certified
            other,"net".json: 8 bits: f inf (log10 402) exceeds inf (log10 400) by more than 5%
            other,"net".json: 8 bits: z 1.00001e+300 exceeds 0 by more than 5%
            net.json: 2 bits, input in [0, 1]: is not in the new report
            other,"net".json: 4 bits, input in [0, 1]: is not in the base report
)");
}

TEST_CASE("comparison: what stayed can be left out") {
    ResultText base = one_bound("4", "a");
    base.bounds.push_back({"b", "3"});
    ResultText current = base;
    current.bounds.back().value = "2";
    ResultText two = one_bound("1");
    two.bits = "2";
    const Comparison comparison = compare(parsed({base, two}), parsed({current, two}));
    CompareRenderOptions options = kOptions;
    options.changed_only = true;
    const Json json = Json::parse(render(comparison, std::nullopt, Format::json, options));
    REQUIRE(json["results"].size() == 1);
    REQUIRE(json["results"][0]["rows"].size() == 1);
    CHECK(json["results"][0]["rows"][0]["method"] == "b");
    CHECK(json["counts"]["same"] == 4);
    options.header = false;
    CHECK(render(comparison, RegressionGate{.max_percent = 0.5, .breaches = {}}, Format::table, options) ==
          "net: net.json, 8 bits, input in [0, 1]\n"
          "method  base  new  change   percent  decades  guarantee\n"
          "b          3    2  tighter  -33.33%    -0.17  certified\n"
          "\n"
          "gate        at most 0.5% looser: passed\n");
    const Comparison same = compare(parsed({base}), parsed({base}));
    CHECK(render(same, std::nullopt, Format::table, options).empty());
    options.header = true;
    CHECK(render(same, std::nullopt, Format::table, options) ==
          "base        base.json\nnew         new.json\n\nbounds      0 looser, 0 tighter, 3 same, 0 appeared, 0 vanished\n");
}

TEST_CASE("comparison: CSV, TSV and Markdown") {
    const Comparison comparison = everything();
    const std::string csv = render(comparison, std::nullopt, Format::csv, kOptions);
    CHECK_THAT(csv, Catch::Matchers::StartsWith(
                        "model,setting,method,change,guarantee_change,base,new,base_log10,new_log10,percent,decades,"
                        "base_guarantee,new_guarantee\n"));
    CHECK_THAT(csv, ContainsSubstring("\"other,\"\"net\"\".json\",8 bits,e,same,weaker,1,1,"));
    CHECK_THAT(csv, ContainsSubstring("net.json,2 bits,joint,vanished,,1,,"));
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 15);
    const std::string tsv = render(comparison, std::nullopt, Format::tsv, kOptions);
    CHECK_THAT(tsv, ContainsSubstring("other,\"net\".json\t8 bits\tf\tlooser\t\tinf\tinf\t400\t402\t\t2\tcertified\tcertified\n"));
    const std::string markdown = render(comparison, gate_of(comparison), Format::markdown, kOptions);
    CHECK_THAT(markdown, Catch::Matchers::StartsWith(
                             "## Comparison of bounds\n\n- **base**: base.json\n- **new**: new.json\n\n### net: other"));
    CHECK_THAT(markdown, ContainsSubstring("| a | 4 | 5 | looser | +25.00% | +0.10 | certified |\n"));
    CHECK_THAT(markdown, ContainsSubstring("\n- best: g, was a\n"));
    CHECK_THAT(markdown, ContainsSubstring("- **gate**: at most 5% looser: 7 breaches\n  - other"));
}

TEST_CASE("comparison: bounds print rounded up, reached errors down, and what got looser never as zero") {
    ResultText base = one_bound("1.00001");
    base.more = R"(, "measured": {"value": 0.99999, "log10": 0, "guarantee": "lower"})";
    ResultText current = one_bound("1.0000100001");
    current.more = base.more;
    const std::string text = render(compare(parsed({base}), parsed({current})), std::nullopt, Format::table, kOptions);
    CHECK_THAT(text, ContainsSubstring("1.001   1.001  looser   +0.01%    +0.01"));
    CHECK_THAT(text, ContainsSubstring("0.9999  0.9999  same"));
}

TEST_CASE("comparison: names cannot act on a terminal") {
    const Comparison comparison =
        compare(parsed({one_bound("1", "a\\u001b[31m")}), parsed({one_bound("1")}, {.file = "net.json", .name = "n\\u001b\\n"}));
    for (const Format format : {Format::table, Format::markdown}) {
        CHECK(render(comparison, gate_of(comparison), format, kOptions).find('\x1b') == std::string::npos);
    }
}
