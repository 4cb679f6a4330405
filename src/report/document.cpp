// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"
#include "qbound/report.hpp"
#include "report/delimited.hpp"
#include "report/document.hpp"
#include "report/json_report.hpp"
#include "report/layers.hpp"
#include "report/numbers.hpp"
#include "report/table_report.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <utility>

namespace qbound {

Format parse_format(std::string_view name) {
    static constexpr std::pair<std::string_view, Format> kFormats[] = {
        {"table", Format::table}, {"json", Format::json}, {"ndjson", Format::ndjson},
        {"csv", Format::csv},     {"tsv", Format::tsv},   {"markdown", Format::markdown},
    };
    for (const auto& [known, format] : kFormats) {
        if (name == known) {
            return format;
        }
    }
    throw Error(ErrorKind::usage, "--format", fmt::format("'{}' is not a format", internal::one_line(name)),
                "one of table, json, ndjson, csv, tsv, markdown");
}

namespace internal {

std::string DocumentWriter::add(const Printable& printable) {
    const bool first = std::exchange(empty_, false);
    std::string text;
    switch (format_) {
        case Format::table:
        case Format::markdown: {
            text = first ? "" : "\n";
            text += printable.table(options_, format_ == Format::table ? TableStyle::terminal : TableStyle::markdown);
            break;
        }
        case Format::json: {
            text = !several_ ? "" : first ? "[\n" : ",\n";
            text += printable.json(options_, JsonWriter::Style::indented);
            text += several_ ? "" : "\n";
            break;
        }
        case Format::ndjson: {
            text = printable.json(options_, JsonWriter::Style::compact);
            text += '\n';
            break;
        }
        case Format::csv:
        case Format::tsv: {
            const Delimited kind = format_ == Format::csv ? Delimited::csv : Delimited::tsv;
            text = first ? printable.header(options_, kind) : "";
            text += printable.rows(options_, kind);
            break;
        }
    }
    return text;
}

std::string DocumentWriter::finish() const {
    return format_ == Format::json && several_ && !empty_ ? "\n]\n" : "";
}

std::string PrintableReport::table(const RenderOptions& options, TableStyle style) const {
    return table_report(report_, options, style);
}
std::string PrintableReport::json(const RenderOptions& options, JsonWriter::Style style) const {
    return json_report(report_, options, style);
}
std::string PrintableReport::header(const RenderOptions& options, Delimited kind) const {
    return delimited_header(kind, options);
}
std::string PrintableReport::rows(const RenderOptions& options, Delimited kind) const {
    return delimited_rows(kind, report_, options);
}

std::string PrintableReport::bare(std::string_view number) const {
    std::string out;
    for (const Result& result : report_.results) {
        const Upper best = result.best ? result.bounds[*result.best].value : Upper::infinity();
        if (number == "best") {
            out += round_trip_up(best.value_up());
        } else if (number == "best-log10") {
            out += round_trip_up(best.log10_up());
        } else if (number == "reached") {
            out += result.reached ? shortest(result.reached->value) : "nan";
        } else {
            // A step or a file has no bit width.
            out += result.quantizer && !result.quantizer->eta ? fmt::format("{}", result.quantizer->bits) : "nan";
        }
        out += '\n';
    }
    return out;
}

}  // namespace internal

std::string render(const std::vector<Report>& reports, Format format, const RenderOptions& options) {
    internal::check_sort_column(options.sort);
    internal::DocumentWriter writer(format, options, reports.size() > 1);
    std::string document;
    for (const Report& report : reports) {
        document += writer.add(internal::PrintableReport(report));
    }
    return document + writer.finish();
}

}  // namespace qbound
