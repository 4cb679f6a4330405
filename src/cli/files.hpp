// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// Larger files are refused. A regular file is mapped, so that the limit costs no memory; a pipe is read into memory, up to its own
/// limit.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 36U;
inline constexpr std::size_t kMaxPipeBytes = std::size_t{1} << 30U;

/// The bytes of the file that the user named; "-" is standard input.
/// Errors: Error{malformed} with the reason; the place is the caller's.
[[nodiscard]] OwnedBytes read_file(const std::string& path);

/// True for a directory, also through a symbolic link.
[[nodiscard]] bool is_folder(const std::string& path);

/// Reads files of one folder and of what lies below it, and of nothing else: names are resolved through symbolic links first, and
/// must still be inside. Only regular files, never a device or a pipe.
class FolderSource final : public FileSource {
  public:
    /// `folder` must exist. Errors: Error{malformed}.
    explicit FolderSource(const std::filesystem::path& folder);
    [[nodiscard]] OwnedBytes read(std::string_view relative) const override;
    [[nodiscard]] std::vector<std::string> list() const override;

  private:
    std::filesystem::path folder_;  ///< canonical
};

/// The folder that a model file's references start from: its own; the working folder for standard input.
[[nodiscard]] std::filesystem::path folder_of(const std::string& model_path);

}  // namespace qbound::internal
