// SPDX-License-Identifier: Apache-2.0
#include "cli/console.hpp"

#include "qbound/error.hpp"
#include "report/text.hpp"

#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace qbound::internal {

void write_all(int fd, std::string_view text, std::string_view place) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            throw ClosedPipe{};
        } else if (errno != EINTR) {
            throw Error(ErrorKind::malformed, std::string(place), "cannot be written: " + std::generic_category().message(errno));
        }
    }
}

void Console::write(std::string_view text) {
    clear_progress();
    write_all(STDOUT_FILENO, text, "standard output");
}

void Console::error(std::string_view message) {
    clear_progress();
    line(message);
}

void Console::notice(std::string_view message) {
    if (!quiet_) {
        error(message);
    }
}

void Console::progress(std::string_view text) {
    constexpr std::chrono::milliseconds kDelay{500};
    if (quiet_ || std::chrono::steady_clock::now() - started_ < kDelay || ::isatty(STDERR_FILENO) == 0) {
        return;
    }
    const std::string shown = "\r\x1b[K" + one_line(text);
    progress_shown_ = ::write(STDERR_FILENO, shown.data(), shown.size()) > 0;
}

bool Console::color(ColorMode mode) {
    if (mode != ColorMode::automatic) {
        return mode == ColorMode::always;
    }
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool refused = (no_color != nullptr && *no_color != '\0') || (term != nullptr && std::string_view(term) == "dumb");
    return !refused && ::isatty(STDOUT_FILENO) != 0;
}

void Console::line(std::string_view message) {
    const std::string text = "qbound: " + one_line(message) + '\n';
    try {
        write_all(STDERR_FILENO, text, "standard error");
    } catch (const Error&) {
        // Nobody is left to be told.
        return;
    }
}

void Console::clear_progress() {
    if (progress_shown_) {
        progress_shown_ = false;
        constexpr std::string_view kClear = "\r\x1b[K";
        [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, kClear.data(), kClear.size());
    }
}

}  // namespace qbound::internal
