// SPDX-License-Identifier: Apache-2.0
#include "qbound/report.hpp"
#include "report/document.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "support/json_schema.hpp"
#include "support/networks.hpp"

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>

using namespace qbound;
using qbound::test::Json;
using qbound::test::JsonSchema;
using qbound::test::NetworkBuilder;

namespace {

/// The network of examples/typed.json, whose bounds at 3 bits are computed by hand there.
Network typed() {
    return NetworkBuilder({2}, -1, 1)
        .dense("hidden", {{3, -1.25}, {0.75, 2}}, {0.5, -1})
        .relu("relu")
        .dense("output", {{1.5, -0.625}}, {0.25})
        .build("typed");
}

/// A residual block, on which the papers' theorems do not hold.
Network residual() {
    return NetworkBuilder({2}, 0, 1)
        .dense("a", {{1, 2}, {3, 4}})
        .relu("r")
        .dense("b", {{1, 0}, {0, 1}})
        .add("sum", "Add", Sum{{1, 1}}, {2}, {3, 2})
        .build("residual");
}

/// Sixty-four layers of norm 1e8: the papers' bounds are beyond the range of double.
Network huge() {
    NetworkBuilder builder({1}, -1, 1);
    for (int i = 0; i < 64; ++i) {
        builder.dense("l" + std::to_string(i), {{1e8}});
    }
    return builder.build("huge");
}

Result bounds_of(const WeightPair& pair, std::string_view names, int threads = 1) {
    std::vector<Upper> theta_norms;
    return evaluate(pair, select_methods(names, pair.network()), {.threads = threads}, theta_norms);
}

constexpr std::string_view kPapers = "gonon-2023,houache-general,houache-conv";

Report report_on(const Network& network, const std::vector<Quantizer>& quantizers) {
    Report report;
    report.model = summarise(network, false);
    report.model.file = network.name() + ".json";
    report.model.format = "layer-list";
    for (const Quantizer& quantizer : quantizers) {
        report.results.push_back(bounds_of(WeightPair(network, quantizer), kPapers));
    }
    return report;
}

Quantizer at(int bits) {
    Quantizer quantizer;
    quantizer.bits = bits;
    return quantizer;
}

JsonSchema schema() {
    std::ifstream file(QBOUND_SOURCE_DIR "/docs/report.schema.json");
    return JsonSchema(Json::parse(file));
}

std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        out.push_back(line);
    }
    return out;
}

std::string first_difference(const std::vector<std::string>& complaints) {
    return complaints.empty() ? "" : complaints.front();
}

}  // namespace

TEST_CASE("report: bounds computed by hand") {
    const Network network = typed();
    const Report report = report_on(network, {at(3)});
    const Result& result = report.results.front();
    REQUIRE(result.bounds.size() == 3);
    CHECK(result.bounds[0].method == "gonon-2023");
    CHECK(result.bounds[0].value >= Upper::exactly(8.5));
    CHECK(result.bounds[0].value.value_up() == Approx(8.5).epsilon(1e-12));
    CHECK(result.bounds[1].value.value_up() == Approx(4.75).epsilon(1e-12));
    REQUIRE(result.best);
    CHECK(result.bounds[*result.best].value.value_up() == Approx(4.75).epsilon(1e-12));
    CHECK(result.delta >= 0.25);
    CHECK(result.delta == Approx(0.25).epsilon(1e-12));
    CHECK(result.layers.size() == 2);
    CHECK(result.layers[0].shape == Shape{2, 2});
    CHECK(result.layers[0].norm_inf.value_up() == Approx(4.25).epsilon(1e-12));
    CHECK(result.layers[1].etas == std::vector<double>{0.5});
    CHECK(report.model.parameters == 9);
    CHECK(report.model.depth == 2);
    CHECK(report.model.max_width == 2);
    CHECK(report.model.topology == "chain");
    CHECK(report.model.input_box == "[-1, 1]");
}

TEST_CASE("report: any number of threads gives the same") {
    const Network network = typed();
    const WeightPair pair(network, at(3));
    Report one;
    Report many;
    one.results.push_back(bounds_of(pair, "all", 1));
    many.results.push_back(bounds_of(pair, "all", 7));
    CHECK(render({one}, Format::json, {}) == render({many}, Format::json, {}));
}

TEST_CASE("report: a conditional bound is never the best") {
    const Network network = residual();
    const Report report = report_on(network, {at(2)});
    const Result& result = report.results.front();
    CHECK(report.model.topology == "graph");
    for (const Bound& bound : result.bounds) {
        CHECK(bound.guarantee == Guarantee::conditional);
        CHECK_FALSE(bound.reasons.empty());
    }
    CHECK_FALSE(result.best);
    CHECK_THAT(render({report}, Format::table, {}), ContainsSubstring("best        no finite certified bound"));
    CHECK(Json::parse(render({report}, Format::json, {}))["results"][0]["best"].is_null());
}

TEST_CASE("report: JSON follows its schema") {
    const JsonSchema rules = schema();
    const Network networks[] = {typed(), residual(), huge()};
    Quantizer channel = at(4);
    channel.granularity = Granularity::channel;
    channel.bits_by_layer = {};
    Quantizer step;
    step.eta = 0.25;
    for (const Network& network : networks) {
        const Report report = report_on(network, {at(2), at(8), channel, step});
        CAPTURE(network.name());
        CHECK(first_difference(rules.validate(Json::parse(render({report}, Format::json, {})))) == "");
        CHECK(first_difference(rules.validate(Json::parse(render({report}, Format::ndjson, {})))) == "");
    }
    Json broken = Json::parse(render({report_on(networks[0], {at(8)})}, Format::json, {}));
    broken["results"][0]["bounds"][0]["guarantee"] = "proved";
    CHECK_FALSE(rules.validate(broken).empty());
}

TEST_CASE("report: θ' from a file has no quantizer") {
    const Network network = typed();
    const Network other = NetworkBuilder({2}, -1, 1)
                              .dense("hidden", {{3, -1}, {1, 2}}, {0.5, -1})
                              .relu("relu")
                              .dense("output", {{1.5, -0.5}}, {0.25})
                              .build("other");
    Report report;
    report.model = summarise(network, false);
    report.model.format = "layer-list";
    report.results.push_back(bounds_of(WeightPair(network, other), "houache-general"));
    const Json json = Json::parse(render({report}, Format::json, {}));
    CHECK(first_difference(schema().validate(json)) == "");
    CHECK(json["results"][0]["bits"].is_null());
    CHECK(json["results"][0]["quantizer"].is_null());
    CHECK(json["results"][0]["layers"][0]["eta"].is_null());
    CHECK(json["results"][0]["bounds"][0]["value"].get<double>() == Approx(4.75).epsilon(1e-12));
    CHECK_THAT(render({report}, Format::table, {}), ContainsSubstring("none: the quantized network is given by a file"));
    CHECK(lines(render({report}, Format::csv, {}))[1].starts_with(",,,,houache-general,certified,4.75"));
}

TEST_CASE("report: a bound beyond the range of double") {
    const Network network = huge();
    Quantizer step;
    step.eta = 0.3;
    const Report report = report_on(network, {step});
    const Json bound = Json::parse(render({report}, Format::json, {}))["results"][0]["bounds"][0];
    CHECK(bound["value"] == "inf");
    CHECK(bound["value_hex"] == "inf");
    CHECK(bound["log10"].get<double>() > 500);
    // Still finite, certified, and the best.
    REQUIRE(report.results[0].best);
    CHECK_THAT(render({report}, Format::table, {}), ContainsSubstring("e+50"));
}

TEST_CASE("report: several models") {
    const Network a = typed();
    const Network b = residual();
    const std::vector<Report> both{report_on(a, {at(3)}), report_on(b, {at(3)})};
    CHECK(Json::parse(render({both[0]}, Format::json, {})).is_object());
    const Json array = Json::parse(render(both, Format::json, {}));
    REQUIRE(array.is_array());
    CHECK(array.size() == 2);
    CHECK(lines(render(both, Format::ndjson, {})).size() == 2);

    // Asked for several, of which one could be read: still an array.
    internal::DocumentWriter writer(Format::json, {}, true);
    std::string document = writer.add(internal::PrintableReport(both[0]));
    document += writer.finish();
    CHECK(Json::parse(document).size() == 1);
    CHECK(internal::DocumentWriter(Format::json, {}, true).finish().empty());
}

TEST_CASE("report: what was reached stands beside the bounds in every format") {
    const Network network = typed();
    Report report = report_on(network, {at(3), at(4)});
    for (Result& result : report.results) {
        result.reached.emplace();
        result.reached->value = 0.25;
        result.reached->width = 1e-17;
        result.reached->guarantee = Guarantee::lower;
        result.reached->witness.evaluations = 7;
    }
    const Json json = Json::parse(render({report}, Format::json, {}));
    CHECK(first_difference(schema().validate(json)).empty());
    CHECK(json["results"][0]["measured"]["value"] == 0.25);
    CHECK(json["results"][0]["measured"]["guarantee"] == "lower");
    // 4.75 against 0.25: log10(19) = 1.2787…
    CHECK(json["results"][0]["gap_decades"].get<double>() >= std::log10(19));
    CHECK(json["results"][0]["gap_decades"].get<double>() == Approx(std::log10(19)).epsilon(1e-9));
    CHECK_THAT(render({report}, Format::csv, {}), ContainsSubstring("typed.json,3,round,tensor,reached,lower,0.25,-0.60205999"));
    CHECK_THAT(render({report}, Format::table, {}), ContainsSubstring("best/reached"));
    report.results.resize(1);
    CHECK_THAT(render({report}, Format::table, {}), ContainsSubstring("1.28 decades above the error reached"));
    report.results.front().reached->value = 0;
    CHECK(first_difference(schema().validate(Json::parse(render({report}, Format::json, {})))).empty());
}

TEST_CASE("report: CSV and TSV in long form") {
    const Network network = residual();
    Report report = report_on(network, {at(2), at(3)});
    report.model.file = "a,\"b\".json";
    const auto csv = lines(render({report}, Format::csv, {}));
    REQUIRE(csv.size() == 1 + 2 * 3);
    CHECK(csv[0] == "model,bits,rounding,granularity,method,guarantee,value,log10,reasons");
    CHECK(csv[1].starts_with("\"a,\"\"b\"\".json\",2,round,tensor,"));
    CHECK_THAT(csv[1], ContainsSubstring(",conditional,"));
    const auto tsv = lines(render({report}, Format::tsv, {}));
    CHECK(tsv[0] == "model\tbits\trounding\tgranularity\tmethod\tguarantee\tvalue\tlog10\treasons");
    CHECK(tsv[1].starts_with("a,\"b\".json\t2\tround\ttensor\t"));

    RenderOptions options;
    options.layers = true;
    const auto layers = lines(render({report}, Format::csv, options));
    CHECK(layers[0] ==
          "model,bits,rounding,granularity,name,op,shape,fan_in,fan_in_paper,norm_inf,norm_inf_quantized,delta_norm_inf,norm_2,"
          "delta_norm_2,eta,layer_bits,max_abs_delta,max_abs_bias_delta,share");
    CHECK(layers.size() == 1 + 2 * 2);
}

TEST_CASE("report: layers sorted and cut") {
    const Network network = typed();
    const Report report = report_on(network, {at(3)});
    RenderOptions options;
    options.sort = "norm_inf";
    options.top = 1;
    const Json layers = Json::parse(render({report}, Format::json, options))["results"][0]["layers"];
    REQUIRE(layers.size() == 1);
    CHECK(layers[0]["name"] == "hidden");
    options.sort = "name";
    options.top = 0;
    CHECK(Json::parse(render({report}, Format::json, options))["results"][0]["layers"][1]["name"] == "output");
    options.sort = "size";
    CHECK_THROWS_WITH(
        render({report}, Format::table, options),
        "--sort: 'size' is not a column; hint: one of name, op, fan_in, norm_inf, norm_inf_quantized, delta_norm_inf, norm_2, "
        "delta_norm_2, eta, bits, max_abs_delta, share");
}

TEST_CASE("report: table") {
    const Network network = typed();
    const Report report = report_on(network, {at(3)});
    RenderOptions options;
    options.layers = true;
    options.constants = true;
    const std::string table = render({report}, Format::table, options);
    CHECK_THAT(table, ContainsSubstring(
                          "quantizer   3 bits, round to nearest (ties to even), symmetric, one step per tensor, biases kept\n"));
    CHECK_THAT(table, ContainsSubstring("network     chain, 2 weight layers, 9 parameters, depth L = 2, largest width N = 2\n"));
    CHECK_THAT(table, ContainsSubstring("fan-in grouped: sum 4, max 2; as in the paper: sum 4, max 3"));
    CHECK(lines(table).back().starts_with("best        houache-"));

    const std::string several = render({report_on(network, {at(2), at(3)})}, Format::table, {});
    CHECK_THAT(several, ContainsSubstring("quantizer   2, 3 bits,"));
    CHECK_THAT(several, ContainsSubstring("best at 3   houache-"));

    options.header = false;
    options.layers = false;
    CHECK(render({report}, Format::table, options).starts_with("method "));
    CHECK_THAT(render({report}, Format::markdown, {}), ContainsSubstring("| gonon-2023 | 8.51 | 0.93 | certified |  |\n"));
}

TEST_CASE("report: methods are chosen by name") {
    const Network network = typed();
    CHECK(select_methods("all", network).methods.size() == methods().size());
    const MethodSelection two = select_methods("houache-conv,gonon-2023,houache-conv", network);
    REQUIRE(two.methods.size() == 2);
    CHECK(two.methods[0]->name == "gonon-2023");  // in the registry's order
    CHECK_THROWS_WITH(select_methods("gonon", network),
                      ContainsSubstring("--methods: 'gonon' is not a method; hint: one of default, fast, all, "
                                        "gonon-2023, "));
    CHECK_THROWS_AS(select_methods("", network), Error);
}

TEST_CASE("report: formats by name") {
    CHECK(parse_format("ndjson") == Format::ndjson);
    CHECK_THROWS_WITH(parse_format("yaml"),
                      "--format: 'yaml' is not a format; hint: one of table, json, ndjson, csv, tsv, markdown");
}
