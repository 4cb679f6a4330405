// SPDX-License-Identifier: Apache-2.0
#include "cli/program.hpp"

#include "cli/command.hpp"
#include "cli/console.hpp"
#include "qbound/error.hpp"
#include "qbound/rounding.hpp"

#include <fcntl.h>
#include <unistd.h>
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

/// A standard stream that was closed would give its number to the next file opened, and data would go into that file. Taken up by a
/// device opened the wrong way round, every use of it fails as it should.
void occupy_standard_streams() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) == -1) {
            static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
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
    occupy_standard_streams();
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
