// SPDX-License-Identifier: Apache-2.0
#include "cli/files.hpp"

#include "qbound/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace qbound::internal {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(std::string place, std::string reason) {
    throw Error(ErrorKind::malformed, std::move(place), std::move(reason));
}

[[noreturn]] void fail_errno(std::string place, std::string_view what, int error) {
    fail(std::move(place), fmt::format("{}: {}", what, std::generic_category().message(error)));
}

class Descriptor {
  public:
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ > STDERR_FILENO) {
            ::close(fd_);
        }
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

  private:
    int fd_;
};

OwnedBytes map(int fd, std::size_t size) {
    if (size == 0) {
        return {};
    }
    void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) {
        fail_errno("", "cannot be read", errno);
    }
    const std::shared_ptr<const void> owner(address, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
    return {{static_cast<const std::byte*>(address), size}, owner};
}

OwnedBytes drain(int fd) {
    constexpr std::size_t kBlock = std::size_t{1} << 20U;
    const auto buffer = std::make_shared<std::vector<std::byte>>();
    for (;;) {
        const std::size_t used = buffer->size();
        if (used > kMaxPipeBytes) {
            fail("", fmt::format("more than {} bytes through a pipe", kMaxPipeBytes));
        }
        buffer->resize(used + kBlock);
        const ssize_t got = ::read(fd, buffer->data() + used, kBlock);
        const int error = errno;
        buffer->resize(used + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0) {
            return {{buffer->data(), buffer->size()}, buffer};
        }
        if (got < 0 && error != EINTR) {
            fail_errno("", "cannot be read", error);
        }
    }
}

std::size_t checked_file_size(const struct stat& status) {
    const auto size = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
    if (size > kMaxFileBytes) {
        fail("", fmt::format("{} bytes are more than the limit of {}", size, kMaxFileBytes));
    }
    return size;
}

}  // namespace

OwnedBytes read_file(const std::string& path) {
    const Descriptor file(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
        fail_errno("", "cannot be opened", errno);
    }
    if (S_ISDIR(status.st_mode)) {
        fail("", "is a folder");
    }
    if (S_ISREG(status.st_mode) && ::lseek(file.get(), 0, SEEK_CUR) == 0) {
        return map(file.get(), checked_file_size(status));
    }
    return drain(file.get());
}

bool is_folder(const std::string& path) {
    std::error_code ignored;
    return path != "-" && fs::is_directory(path, ignored);
}

fs::path folder_of(const std::string& model_path) {
    const fs::path parent = model_path == "-" ? fs::path() : fs::path(model_path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

FolderSource::FolderSource(const fs::path& folder) {
    std::error_code error;
    folder_ = fs::canonical(folder, error);
    if (error) {
        fail(folder.string(), "cannot be opened: " + error.message());
    }
}

OwnedBytes FolderSource::read(std::string_view relative) const {
    const std::string place(relative);
    const fs::path name(place);
    if (place.empty() || place.find('\0') != std::string::npos || name.is_absolute()) {
        fail(place, "is not a path relative to the model's folder");
    }
    std::error_code error;
    const fs::path full = fs::canonical(folder_ / name, error);
    if (error) {
        fail(place, "cannot be opened: " + error.message());
    }
    const auto [end, rest] = std::mismatch(folder_.begin(), folder_.end(), full.begin(), full.end());
    if (end != folder_.end() || rest == full.end()) {
        fail(place, "lies outside the model's folder");
    }
    // The resolved name has no links left; O_NONBLOCK so that a pipe cannot hold the program up before it is refused.
    const Descriptor file(::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
        fail_errno(place, "cannot be opened", errno);
    }
    if (!S_ISREG(status.st_mode)) {
        fail(place, "is not a regular file");
    }
    try {
        return map(file.get(), checked_file_size(status));
    } catch (const Error& failure) {
        throw failure.within(place);
    }
}

std::vector<std::string> FolderSource::list() const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code unreadable;
        if (entry->is_regular_file(unreadable)) {
            names.push_back(entry->path().filename().string());
        }
    }
    if (error) {
        fail("", "cannot be listed: " + error.message());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace qbound::internal
