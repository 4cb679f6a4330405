// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace qbound::internal {

/// Standard output is a pipe that nobody reads any more.
class ClosedPipe {};

enum class ColorMode { automatic, always, never };

/// Writes `text` to the file descriptor `fd`, whole. Errors: ClosedPipe; Error{malformed} at `place`.
void write_all(int fd, std::string_view text, std::string_view place);

/// Standard output, which has the data, and standard error, which has everything else.
class Console {
  public:
    Console() = default;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;
    ~Console() { clear_progress(); }

    /// To standard output, at once. Errors: ClosedPipe; Error{malformed} if it cannot be written.
    void write(std::string_view text);
    /// "qbound: message", one line.
    void error(std::string_view message);
    /// The same for what is no failure; not written when quiet.
    void notice(std::string_view message);
    /// What goes on, on a terminal only, in one line that the next output clears; nothing in the first half second.
    void progress(std::string_view text);

    void set_quiet(bool quiet) noexcept { quiet_ = quiet; }
    /// Whether standard output is to be coloured: the terminal, TERM and NO_COLOR decide where `mode` does not.
    [[nodiscard]] static bool color(ColorMode mode);

  private:
    void line(std::string_view message);
    void clear_progress();

    bool quiet_ = false;
    bool progress_shown_ = false;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace qbound::internal
