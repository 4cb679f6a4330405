// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "qbound/error.hpp"
#include "qbound/rounding.hpp"

#include <csignal>
#include <exception>
#include <new>

namespace qbound::internal {

namespace {

/// Ends as a program does that writes into a closed pipe: by SIGPIPE, without a word.
int end_by_closed_pipe() {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
    constexpr int kShellStatus = 128 + SIGPIPE;
    return kShellStatus;
}

ExitCode dispatch(const std::vector<std::string>& arguments, Console& console) {
    check_arithmetic();
    if (!arguments.empty()) {
        if (const Command* command = find_command(arguments.front())) {
            return command->run({arguments.begin() + 1, arguments.end()}, console);
        }
    }
    return run_bound(arguments, console);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
    // Ignored, so that a write fails instead and half-written files are cleaned up before the program ends.
    std::signal(SIGPIPE, SIG_IGN);
    Console console;
    try {
        return static_cast<int>(dispatch(arguments, console));
    } catch (const ClosedPipe&) {
        return end_by_closed_pipe();
    } catch (const Error& error) {
        console.error(error.what());
        return static_cast<int>(exit_code(error.kind()));
    } catch (const std::bad_alloc&) {
        console.error("not enough memory");
    } catch (const std::exception& unexpected) {
        console.error(std::string("internal error: ") + unexpected.what());
    }
    return static_cast<int>(ExitCode::internal);
}

}  // namespace qbound::internal
