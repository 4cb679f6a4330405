// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/exit_code.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace qbound::internal {

class Console;

/// A subcommand: one file command_NAME.cpp each, one row in command.cpp.
struct Command {
    std::string_view name;
    std::string_view summary;
    ExitCode (*run)(const std::vector<std::string>& arguments, Console& console);
};

[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const Command* find_command(std::string_view name);

/// The command without a name: `qbound MODEL… --bits 8`.
ExitCode run_bound(const std::vector<std::string>& arguments, Console& console);
ExitCode run_allocate(const std::vector<std::string>& arguments, Console& console);
ExitCode run_compare(const std::vector<std::string>& arguments, Console& console);
ExitCode run_convert(const std::vector<std::string>& arguments, Console& console);
ExitCode run_inspect(const std::vector<std::string>& arguments, Console& console);
ExitCode run_measure(const std::vector<std::string>& arguments, Console& console);
ExitCode run_methods(const std::vector<std::string>& arguments, Console& console);
ExitCode run_run(const std::vector<std::string>& arguments, Console& console);

/// Parses `arguments` into the variables that `app` was given. False if help or the version was asked for, and printed.
/// Errors: Error{usage}.
[[nodiscard]] bool parse_arguments(CLI::App& app, const std::vector<std::string>& arguments, Console& console);

}  // namespace qbound::internal
