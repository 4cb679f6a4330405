// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace qbound::internal {

/// A file that appears whole or not at all: written beside its name, then renamed. Opened before the work begins, so that a place
/// that cannot be written is known at once. Without commit() nothing changes. "-" is standard output; pipes and devices are written
/// as such.
class OutputFile {
  public:
    /// Errors: Error{malformed} naming the file.
    explicit OutputFile(std::string path);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    /// Writes `content` and puts the file in its place. Errors: Error{malformed} naming the file, which is then unchanged.
    void commit(std::string_view content);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    std::string path_;       ///< as the user named it
    std::string target_;     ///< what a symbolic link leads to
    std::string temporary_;  ///< empty: written directly
    int fd_ = -1;
};

}  // namespace qbound::internal
