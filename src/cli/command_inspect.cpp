// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/each_model.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "report/inspect_report.hpp"

#include <CLI/CLI.hpp>
#include <utility>

namespace qbound::internal {

namespace {

constexpr const char* kExamples = R"(
Examples:
  qbound inspect examples/lenet.json
  qbound inspect model.json --check && echo supported
  qbound inspect dump.npz --manifest graph.json && qbound dump.npz --topology graph.json
  qbound inspect --operators --format json
)";

struct InspectCommand {
    std::vector<std::string> models;
    ModelOptions model;
    BoxOptions box;
    CommonOptions common;
    std::string format = "table";
    std::string manifest;
    bool check = false;
    bool operators = false;
};

LoadedNetwork load(const InspectCommand& command, const std::string& path) {
    return load_network(path, {.load = command.model.load_options(),
                               .box = &command.box,
                               .require_box = false,
                               .weights_only = command.model.weights_only,
                               .sha256 = command.format == "json" && !command.check});
}

/// The graph as a topology to edit, also where the file does not say enough for bounds.
ExitCode write_manifest(const InspectCommand& command) {
    if (command.models.size() != 1) {
        throw Error(ErrorKind::usage, "--manifest", "takes one model");
    }
    const std::string& path = command.models.front();
    OutputFile file(command.manifest);
    LoadOptions options = command.model.load_options();
    options.sketch = true;
    const Model model = load_model_file(path, options);
    file.commit(with_file(display_name(path), [&] { return write_topology(model); }));
    return ExitCode::done;
}

/// Silent: the exit code is the answer.
ExitCode check_models(const InspectCommand& command) {
    for (const std::string& path : command.models) {
        try {
            static_cast<void>(load(command, path));
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::usage) {
                throw;
            }
            return exit_code(error.kind());
        }
    }
    return ExitCode::done;
}

std::string inspected(const InspectCommand& command, const std::string& path, bool json) {
    const LoadedNetwork loaded = load(command, path);
    Inspection inspection{.model = summarise(loaded.lowered.network, loaded.lowered.assumed_chain),
                          .network = loaded.lowered.network,
                          .folds = loaded.lowered.folds};
    inspection.model.file = loaded.file;
    inspection.model.format = loaded.format;
    inspection.model.sha256 = loaded.sha256;
    inspection.model.notes = loaded.notes;
    return json ? inspect_json(inspection) : inspect_table(inspection, Console::color(ColorMode::automatic));
}

/// Several models as JSON are an array, also when only one of them can be read.
ExitCode inspect_models(const InspectCommand& command, bool json, Console& console) {
    const bool array = json && command.models.size() > 1;
    bool first = true;
    const ExitCode code = for_each_model(
        command.models, console, [&](const std::string& path) { return inspected(command, path, json); },
        [&](const std::string& text) {
            const bool separated = !std::exchange(first, false);
            if (array) {
                console.write((separated ? ",\n" : "[\n") + text);
            } else {
                console.write((separated ? "\n" : "") + text + (json ? "\n" : ""));
            }
            return ExitCode::done;
        });
    if (array && !first) {
        console.write("\n]\n");
    }
    return code;
}

}  // namespace

ExitCode run_inspect(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app("Show what was understood of a model: its nodes, shapes, parameters, and what was folded.", "qbound inspect");
    InspectCommand command;
    add_models(app, command.models)->required(false);
    add_text(app, "--format", command.format, "FORMAT", "table or json [table]", "Output");
    app.add_flag("--check", command.check, "print nothing: exit 0 if the model is supported, 4 if not, 3 if it cannot be read")
        ->group("Output");
    app.add_flag("--operators", command.operators, "list the supported operators instead")->group("Output");
    add_text(app, "--manifest", command.manifest, "FILE", "write the graph without data instead, to edit and give to --topology",
             "Output");
    command.box.add_to(app);
    command.model.add_to(app);
    command.common.add_to(app, console);
    app.footer(kExamples);
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    const bool json = parse_word(command.format, "--format", {"table", "json"}) == 1;
    command.box.check();
    if (command.operators) {
        const auto operators = supported_operators();
        console.write(json ? operators_json(operators) : operators_table(operators));
        return ExitCode::done;
    }
    if (command.models.empty()) {
        throw Error(ErrorKind::usage, "", "MODEL is required", "qbound inspect --help");
    }
    if (!command.manifest.empty()) {
        return write_manifest(command);
    }
    return command.check ? check_models(command) : inspect_models(command, json, console);
}

}  // namespace qbound::internal
