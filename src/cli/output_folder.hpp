// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace qbound::internal {

/// A new folder that appears whole or not at all: filled beside its name, then renamed. Without commit() and keep() nothing stays.
/// A folder that exists is never written into.
class OutputFolder {
  public:
    /// Errors: Error{malformed} naming the folder if something of that name exists, or it cannot be made.
    explicit OutputFolder(std::filesystem::path path);
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;
    ~OutputFolder();

    /// Adds a file. Errors: Error{malformed} naming it.
    void add(const std::string& name, std::span<const std::byte> bytes);
    /// Puts the folder in its place, from where it is taken away again unless keep() follows. Errors: Error{malformed} naming it.
    void commit();
    /// The folder stays: what refers to it has been written as well.
    void keep() noexcept { filled_.clear(); }

  private:
    std::filesystem::path path_;
    std::filesystem::path filled_;  ///< where the files are now; empty when they are no longer ours to remove
};

}  // namespace qbound::internal
