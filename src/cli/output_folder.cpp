// SPDX-License-Identifier: Apache-2.0
#include "cli/output_folder.hpp"

#include "cli/console.hpp"
#include "qbound/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>
#include <utility>

namespace qbound::internal {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, int error, std::string hint = {}) {
    throw Error(ErrorKind::malformed, path.string(), "cannot be written: " + std::generic_category().message(error),
                std::move(hint));
}

[[noreturn]] void fail_exists(const fs::path& path) {
    fail(path, EEXIST, "remove it, or choose another name for the output");
}

bool is_taken(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

OutputFolder::OutputFolder(fs::path path) : path_(std::move(path)) {
    if (is_taken(path_)) {
        fail_exists(path_);
    }
    constexpr mode_t kAllForAll = 0777;  // the umask takes its part away
    for (int attempt = 0; filled_.empty(); ++attempt) {
        const fs::path temporary =
            path_.parent_path() / fmt::format(".{}.{}-{}.tmp", path_.filename().string(), ::getpid(), attempt);
        if (::mkdir(temporary.c_str(), kAllForAll) == 0) {
            filled_ = temporary;
        } else if (errno != EEXIST) {
            fail(path_, errno);
        }
    }
}

OutputFolder::~OutputFolder() {
    if (!filled_.empty()) {
        std::error_code ignored;
        fs::remove_all(filled_, ignored);
    }
}

void OutputFolder::add(const std::string& name, std::span<const std::byte> bytes) {
    const fs::path file = filled_ / name;
    const std::string shown = (path_ / name).string();
    constexpr mode_t kReadWriteForAll = 0666;
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kReadWriteForAll);
    if (fd < 0) {
        fail(shown, errno);
    }
    try {
        write_all(fd, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, shown);
    } catch (...) {
        ::close(fd);
        throw;
    }
    if (::close(fd) != 0) {
        fail(shown, errno);
    }
}

void OutputFolder::commit() {
    if (is_taken(path_)) {
        fail_exists(path_);
    }
    if (::rename(filled_.c_str(), path_.c_str()) != 0) {
        fail(path_, errno);
    }
    filled_ = path_;
}

}  // namespace qbound::internal
