// SPDX-License-Identifier: Apache-2.0
#include "report/allocate_report.hpp"

#include "report/delimited_fields.hpp"
#include "report/facts.hpp"
#include "report/json_report.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"
#include "report/text_table.hpp"
#include "report/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <cstdlib>

namespace qbound::internal {

namespace {

using Align = TextTable::Align;

constexpr int kDigits = 3;
constexpr std::int64_t kBitsOfByte = 8;

std::int64_t bytes(std::int64_t bits) {
    return bits / kBitsOfByte + (bits % kBitsOfByte == 0 ? 0 : 1);
}

double average_bits(const AllocateReport& report, std::int64_t size) {
    return report.numbers == 0 ? 0 : static_cast<double>(size) / static_cast<double>(report.numbers);
}

std::string size_text(const AllocateReport& report, std::int64_t size) {
    return fmt::format("{}, {:.3f} bits on average", bytes_text(size), average_bits(report, size));
}

std::string bound_text(const Bound& bound) {
    return fmt::format("{} {} (log10 {}, certified)", bound.method, decimal_up(bound.value, kDigits), log10_text(bound.value));
}

std::string counted(const AllocateReport& report) {
    return report.options.quantizer.quantize_biases ? "weights and biases" : "weights";
}

std::string goal_text(const AllocateReport& report) {
    const std::string_view uniform = report.options.uniform ? ", with one width for all layers" : "";
    if (report.goal.target) {
        return fmt::format("the smallest size with a bound of at most {}{}", shortest(report.goal.target->value_up()), uniform);
    }
    if (report.goal.budget) {
        return fmt::format("the smallest bound within {}{}", size_text(report, *report.goal.budget), uniform);
    }
    return fmt::format("bounds at every size{}", uniform);
}

std::string header_text(const AllocateReport& report, TableStyle style) {
    Facts facts(style);
    facts.add_model(report.model);
    facts.add("quantizer", fmt::format("{} bits, {}", fmt::join(report.options.widths, ", "), describe(report.options.quantizer)));
    facts.add("goal", goal_text(report));
    facts.add("size", fmt::format("of {}, {} numbers{}", counted(report), grouped_thousands(report.numbers),
                                  report.options.quantizer.quantize_biases ? "" : "; biases are not counted"));
    for (const std::string& note : report.model.notes) {
        facts.add("note", note);
    }
    if (report.result && !report.result->bits_matter) {
        facts.add("note",
                  "the widest bits have no smaller bound than the narrowest: it comes from the ranges of the network's values");
    }
    if (!report.left_out.empty()) {
        facts.add("left out", fmt::format("{} (too many operations for the default; --methods all)", join(report.left_out, ", ")));
    }
    return facts.str() + '\n';
}

TextTable layer_table(const AllocateReport& report) {
    TextTable table(
        {{"layer"}, {"numbers", Align::right}, {"bits", Align::right}, {"max|W-W'|", Align::right}, {"share", Align::right}});
    for (std::size_t i = 0; i < report.layers.size(); ++i) {
        const AllocatedLayer& layer = report.result->layers[i];
        table.add_row({{report.layers[i]},
                       {grouped_thousands(layer.numbers)},
                       {fmt::format("{}", report.result->best.bits[i])},
                       {decimal_up(layer.max_abs_delta, kDigits)},
                       {layer.share ? fmt::format("{:.1f}%", 100 * *layer.share) : "-"}});
    }
    return table;
}

TextTable frontier_table(const AllocateReport& report) {
    TextTable table(
        {{"bytes", Align::right}, {"average bits", Align::right}, {"value", Align::right}, {"log10", Align::right}, {"method"}});
    for (const Allocation& point : report.frontier) {
        table.add_row({{grouped_thousands(bytes(point.size))},
                       {fmt::format("{:.3f}", average_bits(report, point.size))},
                       {decimal_up(point.bound.value, kDigits)},
                       {log10_text(point.bound.value)},
                       {point.bound.method}});
    }
    return table;
}

/// "bound 0.28 decades smaller, size 116 bytes smaller": what the allocation is, compared with the single width.
std::string gain(Upper uniform, Upper allocated, std::int64_t saved) {
    std::string text;
    const bool larger = uniform < allocated;
    if (const std::string decades = larger ? gain_text(allocated, uniform) : gain_text(uniform, allocated); !decades.empty()) {
        text = fmt::format("bound {} decades {}, ", decades, larger ? "larger" : "smaller");
    }
    return text + fmt::format("size {} bytes {}", grouped_thousands(std::abs(saved)), saved < 0 ? "larger" : "smaller");
}

/// What was found, and beside it the best single width.
std::string conclusion(const AllocateReport& report, TableStyle style) {
    const AllocationResult& result = *report.result;
    Facts facts(style);
    facts.add("allocated", fmt::format("{}, {}", size_text(report, result.best.size), bound_text(result.best.bound)));
    if (report.options.uniform) {
        return facts.str();
    }
    if (!result.uniform) {
        facts.add("uniform", "no single width meets the goal");
        return facts.str();
    }
    const int width = result.uniform->bits.empty() ? 0 : result.uniform->bits.front();
    facts.add("uniform",
              fmt::format("{} bits: {}, {}", width, bytes_text(result.uniform->size), bound_text(result.uniform->bound)));
    facts.add("gain",
              gain(result.uniform->bound.value, result.best.bound.value, bytes(result.uniform->size) - bytes(result.best.size)));
    return facts.str();
}

std::string table_text(const AllocateReport& report, TableStyle style, bool header, bool color) {
    const bool markdown = style == TableStyle::markdown;
    std::string out;
    if (header) {
        out += markdown ? fmt::format("## {}\n\n", markdown_escaped(one_line(report.model.name))) : "";
        out += header_text(report, style);
    }
    const TextTable table = report.result ? layer_table(report) : frontier_table(report);
    out += markdown ? table.markdown() : table.plain(color);
    if (report.result) {
        out += (markdown ? "\n" : "") + conclusion(report, style);
    }
    return out;
}

void write_size(JsonWriter& json, const AllocateReport& report, std::int64_t size) {
    json.key("size_bits").integer(size);
    json.key("size_bytes").integer(bytes(size));
    json.key("average_bits").exact(average_bits(report, size));
}

void write_allocation(JsonWriter& json, const AllocateReport& report, const Allocation& allocation) {
    json.begin_object();
    write_size(json, report, allocation.size);
    json.key("method").text(allocation.bound.method);
    write_value(json, allocation.bound.value);
    json.key("bits").begin_row();
    for (const int bits : allocation.bits) {
        json.integer(bits);
    }
    json.end_array();
    json.end_object();
}

void write_goal(JsonWriter& json, const AllocateReport& report) {
    json.key("target");
    if (report.goal.target) {
        json.exact(report.goal.target->value_up());
    } else {
        json.null();
    }
    json.key("budget_bits");
    if (report.goal.budget) {
        json.integer(*report.goal.budget);
    } else {
        json.null();
    }
    json.key("uniform_only").boolean(report.options.uniform);
}

void write_result(JsonWriter& json, const AllocateReport& report) {
    const AllocationResult& result = *report.result;
    json.key("allocation");
    write_allocation(json, report, result.best);
    json.key("uniform");
    if (result.uniform) {
        write_allocation(json, report, *result.uniform);
    } else {
        json.null();
    }
    json.key("bits_matter").boolean(result.bits_matter);
    json.key("layers").begin_array();
    for (std::size_t i = 0; i < report.layers.size(); ++i) {
        json.begin_object();
        json.key("name").text(report.layers[i]);
        json.key("numbers").integer(result.layers[i].numbers);
        json.key("bits").integer(result.best.bits[i]);
        json.key("max_abs_delta").upper(result.layers[i].max_abs_delta);
        if (result.layers[i].share) {
            json.key("share").exact(*result.layers[i].share);
        }
        json.end_object();
    }
    json.end_array();
}

void write_frontier(JsonWriter& json, const AllocateReport& report) {
    write_texts(json, "layer_names", report.layers);
    json.key("frontier").begin_array();
    for (const Allocation& point : report.frontier) {
        write_allocation(json, report, point);
    }
    json.end_array();
}

std::string json_text(const AllocateReport& report, JsonWriter::Style style) {
    JsonWriter json(style);
    json.begin_object();
    json.key("schema").text("qbound.allocate/1");
    json.key("qbound_version").text(version());
    write_model(json, report.model);
    json.key("quantizer").begin_object();
    write_rule(json, report.options.quantizer);
    json.end_object();
    json.key("widths").begin_row();
    for (const int bits : report.options.widths) {
        json.integer(bits);
    }
    json.end_array();
    json.key("methods").begin_array();
    for (const Method* method : report.options.methods) {
        json.text(method->name);
    }
    json.end_array();
    write_texts(json, "left_out", report.left_out);
    write_goal(json, report);
    json.key("counted").text(counted(report));
    json.key("numbers").integer(report.numbers);
    if (report.result) {
        write_result(json, report);
    } else {
        write_frontier(json, report);
    }
    json.end_object();
    return json.str() + '\n';
}

/// The fields of an allocation as a whole.
std::vector<std::string> leading_fields(const AllocateReport& report, const Allocation& allocation) {
    return {report.model.file,
            fmt::format("{}", allocation.size),
            fmt::format("{}", bytes(allocation.size)),
            shortest(average_bits(report, allocation.size)),
            allocation.bound.method,
            round_trip_up(allocation.bound.value.value_up()),
            round_trip_up(allocation.bound.value.log10_up())};
}

std::string delimited_text(const AllocateReport& report, Delimited kind) {
    std::vector<std::string> names{"model", "size_bits", "size_bytes", "average_bits", "method", "value", "log10"};
    if (report.result) {
        names.insert(names.end(), {"name", "numbers", "bits", "max_abs_delta", "share"});
    }
    std::string out = delimited_line(kind, names);
    for (const Allocation& point : report.frontier) {
        out += delimited_line(kind, leading_fields(report, point));
    }
    for (std::size_t i = 0; report.result && i < report.layers.size(); ++i) {
        const AllocatedLayer& layer = report.result->layers[i];
        std::vector<std::string> fields = leading_fields(report, report.result->best);
        fields.insert(fields.end(),
                      {report.layers[i], fmt::format("{}", layer.numbers), fmt::format("{}", report.result->best.bits[i]),
                       round_trip_up(layer.max_abs_delta), layer.share ? shortest(*layer.share) : ""});
        out += delimited_line(kind, fields);
    }
    return out;
}

}  // namespace

std::string allocate_report(const AllocateReport& report, Format format, bool header, bool color) {
    switch (format) {
        case Format::table:
            return table_text(report, TableStyle::terminal, header, color);
        case Format::markdown:
            return table_text(report, TableStyle::markdown, header, false);
        case Format::json:
            return json_text(report, JsonWriter::Style::indented);
        case Format::ndjson:
            return json_text(report, JsonWriter::Style::compact);
        case Format::csv:
            return delimited_text(report, Delimited::csv);
        case Format::tsv:
            return delimited_text(report, Delimited::tsv);
    }
    return {};
}

std::string bits_map_json(const std::vector<std::string>& layers, const std::vector<int>& bits) {
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        json.key(layers[i]).integer(bits[i]);
    }
    json.end_object();
    return json.str() + '\n';
}

std::string bytes_text(std::int64_t bits) {
    return grouped_thousands(bytes(bits)) + " bytes";
}

}  // namespace qbound::internal
