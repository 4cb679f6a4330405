// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"
#include "qbound/report.hpp"
#include "report/delimited.hpp"
#include "report/json_report.hpp"
#include "report/layers.hpp"
#include "report/table_report.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <utility>

namespace qbound {

using internal::Delimited;
using internal::JsonWriter;
using internal::TableStyle;

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

ReportWriter::ReportWriter(Format format, RenderOptions options, bool several)
    : format_(format), options_(std::move(options)), several_(several) {
    internal::check_sort_column(options_.sort);
}

std::string ReportWriter::add(const Report& report) {
    const bool first = std::exchange(empty_, false);
    std::string text;
    switch (format_) {
        case Format::table:
        case Format::markdown: {
            text = first ? "" : "\n";
            text += table_report(report, options_, format_ == Format::table ? TableStyle::terminal : TableStyle::markdown);
            break;
        }
        case Format::json: {
            text = !several_ ? "" : first ? "[\n" : ",\n";
            text += json_report(report, options_, JsonWriter::Style::indented);
            text += several_ ? "" : "\n";
            break;
        }
        case Format::ndjson: {
            text = json_report(report, options_, JsonWriter::Style::compact);
            text += '\n';
            break;
        }
        case Format::csv:
        case Format::tsv: {
            const Delimited kind = format_ == Format::csv ? Delimited::csv : Delimited::tsv;
            text = first ? delimited_header(kind, options_) : "";
            text += delimited_rows(kind, report, options_);
            break;
        }
    }
    return text;
}

std::string ReportWriter::finish() {
    return format_ == Format::json && several_ && !empty_ ? "\n]\n" : "";
}

std::string render(const std::vector<Report>& reports, Format format, const RenderOptions& options) {
    ReportWriter writer(format, options, reports.size() > 1);
    std::string document;
    for (const Report& report : reports) {
        document += writer.add(report);
    }
    return document + writer.finish();
}

}  // namespace qbound
