// SPDX-License-Identifier: Apache-2.0
#include "cli/output_options.hpp"

#include "cli/options.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <limits>

namespace qbound::internal {

namespace {

constexpr const char* kFormats[] = {"table", "json", "ndjson", "csv", "tsv", "markdown"};

bool shows_sha256(Format format) {
    return format == Format::json || format == Format::ndjson;
}

}  // namespace

void OutputOptions::add_to(CLI::App& app, const std::vector<std::string_view>& numbers, const std::string& layer_help) {
    const std::string group = "Output";
    add_text(app, "--format", format, "FORMAT", "table, json, ndjson, csv, tsv or markdown [table]", group);
    for (std::size_t i = 0; i < std::size(kFormats); ++i) {
        app.add_option(fmt::format("--export-{}", kFormats[i]), exports[i],
                       fmt::format("write the report as {} to this file too", kFormats[i]))
            ->type_name("FILE")
            ->allow_extra_args(false)
            ->group(group);
    }
    app.add_flag("--layers", layers, layer_help)->group(group);
    add_text(app, "--sort", sort, "COLUMN", "order of the layers", group);
    add_text(app, "--top", top, "N", "at most so many layers", group);
    add_text(app, "--print", print, "NUMBER", fmt::format("only one of {}: one number per model and bit width", fmt::join(numbers, ", ")), group);
    add_text(app, "--color", color, "WHEN", "auto, always or never [auto]", group);
    app.add_flag("-v,--verbose", verbose, "the constants of the bounds, too")->group(group);
}

ReportOutput::ReportOutput(const OutputOptions& options, const DocumentKind& kind, bool several, bool quiet, Console& console)
    : console_(console) {
    constexpr ColorMode kModes[] = {ColorMode::automatic, ColorMode::always, ColorMode::never};
    const std::size_t top =
        options.top.empty() ? 0 : static_cast<std::size_t>(parse_count(options.top, "--top", std::numeric_limits<int>::max()));
    RenderOptions render{.layers = options.layers || !options.sort.empty() || !options.top.empty(),
                         .color = Console::color(kModes[parse_word(options.color, "--color", {"auto", "always", "never"})]),
                         .header = !quiet,
                         .constants = options.verbose,
                         .sort = options.sort,
                         .top = top};
    if (!options.sort.empty() && std::ranges::find(kind.columns, options.sort) == kind.columns.end()) {
        throw Error(ErrorKind::usage, "--sort", fmt::format("'{}' is not a column", one_line(options.sort)),
                    fmt::format("one of {}", fmt::join(kind.columns, ", ")));
    }
    const Format format = parse_format(options.format);
    if (!options.print.empty()) {
        print_ = kind.numbers[parse_word(options.print, "--print", kind.numbers)];
    } else {
        writer_.emplace(format, render, several);
        wants_sha256_ = shows_sha256(format);
    }
    render.color = false;
    render.header = true;
    for (std::size_t i = 0; i < std::size(kFormats); ++i) {
        const Format exported = parse_format(kFormats[i]);
        for (const std::string& path : options.exports[i]) {
            exports_.push_back({DocumentWriter(exported, render, several), OutputFile(path), {}});
            wants_sha256_ = wants_sha256_ || shows_sha256(exported);
        }
    }
}

void ReportOutput::add(const Printable& printable) {
    empty_ = false;
    console_.write(print_.empty() ? writer_->add(printable) : printable.bare(print_));
    for (Export& one : exports_) {
        one.document += one.writer.add(printable);
    }
}

void ReportOutput::finish() {
    if (empty_) {
        return;
    }
    if (writer_) {
        console_.write(writer_->finish());
    }
    for (Export& one : exports_) {
        one.file.commit(one.document + one.writer.finish());
    }
}

}  // namespace qbound::internal
