// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/each_model.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_options.hpp"
#include "cli/pairs.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "qbound/report.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cmath>
#include <optional>

namespace qbound::internal {

namespace {

constexpr std::string_view kExamples = R"(
Examples:
  qbound examples/lenet.json --bits 8
  qbound model.json --bits 2..8 --format csv
  qbound a.json b.json --bits 4,8 --format ndjson
  qbound model.json --bits 8 --granularity channel --layers --sort delta_norm_inf --top 5
  qbound model.json --bits 8 --fail-above 0.5
  qbound model.json --bits 8 --with-measured --budget 30s
  qbound float.json --quantized int8.json

Exit status:
  0 done  1 a gate is breached  2 wrong usage  3 input unreadable or malformed, output not writable
  4 unsupported operator, or no certified number where one was required  5 internal error
)";

const std::vector<std::string_view> kNumbers{"best", "best-log10", "reached", "bits"};

struct Gates {
    std::string fail_above;
    std::string fail_gap_above;
    bool require_certified = false;

    void add_to(CLI::App& app) {
        add_text(app, "--fail-above", fail_above, "V", "exit 1 unless a certified bound is at most V", "Gates");
        add_text(app, "--fail-gap-above", fail_gap_above, "DECADES",
                 "exit 1 unless the best certified bound is at most so many decades above the error reached", "Gates");
        app.add_flag("--require-certified", require_certified, "exit 4 unless there is a finite certified bound")->group("Gates");
    }

    [[nodiscard]] std::optional<Upper> limit() const {
        const auto value = limit_of(fail_above, "--fail-above");
        return value ? std::optional(Upper::exactly(*value)) : std::nullopt;
    }

    [[nodiscard]] std::optional<double> largest_gap() const { return limit_of(fail_gap_above, "--fail-gap-above"); }
    [[nodiscard]] bool needs_measured() const { return !fail_gap_above.empty(); }

    /// Passes only on a finite certified bound; says on standard error which result breaches which gate.
    [[nodiscard]] ExitCode check(const Report& report, Console& console) const {
        const std::optional<Upper> allowed = limit();
        ExitCode code = ExitCode::done;
        for (const Result& result : report.results) {
            const std::string place = result.quantizer && !result.quantizer->eta
                                          ? fmt::format("{}: {} bits", display_name(report.model.file), result.quantizer->bits)
                                          : display_name(report.model.file);
            if (!result.best && require_certified) {
                console.error(fmt::format("{}: no finite certified bound{}", place, why(result)));
                code = code == ExitCode::done ? ExitCode::unsupported : code;
            }
            if (const auto gap = largest_gap(); gap && !(result.gap_up() <= *gap)) {
                console.error(fmt::format("{}: {}", place, gap_message(result, *gap)));
                code = code == ExitCode::done ? ExitCode::gate_breached : code;
            }
            if (!allowed) {
                continue;
            }
            const bool passes = result.best && result.bounds[*result.best].value <= *allowed;
            if (!passes) {
                const std::string best =
                    result.best ? fmt::format("the best certified bound {} exceeds {}",
                                              decimal_up(result.bounds[*result.best].value, 3), shortest(allowed->value_up()))
                                : "there is no finite certified bound" + why(result);
                console.error(fmt::format("{}: {}", place, best));
                code = code == ExitCode::done ? ExitCode::gate_breached : code;
            }
        }
        return code;
    }

  private:
    static std::optional<double> limit_of(const std::string& text, const std::string& option) {
        if (text.empty()) {
            return std::nullopt;
        }
        const double value = parse_number(text, option);
        if (!(value >= 0)) {
            throw Error(ErrorKind::usage, option, "is negative");
        }
        return value;
    }

    static std::string gap_message(const Result& result, double allowed) {
        if (!result.best) {
            return "there is no finite certified bound" + why(result);
        }
        const double gap = result.gap_up();
        return std::isfinite(gap) ? fmt::format("the best certified bound is {} decades above the error reached, more than {}",
                                                fixed_up(gap, 2), shortest(allowed))
                                  : "no error was reached to compare the best certified bound with";
    }

    /// What kept the tightest method from being certified.
    static std::string why(const Result& result) {
        for (auto bound = result.bounds.rbegin(); bound != result.bounds.rend(); ++bound) {
            if (!bound->reasons.empty()) {
                return fmt::format("; {}: {}", bound->method, join(bound->reasons, "; "));
            }
        }
        return "";
    }
};

FanInConvention parse_convention(const std::string& text) {
    return parse_word(text, "--convention", {"grouped", "paper"}) == 0 ? FanInConvention::grouped : FanInConvention::paper;
}

struct BoundCommand {
    std::vector<std::string> models;
    ModelOptions model;
    BoxOptions box;
    QuantizerOptions quantizer;
    OutputOptions output;
    CommonOptions common;
    Gates gates;
    SearchOptions search;
    bool with_measured = false;
    std::string methods = "default";
    std::string convention = "grouped";

    [[nodiscard]] Report report(const std::string& path, const std::vector<Quantizer>& quantizers, bool sha256,
                                Console& console) const;
};

Report BoundCommand::report(const std::string& path, const std::vector<Quantizer>& quantizers, bool sha256,
                            Console& console) const {
    console.progress(path + ": loading");
    const ModelPairs pairs(path, model, box, quantizer, quantizers, sha256);
    EvaluateOptions options;
    options.convention = parse_convention(convention);
    options.assumed_chain = pairs.loaded().lowered.assumed_chain;
    options.threads = common.thread_count();
    options.shares = output.layers || output.sort == "share";
    const MethodSelection selection = select_methods(methods, pairs.network());

    std::vector<Upper> theta_norms;
    Report report;
    report.model = pairs.summary();
    pairs.for_each([&](const WeightPair& pair, const std::string& label) {
        console.progress(fmt::format("{}: {}", path, label));
        report.results.push_back(evaluate(pair, selection, options, theta_norms));
        if (with_measured || gates.needs_measured()) {
            console.progress(fmt::format("{}: {}: searching for a large error", path, label));
            const Parameters theta = parameters_of(pair.network());
            const Parameters quantized = quantized_parameters_of(pair);
            const AttackOptions attack_options = search.attack_options(pair.network(), options.threads);
            report.results.back().reached =
                prove(pair.network(), theta, quantized, attack(pair.network(), theta, quantized, attack_options), options.threads);
        }
    });
    return report;
}

}  // namespace

ExitCode run_bound(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app("Certified bounds on how far the output of a network moves when its weights are quantized.", "qbound");
    BoundCommand command;
    add_models(app, command.models);
    command.quantizer.add_to(app);
    app.add_option("--methods", command.methods, "default, fast, all, or names (see qbound methods) [default]")
        ->type_name("LIST")
        ->group("Bounds");
    app.add_option("--convention", command.convention, "fan-in of grouped convolutions: grouped or paper [grouped]")
        ->type_name("WORD")
        ->group("Bounds");
    command.box.add_to(app);
    command.model.add_to(app);
    app.add_flag("--with-measured", command.with_measured, "a row with the error really reached, and the decades up to the best bound")
        ->group("Search");
    command.search.add_to(app);
    command.output.add_to(app, kNumbers, "a table of the layers; csv and tsv then have layers in place of bounds");
    command.gates.add_to(app);
    command.common.add_to(app, console);
    app.set_version_flag("--version", "qbound " + std::string(version()), "the version")->group("General");
    std::string footer = "\nCommands (qbound COMMAND --help):\n";
    for (const Command& other : commands()) {
        footer += fmt::format("  {:<10} {}\n", other.name, other.summary);
    }
    app.footer(footer + std::string(kExamples));
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }

    // Everything that can be wrong with the request is found before any work begins.
    command.box.check();
    static_cast<void>(command.model.load_options());
    static_cast<void>(command.gates.limit());
    command.search.check();
    static_cast<void>(command.common.thread_count());
    static_cast<void>(parse_convention(command.convention));
    const std::vector<Quantizer> quantizers = command.quantizer.quantizers();
    if (!command.quantizer.quantized.empty() && command.models.size() > 1) {
        throw Error(ErrorKind::usage, "--quantized", "goes with one model");
    }
    if (command.output.print == "reached" && !command.with_measured && !command.gates.needs_measured()) {
        command.with_measured = true;
    }
    ReportOutput output(command.output, {kNumbers, layer_columns()}, command.models.size() > 1, command.common.quiet, console);

    const ExitCode code = for_each_model(
        command.models, console,
        [&](const std::string& path) { return command.report(path, quantizers, output.wants_sha256(), console); },
        [&](const Report& report) {
            output.add(PrintableReport(report));
            return command.gates.check(report, console);
        });
    output.finish();
    return code;
}

}  // namespace qbound::internal
