// SPDX-License-Identifier: Apache-2.0
#include "report/allocate_report.hpp"
#include "support/catch.hpp"
#include "support/json_schema.hpp"
#include "support/networks.hpp"

#include <fstream>
#include <sstream>

using namespace qbound;
using internal::AllocateReport;
using test::Json;
using test::JsonSchema;

namespace {

Network small() {
    return test::NetworkBuilder({2}, -1, 1)
        .dense("hidden", {{3, -1.2}, {1, 2}}, {0.5, -1})
        .relu("relu")
        .dense("output", {{1.5, -0.4}}, {0.25})
        .build("small");
}

AllocateReport report_on(const Network& network, bool frontier) {
    AllocateReport report;
    report.model = summarise(network, false);
    report.model.file = "small.json";
    report.model.format = "layer-list";
    report.options.widths = {2, 4, 8};
    report.options.methods = select_methods("fast", network).methods;
    report.layers = {"hidden", "output"};
    report.numbers = counted_numbers(network, false);
    if (frontier) {
        report.frontier = allocation_frontier(network, report.options, 5);
    } else {
        report.goal.budget = 30;
        report.result = allocate(network, report.options, report.goal);
    }
    return report;
}

std::string text(const AllocateReport& report, Format format) {
    return allocate_report(report, format, true, false);
}

std::vector<std::string> lines(const std::string& document) {
    std::vector<std::string> out;
    std::istringstream stream(document);
    for (std::string line; std::getline(stream, line);) {
        out.push_back(line);
    }
    return out;
}

}  // namespace

TEST_CASE("allocate report: JSON follows its schema") {
    std::ifstream file(QBOUND_SOURCE_DIR "/docs/allocate.schema.json");
    const JsonSchema rules(Json::parse(file));
    const Network network = small();
    for (const bool frontier : {false, true}) {
        for (const Format format : {Format::json, Format::ndjson}) {
            CAPTURE(frontier);
            CHECK(rules.validate(Json::parse(text(report_on(network, frontier), format))) == std::vector<std::string>{});
        }
    }
    AllocateReport none = report_on(network, false);
    none.result->uniform.reset();
    Json json = Json::parse(text(none, Format::json));
    CHECK(rules.validate(json) == std::vector<std::string>{});
    CHECK(json["uniform"].is_null());
    json["allocation"]["bits"][0] = 0;
    CHECK_FALSE(rules.validate(json).empty());
    CHECK(lines(text(report_on(network, false), Format::ndjson)).size() == 1);
}

TEST_CASE("allocate report: what is allocated, beside the single width") {
    const Network network = small();
    const AllocateReport report = report_on(network, false);
    const Json json = Json::parse(text(report, Format::json));
    const auto& best = report.result->best;
    CHECK(best.size <= 30);
    CHECK(json["allocation"]["size_bits"] == best.size);
    CHECK(json["allocation"]["size_bytes"] == (best.size + 7) / 8);
    CHECK(json["allocation"]["average_bits"].get<double>() == static_cast<double>(best.size) / 6);
    CHECK(json["allocation"]["value"].get<double>() == best.bound.value.value_up());
    CHECK(json["budget_bits"] == 30);
    CHECK(json["uniform"]["bits"] == Json({4, 4}));
    CHECK(json["layers"][0]["numbers"] == 4);
    CHECK(json["layers"][1]["bits"] == best.bits[1]);

    const std::vector<std::string> rows = lines(text(report, Format::csv));
    REQUIRE(rows.size() == 3);
    CHECK(rows[0] == "model,size_bits,size_bytes,average_bits,method,value,log10,name,numbers,bits,max_abs_delta,share");
    CHECK(rows[1].find(",hidden,4,") != std::string::npos);
    const std::string table = text(report, Format::table);
    CHECK_THAT(table, ContainsSubstring("of weights, 6 numbers; biases are not counted"));
    CHECK_THAT(table, ContainsSubstring("uniform     4 bits: 3 bytes"));
    CHECK_THAT(text(report, Format::markdown), ContainsSubstring("| hidden | 4 |"));
    CHECK_FALSE(ContainsSubstring("goal").match(allocate_report(report, Format::table, false, false)));
}

TEST_CASE("allocate report: a gain is smaller or larger, never a sign") {
    AllocateReport report = report_on(small(), false);
    report.result->best.bound.value = Upper::exactly(1.0);
    report.result->best.size = 80;
    report.result->uniform->bound.value = Upper::exactly(100.0);
    report.result->uniform->size = 160;
    CHECK_THAT(text(report, Format::table), ContainsSubstring("gain        bound 2.00 decades smaller, size 10 bytes smaller\n"));
    std::swap(report.result->best, *report.result->uniform);
    CHECK_THAT(text(report, Format::table), ContainsSubstring("gain        bound 2.00 decades larger, size 10 bytes larger\n"));
    report.result->bits_matter = false;
    report.result->uniform.reset();
    CHECK_THAT(text(report, Format::table), ContainsSubstring("no single width meets the goal"));
    CHECK_THAT(text(report, Format::table), ContainsSubstring("have no smaller bound than the narrowest"));
}

TEST_CASE("allocate report: a frontier has a row per point") {
    const AllocateReport report = report_on(small(), true);
    REQUIRE(report.frontier.size() >= 2);
    CHECK(lines(text(report, Format::csv)).size() == report.frontier.size() + 1);
    CHECK(lines(text(report, Format::tsv))[0] == "model\tsize_bits\tsize_bytes\taverage_bits\tmethod\tvalue\tlog10");
    const Json json = Json::parse(text(report, Format::json));
    CHECK(json["frontier"].size() == report.frontier.size());
    CHECK(json["layer_names"] == Json({"hidden", "output"}));
    CHECK_FALSE(json.contains("allocation"));
}

TEST_CASE("bits map: an object that any name survives in") {
    CHECK(Json::parse(internal::bits_map_json({"a", "b\"\n"}, {2, 8})) == Json({{"a", 2}, {"b\"\n", 8}}));
    CHECK(internal::bytes_text(8000 * 8 + 1) == "8,001 bytes");
}
