// SPDX-License-Identifier: Apache-2.0
#include "cli/output_file.hpp"

#include "cli/console.hpp"
#include "qbound/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace qbound::internal {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& path, int error) {
    throw Error(ErrorKind::malformed, path, "cannot be written: " + std::generic_category().message(error));
}

/// The name that `path` stands for: a symbolic link's destination, so that the link survives the renaming.
std::string resolve(const std::string& path) {
    std::error_code error;
    if (!fs::is_symlink(path, error)) {
        return path;
    }
    const fs::path resolved = fs::weakly_canonical(path, error);
    return error ? path : resolved.string();
}

}  // namespace

OutputFile::OutputFile(std::string path) : path_(std::move(path)), target_(resolve(path_)) {
    if (path_ == "-") {
        fd_ = STDOUT_FILENO;
        return;
    }
    struct stat status {};
    const bool exists = ::stat(target_.c_str(), &status) == 0;
    if (exists && !S_ISREG(status.st_mode)) {
        fd_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
        if (fd_ < 0) {
            fail(path_, errno);
        }
        return;
    }
    if (exists && ::access(target_.c_str(), W_OK) != 0) {
        fail(path_, errno);
    }
    const fs::path name(target_);
    if (name.filename().empty()) {
        fail(path_, path_.empty() ? ENOENT : EISDIR);
    }
    constexpr mode_t kReadWriteForAll = 0666;  // the umask takes its part away
    for (int attempt = 0; fd_ < 0; ++attempt) {
        temporary_ = (name.parent_path() / fmt::format(".{}.{}-{}.tmp", name.filename().string(), ::getpid(), attempt)).string();
        fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kReadWriteForAll);
        if (fd_ < 0 && errno != EEXIST) {
            const int error = errno;
            temporary_.clear();
            fail(path_, error);
        }
    }
    if (exists) {
        ::fchmod(fd_, status.st_mode & 07777U);
    }
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::exchange(other.fd_, -1)) {}

OutputFile::~OutputFile() {
    if (fd_ > STDERR_FILENO) {
        ::close(fd_);
    }
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

void OutputFile::commit(std::string_view content) {
    write_all(fd_, content, path_ == "-" ? "standard output" : path_);
    if (fd_ > STDERR_FILENO && ::close(std::exchange(fd_, -1)) != 0) {
        fail(path_, errno);
    }
    if (!temporary_.empty()) {
        if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
            fail(path_, errno);
        }
        temporary_.clear();
    }
}

}  // namespace qbound::internal
