// SPDX-License-Identifier: Apache-2.0
#include "qbound/compare.hpp"
#include "report/delimited_fields.hpp"
#include "report/facts.hpp"
#include "report/json_writer.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"
#include "report/text_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace qbound {

namespace {

using namespace internal;
using Align = TextTable::Align;

/// Stable. A reached error is no bound: it grows or shrinks.
std::string_view word(Change change, std::string_view row) {
    const bool reached = row == kReachedRow;
    switch (change) {
        case Change::looser:
            return reached ? "larger" : "looser";
        case Change::tighter:
            return reached ? "smaller" : "tighter";
        case Change::same:
            return "same";
        case Change::appeared:
            return "appeared";
        case Change::vanished:
            return "vanished";
    }
    return "";
}

std::string_view word(GuaranteeChange change) {
    return change == GuaranteeChange::weaker ? "weaker" : change == GuaranteeChange::stronger ? "stronger" : "";
}

bool stayed(const RowChange& row) {
    return row.change == Change::same && row.guarantee == GuaranteeChange::none;
}

/// The results and rows that are to be shown.
Comparison shown(Comparison comparison, bool changed_only) {
    if (changed_only) {
        for (ResultChange& result : comparison.results) {
            std::erase_if(result.rows, stayed);
        }
        std::erase_if(comparison.results,
                      [](const ResultChange& result) { return result.change == Change::same && result.rows.empty(); });
    }
    return comparison;
}

/// How many rows, of methods and best bounds, are what: indexed by Change.
std::array<std::size_t, 5> counts(const Comparison& comparison) {
    std::array<std::size_t, 5> count{};
    for (const ResultChange& result : comparison.results) {
        for (const RowChange& row : result.rows) {
            count[static_cast<std::size_t>(row.change)] += row.name == kReachedRow ? 0 : 1;
        }
    }
    return count;
}

std::string counts_text(const Comparison& comparison) {
    const auto count = counts(comparison);
    std::string text;
    for (std::size_t i = 0; i < count.size(); ++i) {
        text += fmt::format("{}{} {}", i == 0 ? "" : ", ", count[i], word(static_cast<Change>(i), ""));
    }
    return text;
}

// ---- for people ---------------------------------------------------------------------------------------------------------------

/// Rounded up, but a reached error down: nothing beyond it was reached.
std::string value_text(const std::optional<ReportedNumber>& number, bool reached) {
    constexpr int kDigits = 4;
    if (!number) {
        return "-";
    }
    if (!std::isfinite(number->value) && number->is_finite()) {
        return fmt::format("inf (log10 {})", fixed_up(number->log10, 2));
    }
    return reached ? decimal_down(number->value, kDigits) : decimal_up(number->value, kDigits);
}

/// With its sign, rounded up: something that got larger never shows as zero.
std::string signed_up(const std::optional<double>& x, std::string_view unit) {
    if (!x) {
        return "";
    }
    constexpr double kLarge = 1e6;
    return fmt::format("{}{}{}", *x > 0 ? "+" : "", std::abs(*x) < kLarge ? fixed_up(*x, 2) : decimal_up(*x, 3), unit);
}

std::string guarantee_text(const RowChange& row) {
    if (!row.before || !row.after) {
        return row.after ? row.after->guarantee : row.before->guarantee;
    }
    return row.before->guarantee == row.after->guarantee ? row.after->guarantee
                                                         : fmt::format("{}, was {}", row.after->guarantee, row.before->guarantee);
}

Ink ink_of(const RowChange& row) {
    if (row.name == kReachedRow || stayed(row)) {
        return Ink::plain;
    }
    const bool worse = row.change == Change::looser || row.change == Change::vanished;
    return worse || row.guarantee == GuaranteeChange::weaker ? Ink::doubtful : Ink::good;
}

TextTable table_of(const ResultChange& result) {
    TextTable table({{"method"},
                     {"base", Align::right},
                     {"new", Align::right},
                     {"change"},
                     {"percent", Align::right},
                     {"decades", Align::right},
                     {"guarantee"}});
    for (const RowChange& row : result.rows) {
        const bool reached = row.name == kReachedRow;
        const bool same = row.change == Change::same;
        std::string change(word(row.change, row.name));
        if (row.guarantee != GuaranteeChange::none) {
            change += fmt::format(", {}", word(row.guarantee));
        }
        table.add_row({{row.name},
                       {value_text(row.before, reached)},
                       {value_text(row.after, reached)},
                       {change, ink_of(row)},
                       {same ? "" : signed_up(row.percent, "%")},
                       {same ? "" : signed_up(row.decades, "")},
                       {guarantee_text(row)}});
        if (row.before && row.after && row.before->method != row.after->method) {
            table.add_remark(fmt::format("{}, was {}", row.after->method, row.before->method));
        }
    }
    return table;
}

std::string heading(const ResultChange& result) {
    std::string text = fmt::format("{}: {}", result.name, result.file_after ? *result.file_after : *result.file_before);
    if (result.file_before && result.file_after && *result.file_before != *result.file_after) {
        text += fmt::format(" (base: {})", *result.file_before);
    }
    text += fmt::format(", {}, input in {}", result.setting, result.input_box);
    if (result.change != Change::same) {
        text += result.change == Change::appeared ? " (not in the base report)" : " (not in the new report)";
    }
    return one_line(text);
}

std::string table(const Comparison& comparison, const std::optional<RegressionGate>& gate, TableStyle style,
                  const CompareRenderOptions& options) {
    const bool markdown = style == TableStyle::markdown;
    std::string out;
    const auto section = [&] { out += out.empty() ? "" : "\n"; };
    if (options.header) {
        out += markdown ? "## Comparison of bounds\n\n" : "";
        Facts facts(style);
        facts.add("base", options.before);
        facts.add("new", options.after);
        out += facts.str();
    }
    for (const ResultChange& result : shown(comparison, options.changed_only).results) {
        section();
        out += markdown ? fmt::format("### {}\n\n", markdown_escaped(heading(result))) : heading(result) + '\n';
        const TextTable rows = table_of(result);
        out += markdown ? rows.markdown() : rows.plain(options.color);
    }
    Facts facts(style);
    if (options.header) {
        facts.add("bounds", counts_text(comparison));
    }
    if (gate) {
        const std::size_t count = gate->breaches.size();
        facts.add("gate", fmt::format("at most {}% looser: {}", shortest(gate->max_percent),
                                      count == 0 ? "passed" : fmt::format("{} breach{}", count, count == 1 ? "" : "es")));
        for (const std::string& breach : gate->breaches) {
            facts.add("", breach);
        }
    }
    if (!facts.str().empty()) {
        section();
        out += facts.str();
    }
    return out;
}

// ---- for programs -------------------------------------------------------------------------------------------------------------

std::string delimited(const Comparison& comparison, Delimited kind, const CompareRenderOptions& options) {
    std::string out = delimited_line(kind, {"model", "setting", "method", "change", "guarantee_change", "base", "new", "base_log10",
                                            "new_log10", "percent", "decades", "base_guarantee", "new_guarantee"});
    const auto number = [](const std::optional<double>& x) { return x ? round_trip_up(*x) : std::string(); };
    for (const ResultChange& result : shown(comparison, options.changed_only).results) {
        for (const RowChange& row : result.rows) {
            const auto field = [&](const std::optional<ReportedNumber>& side, double ReportedNumber::*member) {
                return side ? round_trip_up((*side).*member) : std::string();
            };
            out += delimited_line(
                kind, {result.file_after ? *result.file_after : *result.file_before, result.setting, row.name,
                       std::string(word(row.change, row.name)), std::string(word(row.guarantee)),
                       field(row.before, &ReportedNumber::value), field(row.after, &ReportedNumber::value),
                       field(row.before, &ReportedNumber::log10), field(row.after, &ReportedNumber::log10), number(row.percent),
                       number(row.decades), row.before ? row.before->guarantee : "", row.after ? row.after->guarantee : ""});
        }
    }
    return out;
}

void write_text(JsonWriter& json, std::string_view key, const std::optional<std::string>& text) {
    json.key(key);
    if (text) {
        json.text(*text);
    } else {
        json.null();
    }
}

void write_number(JsonWriter& json, std::string_view key, const std::optional<ReportedNumber>& number) {
    json.key(key);
    if (!number) {
        json.null();
        return;
    }
    json.begin_object();
    json.key("value").upper(number->value);
    json.key("value_hex").text(hexadecimal(number->value));
    json.key("log10").upper(number->log10);
    json.key("guarantee").text(number->guarantee);
    if (!number->method.empty()) {
        json.key("method").text(number->method);
    }
    json.end_object();
}

void write_ratio(JsonWriter& json, std::string_view key, const std::optional<double>& ratio) {
    json.key(key);
    if (ratio) {
        json.upper(*ratio);
    } else {
        json.null();
    }
}

void write_row(JsonWriter& json, const RowChange& row) {
    json.begin_object();
    json.key("method").text(row.name);
    json.key("change").text(word(row.change, row.name));
    const std::string_view guarantee = word(row.guarantee);
    write_text(json, "guarantee_change", guarantee.empty() ? std::nullopt : std::optional<std::string>(guarantee));
    write_ratio(json, "percent", row.percent);
    write_ratio(json, "decades", row.decades);
    write_number(json, "base", row.before);
    write_number(json, "new", row.after);
    json.end_object();
}

std::string json_text(const Comparison& comparison, const std::optional<RegressionGate>& gate, JsonWriter::Style style,
                      const CompareRenderOptions& options) {
    JsonWriter json(style);
    json.begin_object();
    json.key("schema").text("qbound.compare/1");
    json.key("qbound_version").text(version());
    json.key("base").text(options.before);
    json.key("new").text(options.after);
    json.key("results").begin_array();
    for (const ResultChange& result : shown(comparison, options.changed_only).results) {
        json.begin_object();
        json.key("name").text(result.name);
        write_text(json, "base_file", result.file_before);
        write_text(json, "new_file", result.file_after);
        json.key("setting").text(result.setting);
        json.key("input_box").text(result.input_box);
        json.key("rows").begin_array();
        std::ranges::for_each(result.rows, [&](const RowChange& row) { write_row(json, row); });
        json.end_array();
        json.end_object();
    }
    json.end_array();
    json.key("counts").begin_object();
    const auto count = counts(comparison);
    for (std::size_t i = 0; i < count.size(); ++i) {
        json.key(word(static_cast<Change>(i), "")).integer(static_cast<std::int64_t>(count[i]));
    }
    json.end_object();
    json.key("gate");
    if (gate) {
        json.begin_object();
        json.key("max_regress_percent").exact(gate->max_percent);
        json.key("passed").boolean(gate->breaches.empty());
        json.key("breaches").begin_array();
        std::ranges::for_each(gate->breaches, [&](const std::string& breach) { json.text(breach); });
        json.end_array();
        json.end_object();
    } else {
        json.null();
    }
    json.end_object();
    return json.str() + '\n';
}

}  // namespace

std::string render(const Comparison& comparison, const std::optional<RegressionGate>& gate, Format format,
                   const CompareRenderOptions& options) {
    switch (format) {
        case Format::table:
            return table(comparison, gate, TableStyle::terminal, options);
        case Format::markdown:
            return table(comparison, gate, TableStyle::markdown, options);
        case Format::json:
            return json_text(comparison, gate, JsonWriter::Style::indented, options);
        case Format::ndjson:
            return json_text(comparison, gate, JsonWriter::Style::compact, options);
        case Format::csv:
            return delimited(comparison, Delimited::csv, options);
        case Format::tsv:
            return delimited(comparison, Delimited::tsv, options);
    }
    return {};
}

}  // namespace qbound
