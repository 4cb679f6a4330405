// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include "cli/console.hpp"
#include "qbound/error.hpp"
#include "report/text.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace qbound::internal {

const std::vector<Command>& commands() {
    static const std::vector<Command> table{
        {"allocate", "choose bits per layer for a certified bound or a size", run_allocate},
        {"compare", "compare two reports: what got looser, and a gate on it", run_compare},
        {"convert", "write the network as it was understood: as a manifest, or as ONNX", run_convert},
        {"inspect", "show what was understood of a model: nodes, shapes, folds", run_inspect},
        {"measure", "the error really reached, on data and in the box", run_measure},
        {"methods", "list the bound methods: theorem, hypotheses, cost", run_methods},
        {"run", "evaluate a model, or its quantized form, on inputs", run_run},
    };
    return table;
}

const Command* find_command(std::string_view name) {
    const auto& table = commands();
    const auto found = std::find_if(table.begin(), table.end(), [&](const Command& command) { return command.name == name; });
    return found == table.end() ? nullptr : &*found;
}

bool parse_arguments(CLI::App& app, const std::vector<std::string>& arguments, Console& console) {
    // CLI11 takes its arguments from the back.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
        app.parse(std::move(reversed));
        return true;
    } catch (const CLI::CallForHelp&) {
        console.write(app.help());
        return false;
    } catch (const CLI::CallForVersion& version) {
        console.write(std::string(version.what()) + '\n');
        return false;
    } catch (const CLI::ParseError& error) {
        throw Error(ErrorKind::usage, "", one_line(error.what()), app.get_name() + " --help");
    }
}

}  // namespace qbound::internal
