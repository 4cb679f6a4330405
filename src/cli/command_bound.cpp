// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/each_model.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_options.hpp"
#include "network/input_box.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "qbound/report.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <optional>

namespace qbound::internal {

namespace {

/// Says which layer of the quantized network each layer was compared with, where the names do not say so.
void note_matching(const WeightPair& pair, const Network& quantized, std::vector<std::string>& notes) {
    const Network& network = pair.network();
    std::string differing;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        const std::string& name = network.node(network.weight_layers()[i]).name;
        const std::string& other = quantized.node(quantized.weight_layers()[pair.matched()[i]]).name;
        if (name != other) {
            differing += fmt::format("{}{} = {}", differing.empty() ? "" : ", ", name, other);
        }
    }
    if (!differing.empty()) {
        notes.push_back("layers matched by their place in the graph: " + differing);
    }
}

constexpr std::string_view kExamples = R"(
Examples:
  qbound examples/lenet.json --bits 8
  qbound model.json --bits 2..8 --format csv
  qbound a.json b.json --bits 4,8 --format ndjson
  qbound model.json --bits 8 --granularity channel --layers --sort delta_norm_inf --top 5
  qbound model.json --bits 8 --fail-above 0.5
  qbound float.json --quantized int8.json

Exit status:
  0 done  1 a gate is breached  2 wrong usage  3 input unreadable or malformed, output not writable
  4 unsupported operator, or no certified number where one was required  5 internal error
)";

struct Gates {
    std::string fail_above;
    bool require_certified = false;

    void add_to(CLI::App& app) {
        add_text(app, "--fail-above", fail_above, "V", "exit 1 unless a certified bound is at most V", "Gates");
        app.add_flag("--require-certified", require_certified, "exit 4 unless there is a finite certified bound")->group("Gates");
    }

    [[nodiscard]] std::optional<Upper> limit() const {
        if (fail_above.empty()) {
            return std::nullopt;
        }
        const double value = parse_number(fail_above, "--fail-above");
        if (!(value >= 0)) {
            throw Error(ErrorKind::usage, "--fail-above", "is negative");
        }
        return Upper::exactly(value);
    }

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
    std::string methods = "default";
    std::string convention = "grouped";

    [[nodiscard]] Report report(const std::string& path, const std::vector<Quantizer>& quantizers, bool sha256,
                                Console& console) const;
};

Report BoundCommand::report(const std::string& path, const std::vector<Quantizer>& quantizers, bool sha256,
                            Console& console) const {
    console.progress(path + ": loading");
    const LoadedNetwork loaded = load_network(
        path,
        {.load = model.load_options(), .box = &box, .require_box = true, .weights_only = model.weights_only, .sha256 = sha256});
    const Network& network = loaded.lowered.network;
    EvaluateOptions options;
    options.convention = parse_convention(convention);
    options.assumed_chain = loaded.lowered.assumed_chain;
    options.threads = common.thread_count();
    options.shares = output.layers || output.sort == "share";
    const MethodSelection selection = select_methods(methods, network);

    std::vector<Upper> theta_norms;
    Report report;
    report.model = summarise(network, loaded.lowered.assumed_chain);
    report.model.file = loaded.file;
    report.model.format = loaded.format;
    report.model.sha256 = loaded.sha256;
    report.model.notes = loaded.notes;
    if (!quantizer.given()) {
        report.model.notes.emplace_back("no bit width given: 8 bits");
    }
    if (!quantizer.quantized.empty()) {
        const LoadedNetwork other = load_network(quantizer.quantized, {.load = model.load_options(),
                                                                       .box = nullptr,
                                                                       .require_box = false,
                                                                       .weights_only = model.weights_only,
                                                                       .sha256 = false});
        report.model.notes.push_back("quantized network: " + quantizer.quantized);
        for (const std::string& note : other.notes) {
            if (note != kAssumedBoxNote) {  // both networks are bounded on the first one's
                report.model.notes.push_back("quantized network: " + note);
            }
        }
        report.results.push_back(with_file(display_name(path), [&] {
            const WeightPair pair(network, other.lowered.network);
            note_matching(pair, other.lowered.network, report.model.notes);
            return evaluate(pair, selection, options, theta_norms);
        }));
    }
    for (const Quantizer& one : quantizers) {
        console.progress(fmt::format("{}: {} bits", path, one.bits));
        report.results.push_back(
            with_file(display_name(path), [&] { return evaluate(WeightPair(network, one), selection, options, theta_norms); }));
    }
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
    command.output.add_to(app);
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
    static_cast<void>(command.common.thread_count());
    static_cast<void>(parse_convention(command.convention));
    const std::vector<Quantizer> quantizers = command.quantizer.quantizers();
    if (!command.quantizer.quantized.empty() && command.models.size() > 1) {
        throw Error(ErrorKind::usage, "--quantized", "goes with one model");
    }
    ReportOutput output(command.output, command.models.size() > 1, command.common.quiet, console);

    const ExitCode code = for_each_model(
        command.models, console,
        [&](const std::string& path) { return command.report(path, quantizers, output.wants_sha256(), console); },
        [&](const Report& report) {
            output.add(report);
            return command.gates.check(report, console);
        });
    output.finish();
    return code;
}

}  // namespace qbound::internal
