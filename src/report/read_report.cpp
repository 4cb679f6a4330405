// SPDX-License-Identifier: Apache-2.0
#include "qbound/compare.hpp"
#include "qbound/error.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace qbound {

namespace {

using Json = nlohmann::json;
using internal::one_line;

constexpr std::string_view kSchema = "qbound.report/1";
constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxValues = std::size_t{1} << 22;
// What is printed grows with rows times texts.
constexpr std::size_t kMaxMethods = 100;
constexpr std::size_t kMaxRows = 100000;
constexpr std::size_t kMaxTextBytes = 4096;
constexpr std::size_t kMaxSettingBytes = 400;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

[[noreturn]] void fail(const std::string& place, std::string reason, std::string hint = {}) {
    throw Error(ErrorKind::malformed, place, std::move(reason), std::move(hint));
}

/// A document tree, but no larger or deeper than a report may be, and no key twice in an object.
Json parse_document(std::string_view text) {
    std::size_t values = 0;
    std::vector<std::set<std::string>> keys;
    const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > kMaxDepth) {
            fail("", fmt::format("JSON nested deeper than {} levels", kMaxDepth));
        }
        if (++values > kMaxValues) {
            fail("", fmt::format("more than {} JSON values", kMaxValues));
        }
        if (event == Json::parse_event_t::object_start) {
            keys.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            keys.pop_back();
        } else if (event == Json::parse_event_t::key) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!keys.back().insert(key).second) {
                fail("", fmt::format("the key '{}' appears twice in an object", one_line(key)));
            }
        }
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), check);
    } catch (const Json::parse_error& error) {
        fail("", fmt::format("is not JSON (byte {})", error.byte), "an object, an array of objects, or one object on each line");
    } catch (const Json::exception&) {  // a number beyond the range of double
        fail("", "has a number out of range");
    }
}

/// A JSON value and where it stands.
struct Node {
    const Json& json;
    std::string place;

    [[noreturn]] void refuse(std::string_view name, std::string_view complaint) const {
        fail(place, fmt::format("'{}' {}", name, complaint));
    }
    [[nodiscard]] const Json& need(const char* name) const {
        if (!json.is_object()) {
            fail(place, "is not an object");
        }
        const auto found = json.find(name);
        if (found == json.end()) {
            refuse(name, "is missing");
        }
        return *found;
    }
    [[nodiscard]] std::string text(const char* name) const {
        const Json& value = need(name);
        if (!value.is_string()) {
            refuse(name, "is not a text");
        }
        if (value.get_ref<const std::string&>().size() > kMaxTextBytes) {
            refuse(name, fmt::format("is longer than {} bytes", kMaxTextBytes));
        }
        return value.get<std::string>();
    }
    [[nodiscard]] Node member(const char* name) const {
        return {need(name), place.empty() ? name : fmt::format("{}.{}", place, name)};
    }
    /// The elements of the array `name`, each with its place.
    template <class Use>
    void each(const char* name, const Use& use) const {
        const Node array = member(name);
        if (!array.json.is_array()) {
            refuse(name, "is not an array");
        }
        for (std::size_t i = 0; i < array.json.size(); ++i) {
            use(Node{array.json[i], fmt::format("{}[{}]", array.place, i)});
        }
    }
};

/// What hexadecimal() writes of numbers that are not negative. Nothing for any other text.
std::optional<double> parse_hexadecimal(std::string_view text) {
    if (text == "inf") {
        return kInfinity;
    }
    if (!text.starts_with("0x0") && !text.starts_with("0x1")) {
        return std::nullopt;
    }
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 2, end, value, std::chars_format::hex);
    return error == std::errc{} && stop == end && value >= 0 ? std::optional(value) : std::nullopt;
}

double parse_value(const Node& node, bool decimal_is_exact) {
    const Json& decimal = node.need("value");
    double value = decimal == "inf" ? kInfinity : -1;
    if (decimal.is_number()) {
        value = decimal.get<double>();
    }
    if (!(value >= 0)) {
        node.refuse("value", "is neither a number of at least 0 nor \"inf\"");
    }
    const auto hex = node.json.find("value_hex");
    if (hex == node.json.end()) {
        return value;
    }
    const auto exact = hex->is_string() ? parse_hexadecimal(hex->get_ref<const std::string&>()) : std::nullopt;
    if (!exact) {
        node.refuse("value_hex", "is not a double in hexadecimal");
    }
    if (decimal_is_exact && *exact != value) {
        node.refuse("value_hex", "is another number than 'value'");
    }
    return *exact;
}

double parse_log10(const Node& node, double value) {
    const Json& log10 = node.need("log10");
    if (!log10.is_number() && log10 != "inf" && log10 != "-inf") {
        node.refuse("log10", "is neither a number nor \"inf\"");
    }
    if (std::isfinite(value)) {
        return Upper::exactly(value).log10_up();
    }
    const double reported = log10.is_number() ? log10.get<double>() : log10 == "inf" ? kInfinity : -kInfinity;
    if (!(reported >= std::numeric_limits<double>::max_exponent10)) {
        node.refuse("log10", "is that of a smaller number than 'value'");
    }
    return reported;
}

/// {"value", "value_hex", "log10"}. A bound's decimal reads back as the double; a reached error's need not.
ReportedNumber parse_number(const Node& node, std::string guarantee, bool decimal_is_exact = true) {
    ReportedNumber number;
    number.value = parse_value(node, decimal_is_exact);
    number.log10 = parse_log10(node, number.value);
    number.guarantee = std::move(guarantee);
    return number;
}

std::string parse_guarantee(const Node& node, std::string_view one, std::string_view other) {
    std::string guarantee = node.text("guarantee");
    if (guarantee != one && guarantee != other) {
        node.refuse("guarantee", fmt::format("is neither {} nor {}", one, other));
    }
    return guarantee;
}

std::string parse_method(const Node& node) {
    std::string method = node.text("method");
    if (method.empty() || method == kBestRow || method == kReachedRow) {
        node.refuse("method", "is not the name of a method");
    }
    return method;
}

/// A quantizer in words; what every quantizer has unless told otherwise goes without saying.
std::string setting_in_words(const Json& bits, const Json& quantizer, const std::string& convention) {
    static const Json kUsual{
        {"rounding", "round"}, {"granularity", "tensor"}, {"symmetric", true}, {"ties", "even"}, {"quantize_biases", false}};
    std::string words = bits.is_null() ? quantizer.is_null() ? "network given" : "step given"
                                       : fmt::format("{} bit{}", bits.get<int>(), bits == 1 ? "" : "s");
    for (const auto& [name, value] : quantizer.items()) {
        if (const auto usual = kUsual.find(name); usual == kUsual.end() || *usual != value) {
            words += fmt::format(", {} {}", name, value.is_string() ? value.get<std::string>() : value.dump());
        }
    }
    if (convention != "grouped") {
        words += fmt::format(", fan-in {}", convention);
    }
    if (words.size() > kMaxSettingBytes) {
        std::size_t end = kMaxSettingBytes;
        while ((static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) {  // not within a character
            --end;
        }
        words = words.substr(0, end) + "...";
    }
    return words;
}

ReportedResult parse_result(const Node& node, const Node& model) {
    ReportedResult result;
    result.file = model.text("file");
    result.name = model.text("name");
    result.input_box = model.text("input_box");
    const Json& bits = node.need("bits");
    constexpr std::uint64_t kMostBits = 1000;
    if (!bits.is_null() && !(bits.is_number_unsigned() && bits.get<std::uint64_t>() <= kMostBits)) {
        node.refuse("bits", "is neither a number of bits nor null");
    }
    const Json& quantizer = node.need("quantizer");
    if (!quantizer.is_null() && !quantizer.is_object()) {
        node.refuse("quantizer", "is neither an object nor null");
    }
    const std::string convention = node.text("convention");
    result.setting = setting_in_words(bits, quantizer, convention);
    result.identity = Json::array({bits, quantizer, convention, result.input_box}).dump();

    std::set<std::string> methods;
    node.each("bounds", [&](const Node& bound) {
        std::string method = parse_method(bound);
        if (!methods.insert(method).second) {
            fail(bound.place, fmt::format("method '{}' appears twice", one_line(method)));
        }
        if (methods.size() > kMaxMethods) {
            fail(bound.place, fmt::format("more than {} methods", kMaxMethods));
        }
        result.rows.push_back({std::move(method), parse_number(bound, parse_guarantee(bound, "certified", "conditional"))});
    });
    if (const Node best = node.member("best"); !best.json.is_null()) {
        result.rows.push_back({std::string(kBestRow), parse_number(best, "certified")});
        result.rows.back().number.method = parse_method(best);
    }
    if (node.json.contains("measured")) {
        const Node measured = node.member("measured");
        result.rows.push_back(
            {std::string(kReachedRow), parse_number(measured, parse_guarantee(measured, "lower", "measured"), false)});
    }
    return result;
}

class Collector {
  public:
    std::vector<ReportedResult> results;

    void add_report(const Node& report) {
        const std::string hint = fmt::format("{} is read", kSchema);
        if (!report.json.is_object() || !report.json.contains("schema")) {
            fail(report.place, "is no report: 'schema' is missing", hint);
        }
        if (const std::string schema = report.text("schema"); schema != kSchema) {
            fail(report.place, fmt::format("'schema' is '{}'", one_line(schema)), hint);
        }
        const Node model = report.member("model");
        const std::size_t before = results.size();
        report.each("results", [&](const Node& node) {
            results.push_back(parse_result(node, model));
            rows_ += results.back().rows.size();
            if (rows_ > kMaxRows) {
                fail(node.place, fmt::format("more than {} bounds to compare", kMaxRows));
            }
            if (!known_.emplace(results.back().file, results.back().identity).second) {
                fail(node.place, "has the model, quantizer and input box of a result before it", "compare such reports one by one");
            }
        });
        if (results.size() == before) {
            report.refuse("results", "is empty");
        }
    }

  private:
    std::size_t rows_ = 0;
    std::set<std::pair<std::string, std::string>> known_;
};

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
    return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// Whether the first line is an object of its own, and more follows.
bool is_ndjson(std::string_view text) {
    const std::size_t end = text.find('\n');
    return text.starts_with('{') && end != std::string_view::npos && trimmed(text.substr(0, end)).ends_with('}');
}

}  // namespace

std::vector<ReportedResult> parse_reports(std::string_view text) {
    if (text.size() > kMaxReportBytes) {
        fail("", fmt::format("{} bytes are more than the limit of {} for a report", text.size(), kMaxReportBytes));
    }
    text = trimmed(text);
    if (text.empty()) {
        fail("", "is empty", fmt::format("a report of qbound --format json ({})", kSchema));
    }
    Collector collector;
    if (is_ndjson(text)) {
        std::size_t number = 0;
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            const std::string_view line = trimmed(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
            ++number;
            try {
                if (!line.empty()) {
                    const Json document = parse_document(line);
                    collector.add_report({document, ""});
                }
            } catch (const Error& error) {
                throw error.within(fmt::format("line {}", number));
            }
        }
        return std::move(collector.results);
    }
    const Json document = parse_document(text);
    if (!document.is_array()) {
        collector.add_report({document, ""});
        return std::move(collector.results);
    }
    if (document.empty()) {
        fail("", "is an array without a report");
    }
    for (std::size_t i = 0; i < document.size(); ++i) {
        collector.add_report({document[i], fmt::format("[{}]", i)});
    }
    return std::move(collector.results);
}

}  // namespace qbound
