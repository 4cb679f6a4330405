// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "report/allocate_report.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

namespace qbound::internal {

namespace {

constexpr const char* kExamples = R"(
Examples:
  qbound allocate examples/lenet.json --budget 6 -o map.json
  qbound examples/lenet.json --bits-map map.json
  qbound allocate model.json --target 0.1 --bits 4,6,8 --granularity channel
  qbound allocate model.json --frontier --format csv

Exit status:
  0 done  2 wrong usage, or a budget that nothing fits  3 input unreadable or malformed, output not writable
  4 unsupported operator, no certified bound, or a target that is out of reach  5 internal error
)";

struct AllocateCommand {
    std::string model_path;
    std::string target;
    std::string budget;
    std::string bits = "2..8";
    std::string method = "best";
    std::string methods;
    std::string convention = "grouped";
    std::string points;
    std::string format = "table";
    std::string color = "auto";
    std::string output;
    bool frontier = false;
    bool uniform = false;
    ModelOptions model;
    BoxOptions box;
    QuantizerOptions quantizer;
    CommonOptions common;

    void add_to(CLI::App& app, Console& console);
    void check() const;
    [[nodiscard]] AllocateOptions options() const;
    [[nodiscard]] MethodSelection selection(const Network& network) const;
    [[nodiscard]] AllocationGoal goal(std::int64_t numbers) const;
    [[nodiscard]] std::size_t point_count() const;
    [[nodiscard]] AllocateReport report(Console& console) const;
};

void AllocateCommand::add_to(CLI::App& app, Console& console) {
    app.add_option("MODEL", model_path, "the model; - is standard input")->type_name("")->required();
    const std::string group = "Goal";
    add_text(app, "--target", target, "V", "the smallest size with a certified bound of at most V", group);
    add_text(app, "--budget", budget, "SIZE",
             "the smallest bound within a size: average bits such as 6, or 120KiB, 1.5MB, 7200000bit", group);
    app.add_flag("--frontier", frontier, "the smallest bound at every size, as rows")->group(group);
    add_text(app, "--points", points, "N", "rows of the frontier, at most [30]", group);
    app.add_flag("--uniform", uniform, "one bit width for all layers")->group(group);
    add_text(app, "--method", method, "NAME", "the bound to go by; best is the smallest certified one of --methods [best]", group);
    add_text(app, "--methods", methods, "LIST", "default, fast, all, or names (see qbound methods) [default]", group);
    add_text(app, "--convention", convention, "WORD", "fan-in of grouped convolutions: grouped or paper [grouped]", group);
    add_text(app, "--bits", bits, "LIST", "bit widths to choose from [2..8]", "Quantizer");
    quantizer.add_to(app, true);
    box.add_to(app);
    model.add_to(app);
    app.add_option("-o,--output-file", output,
                   "the bits of every layer, as --bits-map reads them; - is standard output, in place of the report")
        ->type_name("MAP.json")
        ->group("Output");
    add_text(app, "--format", format, "FORMAT", "table, json, ndjson, csv, tsv or markdown [table]", "Output");
    add_text(app, "--color", color, "WHEN", "auto, always or never [auto]", "Output");
    common.add_to(app, console);
    app.footer(kExamples);
}

void AllocateCommand::check() const {
    const int goals = (target.empty() ? 0 : 1) + (budget.empty() ? 0 : 1) + (frontier ? 1 : 0);
    if (goals != 1) {
        throw Error(ErrorKind::usage, "", "allocate takes one of --target, --budget and --frontier", "qbound allocate --help");
    }
    if (frontier && !output.empty()) {
        throw Error(ErrorKind::usage, "--output-file", "a frontier is not one map", "choose a point with --budget");
    }
    if (!points.empty() && !frontier) {
        throw Error(ErrorKind::usage, "--points", "goes with --frontier");
    }
    if (method != "best" && !methods.empty()) {
        throw Error(ErrorKind::usage, "--method", "excludes --methods");
    }
    static_cast<void>(options());
    static_cast<void>(goal(1));
    static_cast<void>(point_count());
    static_cast<void>(parse_format(format));
    static_cast<void>(model.load_options());
    box.check();
}

AllocateOptions AllocateCommand::options() const {
    AllocateOptions options;
    options.quantizer = quantizer.rule();
    options.widths = parse_bits(bits, "--bits");
    std::sort(options.widths.begin(), options.widths.end());
    options.convention =
        parse_word(convention, "--convention", {"grouped", "paper"}) == 0 ? FanInConvention::grouped : FanInConvention::paper;
    options.uniform = uniform;
    options.threads = common.thread_count();
    return options;
}

MethodSelection AllocateCommand::selection(const Network& network) const {
    if (method != "best") {
        if (find_method(method) == nullptr) {
            throw Error(ErrorKind::usage, "--method", fmt::format("'{}' is not a method", method), "qbound methods lists them");
        }
        return select_methods(method, network);
    }
    return select_methods(methods.empty() ? "default" : methods, network);
}

AllocationGoal AllocateCommand::goal(std::int64_t numbers) const {
    AllocationGoal goal;
    if (!target.empty()) {
        const double value = parse_number(target, "--target");
        if (!(value >= 0)) {
            throw Error(ErrorKind::usage, "--target", "is negative");
        }
        goal.target = Upper::exactly(value);
    }
    if (!budget.empty()) {
        goal.budget = parse_size(budget, "--budget", numbers);
    }
    return goal;
}

std::size_t AllocateCommand::point_count() const {
    constexpr int kDefault = 30;
    constexpr int kMost = 10000;
    return static_cast<std::size_t>(points.empty() ? kDefault : parse_count(points, "--points", kMost));
}

AllocateReport AllocateCommand::report(Console& console) const {
    console.progress(model_path + ": loading");
    const LoadedNetwork loaded = load_network(model_path, {.load = model.load_options(),
                                                           .box = &box,
                                                           .require_box = true,
                                                           .weights_only = model.weights_only,
                                                           .sha256 = format == "json" || format == "ndjson"});
    const Network& network = loaded.lowered.network;
    AllocateReport report;
    report.model = summarise(network, loaded.lowered.assumed_chain);
    report.model.file = loaded.file;
    report.model.format = loaded.format;
    report.model.sha256 = loaded.sha256;
    report.model.notes = loaded.notes;
    report.options = options();
    report.options.assumed_chain = loaded.lowered.assumed_chain;
    MethodSelection selected = selection(network);
    report.options.methods = std::move(selected.methods);
    report.left_out = std::move(selected.left_out);
    for (const NodeId id : network.weight_layers()) {
        report.layers.push_back(network.node(id).name);
    }
    report.numbers = counted_numbers(network, report.options.quantizer.quantize_biases);
    report.goal = goal(report.numbers);
    console.progress(model_path + ": choosing bits");
    with_file(display_name(model_path), [&] {
        if (frontier) {
            report.frontier = allocation_frontier(network, report.options, point_count());
        } else {
            report.result = allocate(network, report.options, report.goal);
        }
    });
    return report;
}

}  // namespace

ExitCode run_allocate(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app("Choose bits per layer: the smallest model within a certified bound, or the smallest bound within a size.",
                 "qbound allocate");
    AllocateCommand command;
    command.add_to(app, console);
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    command.check();
    constexpr ColorMode kModes[] = {ColorMode::automatic, ColorMode::always, ColorMode::never};
    const bool color = Console::color(kModes[parse_word(command.color, "--color", {"auto", "always", "never"})]);
    std::optional<OutputFile> file;
    if (!command.output.empty()) {
        file.emplace(command.output);
    }
    const AllocateReport report = command.report(console);
    if (file) {
        file->commit(bits_map_json(report.layers, report.result->best.bits));
    }
    if (command.output != "-") {
        console.write(allocate_report(report, parse_format(command.format), !command.common.quiet, color));
    }
    return ExitCode::done;
}

}  // namespace qbound::internal
