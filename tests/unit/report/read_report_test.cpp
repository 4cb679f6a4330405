// SPDX-License-Identifier: Apache-2.0
#include "compare_support.hpp"
#include "qbound/error.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace qbound;
using namespace qbound::test;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The message for a report whose text `from` is replaced by `to`; it must be malformed.
std::string complaint(const std::string& from, const std::string& to) {
    std::string text = report_text({one_bound("2.5")});
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    try {
        static_cast<void>(parse_reports(text));
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::malformed);
        return error.what();
    }
    return "no complaint";
}

double value_of(const std::string& members) {
    return parse_reports(R"({"schema": "qbound.report/1", "model": {"file": "f", "name": "n", "input_box": "b"}, "results":
        [{"bits": 8, "quantizer": null, "convention": "grouped", "best": null, "bounds": [{"method": "m", "guarantee": "certified", )" +
                         members + "}]}]}")
        .front()
        .rows.front()
        .number.value;
}

}  // namespace

TEST_CASE("reading reports: an object, an array, lines") {
    const std::string one = report_text({one_bound("1")}, {.file = "a.json"});
    const std::string two = report_text({one_bound("1"), {.bits = "4", .bounds = {}, .more = {}}}, {.file = "b.json"});
    CHECK(parse_reports(one).size() == 1);
    CHECK(parse_reports("[" + one + ",\n" + two + "]\n").size() == 3);
    CHECK(parse_reports(one + "\n\n" + two + "\r\n").size() == 3);
    CHECK(parse_reports("\n" + one + "\n").size() == 1);
    CHECK_THROWS_WITH(parse_reports(" \n"), "is empty; hint: a report of qbound --format json (qbound.report/1)");
    CHECK_THROWS_WITH(parse_reports("[]"), "is an array without a report");
    CHECK_THROWS_WITH(parse_reports("7"), "is no report: 'schema' is missing; hint: qbound.report/1 is read");
    CHECK_THROWS_WITH(parse_reports(one + "\n{} {}"), ContainsSubstring("line 2: is not JSON (byte 4)"));
    CHECK_THROWS_WITH(parse_reports("[" + one + ", {}]"), "[1]: is no report: 'schema' is missing; hint: qbound.report/1 is read");
}

TEST_CASE("reading reports: rows") {
    ResultText result = one_bound("2.5");
    result.bounds.push_back({"gonon-2023", "\"inf\"", "conditional", "400.5"});
    result.more = R"(, "measured": {"value": 0.125, "value_hex": "0x1p-3", "log10": -0.9, "guarantee": "lower"})";
    const ReportedResult read = parsed({result}).front();
    CHECK(read.file == "net.json");
    CHECK(read.name == "net");
    CHECK(read.setting == "8 bits");
    REQUIRE(read.rows.size() == 4);
    CHECK(read.rows[0].name == "joint");
    CHECK(read.rows[0].number.value == 2.5);
    CHECK(read.rows[0].number.log10 == Approx(std::log10(2.5)));  // of the value, whatever the field says
    CHECK(read.rows[0].number.is_certified());
    CHECK(read.rows[1].number.value == kInfinity);
    CHECK(read.rows[1].number.log10 == 400.5);
    CHECK(read.rows[1].number.is_finite());
    CHECK_FALSE(read.rows[1].number.is_certified());
    CHECK(read.rows[2].name == "best");
    CHECK(read.rows[2].number.method == "joint");
    CHECK(read.rows[3].name == "reached");
    CHECK(read.rows[3].number.value == 0.125);
    CHECK(read.rows[3].number.guarantee == "lower");
}

TEST_CASE("reading reports: settings in words") {
    const auto setting = [](const std::string& bits, const std::string& quantizer) {
        return parsed({{.bits = bits, .quantizer = quantizer, .bounds = {}, .more = {}}}).front().setting;
    };
    CHECK(setting("1", R"({"rounding": "floor", "ties": "even", "symmetric": false})") == "1 bit, rounding floor, symmetric false");
    CHECK(setting("4", R"({"bits_by_layer": {"c1": 8}, "quantize_biases": true})") ==
          "4 bits, bits_by_layer {\"c1\":8}, quantize_biases true");
    CHECK(setting("null", R"({"eta": 0.5})") == "step given, eta 0.5");
    CHECK(setting("null", "null") == "network given");
}

TEST_CASE("reading reports: the hexadecimal double is the value") {
    CHECK(value_of(R"("value": 0.1, "value_hex": "0x1.999999999999ap-4", "log10": -1)") == 0.1);
    CHECK(value_of(R"("value": 0.1, "log10": -1)") == 0.1);
    CHECK(value_of(R"("value": 0, "value_hex": "0x0p+0", "log10": "-inf")") == 0);
    CHECK(value_of(R"("value": "inf", "value_hex": "inf", "log10": "inf")") == kInfinity);
    CHECK_THROWS_WITH(value_of(R"("value": 0.1, "value_hex": "0x1.999999999999bp-4", "log10": -1)"),
                      "results[0].bounds[0]: 'value_hex' is another number than 'value'");
    for (const char* hex : {"\"nan\"", "\"-inf\"", "\"0xnan\"", "\"-0x1p+0\"", "\"0x-1p+0\"", "\"0x1p+0 \"", "\"1\"", "1", "\"\"",
                            "\"0x1p+99999\"", "null"}) {
        CAPTURE(hex);
        CHECK_THROWS_WITH(value_of(std::string(R"("value": 1, "log10": 0, "value_hex": )") + hex),
                          "results[0].bounds[0]: 'value_hex' is not a double in hexadecimal");
    }
    for (const char* value : {"-1", "\"nan\"", "\"-inf\"", "null", "true", "\"1\"", "[]"}) {
        CAPTURE(value);
        CHECK_THROWS_WITH(value_of(std::string(R"("log10": 0, "value": )") + value),
                          "results[0].bounds[0]: 'value' is neither a number of at least 0 nor \"inf\"");
    }
    CHECK_THROWS_WITH(value_of(R"("value": NaN, "log10": 0)"), ContainsSubstring("is not JSON"));
    CHECK_THROWS_WITH(value_of(R"("value": 1e999, "log10": 0)"), ContainsSubstring("number out of range"));
    CHECK_THROWS_WITH(value_of(R"("value": "inf", "log10": 3)"),
                      "results[0].bounds[0]: 'log10' is that of a smaller number than 'value'");
    CHECK_THROWS_WITH(value_of(R"("value": 1, "log10": "nan")"), "results[0].bounds[0]: 'log10' is neither a number nor \"inf\"");
}

TEST_CASE("reading reports: what is wrong, and where") {
    CHECK(complaint("\"value\": 2.5, ", "") == "results[0].bounds[0]: 'value' is missing");
    CHECK(complaint("qbound.report/1", "qbound.compare/1") == "'schema' is 'qbound.compare/1'; hint: qbound.report/1 is read");
    CHECK(complaint("\"file\"", "\"path\"") == "model: 'file' is missing");
    CHECK(complaint("\"bits\": 8", "\"bits\": -8") == "results[0]: 'bits' is neither a number of bits nor null");
    CHECK(complaint("\"bits\": 8", "\"bits\": 8.5") == "results[0]: 'bits' is neither a number of bits nor null");
    CHECK(complaint("\"bits\": 8", "\"bits\": 99999999999") == "results[0]: 'bits' is neither a number of bits nor null");
    CHECK(complaint("\"quantizer\": {", "\"quantizer\": 3, \"other\": {") ==
          "results[0]: 'quantizer' is neither an object nor null");
    CHECK(complaint("\"certified\"", "\"proved\"") == "results[0].bounds[0]: 'guarantee' is neither certified nor conditional");
    CHECK(complaint("\"joint\"", "\"best\"") == "results[0].bounds[0]: 'method' is not the name of a method");
    CHECK(complaint("\"bounds\": [", "\"bounds\": [3, ") == "results[0].bounds[0]: is not an object");
    CHECK(complaint("\"results\": [", "\"results\": 1, \"x\": [") == "'results' is not an array");
    CHECK(complaint("\"name\"", "\"name\": \"b\", \"name\"") == "the key 'name' appears twice in an object");
    CHECK_THROWS_WITH(parsed({}), "'results' is empty");
    CHECK_THROWS_WITH(parsed({{.bounds = {{"m"}, {"m"}}, .more = {}}}), "results[0].bounds[1]: method 'm' appears twice");
    CHECK_THROWS_WITH(
        parsed({one_bound("1"), one_bound("2")}),
        "results[1]: has the model, quantizer and input box of a result before it; hint: compare such reports one by one");
}

TEST_CASE("reading reports: limits") {
    CHECK_THROWS_WITH(parse_reports(std::string(100, '[') + std::string(100, ']')), "JSON nested deeper than 64 levels");
    CHECK_THROWS_WITH(parse_reports(std::string(1000000, '[')), "JSON nested deeper than 64 levels");
    std::string many = "[";
    for (int i = 0; i < (1 << 22); ++i) {
        many += "0,";
    }
    CHECK_THROWS_WITH(parse_reports(many + "0]"), "more than 4194304 JSON values");
    CHECK_THROWS_WITH(parse_reports(std::string(kMaxReportBytes + 1, ' ')), ContainsSubstring("more than the limit of 67108864"));
    // What could make the output far larger than the report.
    ResultText result;
    for (int i = 0; i < 100; ++i) {
        result.bounds.push_back({"m" + std::to_string(i)});
    }
    CHECK(parsed({result}).front().rows.size() == 100);
    std::string lines;
    for (int i = 0; i <= 1000; ++i) {
        lines += report_text({result}, {.file = std::to_string(i)}) + '\n';
    }
    CHECK_THROWS_WITH(parse_reports(lines), "line 1001: results[0]: more than 100000 bounds to compare");
    result.bounds.push_back({"m100"});
    CHECK_THROWS_WITH(parsed({result}), "results[0].bounds[100]: more than 100 methods");
    CHECK(parsed({one_bound("1")}, {.file = std::string(4096, 'f')}).size() == 1);
    CHECK_THROWS_WITH(parsed({one_bound("1")}, {.file = std::string(4097, 'f')}), "model: 'file' is longer than 4096 bytes");
    ResultText wordy = one_bound("1");
    wordy.quantizer = "{\"x\": \"" + std::string(390, 'w') + "\u00e9\u00e9\"}";
    const std::string setting = parsed({wordy}).front().setting;
    CHECK(setting == "8 bits, x " + std::string(390, 'w') + "...");
    wordy.quantizer.insert(7, "v");
    CHECK(parsed({wordy}).front().setting == "8 bits, x v" + std::string(389, 'w') + "...");
}
