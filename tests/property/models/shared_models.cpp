// SPDX-License-Identifier: Apache-2.0
#include "shared_models.hpp"

#include "qbound/error.hpp"
#include "qbound/loader.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

namespace qbound::test {

namespace {

OwnedBytes read_whole(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw Error(ErrorKind::malformed, path.string(), "cannot be read");
    }
    const auto text =
        std::make_shared<const std::vector<char>>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    return {std::as_bytes(std::span(*text)), text};
}

class Folder final : public FileSource {
  public:
    explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}
    [[nodiscard]] OwnedBytes read(std::string_view relative) const override { return read_whole(path_ / relative); }
    [[nodiscard]] std::vector<std::string> list() const override { return {}; }

  private:
    std::filesystem::path path_;
};

}  // namespace

std::optional<std::string> shared_models() {
    const char* folder = std::getenv("QBOUND_SHARED_MODELS");
    return folder == nullptr || *folder == '\0' ? std::nullopt : std::optional<std::string>(folder);
}

Network load_shared_model(const std::string& folder, const std::string& name) {
    const OwnedBytes file = read_whole(std::filesystem::path(folder) / (name + ".json"));
    const Folder beside(folder);
    return lower(load_model(file.bytes, beside, LoadOptions{}), LowerOptions{}).network;
}

}  // namespace qbound::test
