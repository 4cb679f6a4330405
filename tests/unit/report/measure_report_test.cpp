// SPDX-License-Identifier: Apache-2.0
#include "report/measure_report.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "support/json_schema.hpp"
#include "support/networks.hpp"

#include <cmath>
#include <fstream>

using namespace qbound;
using namespace qbound::internal;
using qbound::test::Json;
using qbound::test::JsonSchema;
using qbound::test::NetworkBuilder;

namespace {

JsonSchema schema() {
    std::ifstream file(QBOUND_SOURCE_DIR "/docs/measure.schema.json");
    return JsonSchema(Json::parse(file));
}

/// Rows (1, 0) and (0, 1), which any number of bits keeps, and 0.3, which 2 bits round to 0.
Network network() {
    return NetworkBuilder({2}, 0, 1).dense("d", {{1, 0.3}, {0, 1}}).relu("r").build("net");
}

Quantizer at(int bits) {
    Quantizer quantizer;
    quantizer.bits = bits;
    return quantizer;
}

/// Inputs whose errors at 2 bits are 0.3·x_1: 0, 0.15, 0.3 and 0.24; the class changes in the third (1 and 1.3 against 1 and 1) and
/// nowhere else.
const std::vector<double> kInputs{1, 0, 0.1, 0.5, 1, 1.0, 0.1, 0.8};

MeasureReport report_on(const Network& net, const std::vector<int>& bits, bool with_data) {
    static const std::vector<std::int64_t> labels{0, 1, 0, 1};
    MeasureReport report;
    report.model = summarise(net, false);
    report.model.file = "net.json";
    report.model.format = "layer-list";
    for (const Node& node : net.nodes()) {
        report.node_names.push_back(node.name);
        report.node_ops.push_back(node.op);
    }
    MeasureOptions options;
    options.attack.evaluations = 50;
    if (with_data) {
        report.data_file = "x.npy";
        options.data = {kInputs, 4};
        options.labels = labels;
        options.coverage = 0.5;
        options.confidence = 0.5;
        options.exceeded = 0.2;
        options.points = true;
        for (std::int64_t i = 0; i < 4; ++i) {
            const auto x = options.data.sample(i);
            options.margins.push_back({{x.begin(), x.end()}, {x.begin(), x.end()}});
        }
    }
    for (const int b : bits) {
        report.results.push_back(measure(WeightPair(net, at(b)), options));
    }
    return report;
}

std::string all_complaints(const std::string& text) {
    std::string all;
    for (const std::string& complaint : schema().validate(Json::parse(text))) {
        all += complaint + '\n';
    }
    return all;
}

}  // namespace

TEST_CASE("measure: numbers by hand") {
    const Network net = network();
    const MeasureReport report = report_on(net, {2}, true);
    const Measurement& one = report.results.front();
    CHECK(one.reached.guarantee == Guarantee::lower);
    CHECK(one.reached.value <= 0.3);
    CHECK(one.reached.value == Approx(0.3).epsilon(1e-5));
    REQUIRE(one.data);
    CHECK(one.data->errors[3] == Approx(0.24));
    CHECK(one.data->agreeing == 4 - (one.data->classes[2] == 0 ? 0 : 1));
    CHECK(one.data->correct == 4);
    REQUIRE(one.statistical);
    // P(Bin(4, 1/2) ≥ r) ≤ 1/2: 11/16 for r = 2, 5/16 for r = 3.
    CHECK(one.statistical->rank == 3);
    CHECK(one.statistical->limit == Approx(0.24));
    REQUIRE(one.statistical->exceeded);
    CHECK(one.statistical->exceeded->count == 2);
    REQUIRE(one.margins);
    // (1, 1): θ' has a tie, so its class is not proved; everywhere else the margins are wide.
    CHECK(one.margins->unchanged == 3);
    CHECK(one.margins->margins[0] == Approx(1).epsilon(1e-9));
}

TEST_CASE("measure: the JSON report follows its schema") {
    const Network net = network();
    for (const bool with_data : {false, true}) {
        const MeasureReport report = report_on(net, {2, 8}, with_data);
        for (const bool outputs : {false, true}) {
            const PrintableMeasure printable(report, outputs);
            CHECK(all_complaints(printable.json({}, JsonWriter::Style::indented)).empty());
            CHECK(all_complaints(printable.json({}, JsonWriter::Style::compact)).empty());
        }
    }
    const Json json = Json::parse(PrintableMeasure(report_on(net, {2}, true), false).json({}, JsonWriter::Style::compact));
    CHECK(json["results"][0]["reached"]["guarantee"] == "lower");
    CHECK(json["results"][0]["data"]["correct"] == 4);
    CHECK(json["results"][0]["margins"]["unchanged"] == 3);
}

TEST_CASE("measure: bare numbers and lines") {
    const Network net = network();
    const MeasureReport report = report_on(net, {2, 8}, true);
    const PrintableMeasure printable(report, false);
    CHECK(printable.bare("accuracy") == "1\n1\n");
    CHECK(printable.bare("unchanged").starts_with("0.75\n"));
    CHECK(PrintableMeasure(report_on(net, {2}, false), false).bare("accuracy") == "nan\n");
    CHECK(printable.header({}, Delimited::csv) == "model,bits,rounding,granularity,quantity,guarantee,value,details\n");
    const std::string rows = printable.rows({}, Delimited::csv);
    CHECK_THAT(rows, ContainsSubstring("net.json,2,round,tensor,reached,lower,0.29999"));
    CHECK_THAT(rows, ContainsSubstring("net.json,2,round,tensor,accuracy,measured,1,4 of 4\n"));
    CHECK_THAT(rows, ContainsSubstring("net.json,2,round,tensor,unchanged,certified,0.75,3 of 4 inputs\n"));
    // Every name that --print takes is a line of CSV where everything was measured, and the other way round.
    std::vector<std::string> lines;
    for (const std::string_view number : measured_numbers()) {
        CHECK_THAT(rows, ContainsSubstring("net.json,2,round,tensor," + std::string(number) + ","));
    }
    CHECK(std::count(rows.begin(), rows.end(), '\n') == static_cast<std::ptrdiff_t>(2 * measured_numbers().size()));
}

TEST_CASE("measure: nodes sorted and cut") {
    const Network net = network();
    const MeasureReport report = report_on(net, {2}, true);
    RenderOptions options;
    options.layers = true;
    options.sort = "name";
    options.top = 1;
    const PrintableMeasure printable(report, false);
    CHECK(printable.rows(options, Delimited::csv).starts_with("net.json,2,round,tensor,d,Gemm,"));
    CHECK(std::ranges::count(printable.rows(options, Delimited::csv), '\n') == 1);
}

TEST_CASE("measure: inputs outside the box") {
    const Network net = network();
    const std::vector<double> x{0.5, 0.5, 1.5, 0.5, 0, -1e-300};
    CHECK(count_outside(net, {x, 3}) == 2);
}

TEST_CASE("gap: decades from what was reached to the best bound") {
    Result result;
    CHECK(std::isinf(result.gap_up()));
    result.bounds.push_back({"interval", Upper::exactly(100.0), Guarantee::certified, {}});
    result.best = 0;
    CHECK(std::isinf(result.gap_up()));
    result.reached.emplace();
    CHECK(std::isinf(result.gap_up()));
    result.reached->value = 0.1;
    CHECK(result.gap_up() >= 3);
    CHECK(result.gap_up() == Approx(3).epsilon(1e-9));
    result.bounds[0].value = Upper{};
    result.reached->value = 0;
    CHECK(result.gap_up() == 0);
}
