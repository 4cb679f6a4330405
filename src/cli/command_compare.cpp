// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/files.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/parse.hpp"
#include "qbound/compare.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <optional>

namespace qbound::internal {

namespace {

constexpr const char* kFooter = R"(
The gate passes only if every model, quantizer and input box is in both reports, every certified bound is at
most P percent looser than it was, still certified and still there, and the best bound (or each row of
--methods) is finite and certified in the new report. What cannot be evaluated fails.

Examples:
  qbound model.onnx --bits 4,8 --export-json new.json
  qbound compare base.json new.json
  qbound compare base.json new.json --max-regress 5%
  qbound compare base.json new.json --max-regress 0 --methods best --changed --format markdown
)";

struct CompareCommand {
    std::string base;
    std::string current;
    std::string methods;
    std::string max_regress;
    std::string format = "table";
    std::string output = "-";
    bool changed = false;
};

std::vector<ReportedResult> read_reports(const std::string& path) {
    return with_file(display_name(path), [&] {
        const OwnedBytes file = read_file(path);
        return parse_reports({reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()});
    });
}

/// "5%" or "5": percent.
double parse_percent(std::string_view text, std::string_view option) {
    if (text.ends_with('%')) {
        text.remove_suffix(1);
    }
    const double percent = parse_number(text, option);
    if (!(percent >= 0)) {
        throw Error(ErrorKind::usage, std::string(option), "is negative");
    }
    return percent;
}

}  // namespace

ExitCode run_compare(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app("Compare two JSON reports of qbound: which bounds got looser or tighter, appeared or vanished.", "qbound compare");
    CompareCommand command;
    CommonOptions common;
    app.add_option("BASE", command.base, "the report to compare with, JSON or NDJSON; - is standard input")
        ->type_name("")
        ->required();
    app.add_option("NEW", command.current, "the report that is compared")->type_name("")->required();
    add_text(app, "--methods", command.methods, "LIST", "only these rows: names of methods, best [all]", "Bounds");
    add_text(app, "--format", command.format, "FORMAT", "table, json, ndjson, csv, tsv or markdown [table]", "Output");
    add_text(app, "-o,--output-file", command.output, "FILE", "where to write it; - is standard output [-]", "Output");
    app.add_flag("--changed", command.changed, "leave out rows that stayed the same")->group("Output");
    add_text(app, "--max-regress", command.max_regress, "P",
             "exit 1 if a certified bound got looser by more than P percent (5% or 5)", "Gates");
    common.add_quiet(app, console);
    app.footer(kFooter);
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    const Format format = parse_format(command.format);
    const auto rows = command.methods.empty() ? std::vector<std::string>{} : parse_names(command.methods, "--methods");
    std::optional<RegressionGate> gate;
    if (!command.max_regress.empty()) {
        gate.emplace().max_percent = parse_percent(command.max_regress, "--max-regress");
    }
    if (command.base == "-" && command.current == "-") {
        throw Error(ErrorKind::usage, "", "standard input is one report, not both");
    }
    OutputFile file(command.output);

    const auto base = read_reports(command.base);
    const auto current = read_reports(command.current);
    const Comparison comparison = compare(base, current, rows);
    if (gate) {
        gate->breaches = regressions(comparison, gate->max_percent);
    }
    file.commit(render(comparison, gate, format,
                       {.before = display_name(command.base),
                        .after = display_name(command.current),
                        .changed_only = command.changed,
                        .color = command.output == "-" && Console::color(ColorMode::automatic),
                        .header = !common.quiet}));
    if (!gate || gate->breaches.empty()) {
        return ExitCode::done;
    }
    for (const std::string& breach : gate->breaches) {
        console.error(breach);
    }
    return ExitCode::gate_breached;
}

}  // namespace qbound::internal
