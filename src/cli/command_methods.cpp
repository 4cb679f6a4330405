// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/options.hpp"
#include "cli/parse.hpp"
#include "report/methods_report.hpp"

#include <CLI/CLI.hpp>

namespace qbound::internal {

ExitCode run_methods(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app("List the bound methods, from the loosest to the tightest as a rule.", "qbound methods");
    std::string format = "table";
    add_text(app, "--format", format, "FORMAT", "table, json or markdown [table]", "Output");
    app.footer("\nExample:\n  qbound methods --format json\n");
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    switch (parse_word(format, "--format", {"table", "json", "markdown"})) {
        case 0:
            console.write(methods_table());
            break;
        case 1:
            console.write(methods_json());
            break;
        default:
            console.write(methods_markdown());
            break;
    }
    return ExitCode::done;
}

}  // namespace qbound::internal
