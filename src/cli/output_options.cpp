// SPDX-License-Identifier: Apache-2.0
#include "cli/output_options.hpp"

#include "cli/options.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "report/numbers.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <iterator>
#include <limits>

namespace qbound::internal {

namespace {

constexpr const char* kFormats[] = {"table", "json", "ndjson", "csv", "tsv", "markdown"};

bool shows_sha256(Format format) {
    return format == Format::json || format == Format::ndjson;
}

}  // namespace

void OutputOptions::add_to(CLI::App& app) {
    const std::string group = "Output";
    add_text(app, "--format", format, "FORMAT", "table, json, ndjson, csv, tsv or markdown [table]", group);
    for (std::size_t i = 0; i < std::size(kFormats); ++i) {
        app.add_option(fmt::format("--export-{}", kFormats[i]), exports[i],
                       fmt::format("write the report as {} to this file too", kFormats[i]))
            ->type_name("FILE")
            ->allow_extra_args(false)
            ->group(group);
    }
    app.add_flag("--layers", layers, "a table of the layers; csv and tsv then have layers in place of bounds")->group(group);
    add_text(app, "--sort", sort, "COLUMN", "order of the layers", group);
    add_text(app, "--top", top, "N", "at most so many layers", group);
    add_text(app, "--print", print, "NUMBER", "only best, best-log10 or bits: one number per model and bit width", group);
    add_text(app, "--color", color, "WHEN", "auto, always or never [auto]", group);
    app.add_flag("-v,--verbose", verbose, "the constants of the bounds, too")->group(group);
}

ReportOutput::ReportOutput(const OutputOptions& options, bool several, bool quiet, Console& console) : console_(console) {
    constexpr ColorMode kModes[] = {ColorMode::automatic, ColorMode::always, ColorMode::never};
    const std::size_t top =
        options.top.empty() ? 0 : static_cast<std::size_t>(parse_count(options.top, "--top", std::numeric_limits<int>::max()));
    RenderOptions render{.layers = options.layers || !options.sort.empty() || !options.top.empty(),
                         .color = Console::color(kModes[parse_word(options.color, "--color", {"auto", "always", "never"})]),
                         .header = !quiet,
                         .constants = options.verbose,
                         .sort = options.sort,
                         .top = top};
    const Format format = parse_format(options.format);
    if (!options.print.empty()) {
        constexpr Number kNumbers[] = {Number::best, Number::best_log10, Number::bits};
        print_ = kNumbers[parse_word(options.print, "--print", {"best", "best-log10", "bits"})];
    } else {
        writer_.emplace(format, render, several);
        wants_sha256_ = shows_sha256(format);
    }
    render.color = false;
    render.header = true;
    for (std::size_t i = 0; i < std::size(kFormats); ++i) {
        const Format exported = parse_format(kFormats[i]);
        for (const std::string& path : options.exports[i]) {
            exports_.push_back({ReportWriter(exported, render, several), OutputFile(path), {}});
            wants_sha256_ = wants_sha256_ || shows_sha256(exported);
        }
    }
}

void ReportOutput::add(const Report& report) {
    empty_ = false;
    console_.write(print_ ? bare_numbers(report) : writer_->add(report));
    for (Export& one : exports_) {
        one.document += one.writer.add(report);
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

std::string ReportOutput::bare_numbers(const Report& report) const {
    std::string out;
    for (const Result& result : report.results) {
        const Upper best = result.best ? result.bounds[*result.best].value : Upper::infinity();
        switch (*print_) {
            case Number::best:
                out += round_trip_up(best.value_up());
                break;
            case Number::best_log10:
                out += round_trip_up(best.log10_up());
                break;
            case Number::bits:
                // A step or a file has no bit width.
                out += result.quantizer && !result.quantizer->eta ? fmt::format("{}", result.quantizer->bits) : "nan";
                break;
        }
        out += '\n';
    }
    return out;
}

}  // namespace qbound::internal
