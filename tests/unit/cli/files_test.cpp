// SPDX-License-Identifier: Apache-2.0
#include "cli/files.hpp"

#include "cli/bits_map.hpp"
#include "cli/output_file.hpp"
#include "cli/sha256.hpp"
#include "qbound/error.hpp"
#include "scratch_folder.hpp"
#include "support/catch.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace qbound;
using namespace qbound::internal;
using qbound::test::ScratchFolder;

namespace {

std::string text(const OwnedBytes& file) {
    return {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
}

}  // namespace

TEST_CASE("files are read whole") {
    const ScratchFolder folder;
    CHECK(text(read_file(folder.write("a", "content"))) == "content");
    CHECK(read_file(folder.write("empty", "")).bytes.empty());
    CHECK_THROWS_WITH(read_file(folder / "missing"), "cannot be opened: No such file or directory");
    CHECK_THROWS_WITH(read_file(folder.path().string()), "is a folder");
}

TEST_CASE("a model's folder is not left") {
    const ScratchFolder outer;
    outer.write("secret", "secret");
    outer.write("model/in/a.npy", "a");
    outer.write("modelling/b", "b");
    std::filesystem::create_symlink("../secret", outer.path() / "model/link");
    std::filesystem::create_directory_symlink("..", outer.path() / "model/up");
    std::filesystem::create_symlink("in/a.npy", outer.path() / "model/good");
    ::mkfifo((outer / "model/pipe").c_str(), 0600);

    const FolderSource source(outer.path() / "model");
    CHECK(text(source.read("in/a.npy")) == "a");
    CHECK(text(source.read("in/../in/a.npy")) == "a");
    CHECK(text(source.read("good")) == "a");
    CHECK_THROWS_WITH(source.read("../secret"), "../secret: lies outside the model's folder");
    CHECK_THROWS_WITH(source.read("link"), "link: lies outside the model's folder");
    CHECK_THROWS_WITH(source.read("up/secret"), "up/secret: lies outside the model's folder");
    // A folder whose name merely begins like the model's.
    CHECK_THROWS_WITH(source.read("../modelling/b"), "../modelling/b: lies outside the model's folder");
    CHECK_THROWS_WITH(source.read((outer / "secret")), ContainsSubstring("is not a path relative to the model's folder"));
    CHECK_THROWS_WITH(source.read("/dev/zero"), "/dev/zero: is not a path relative to the model's folder");
    CHECK_THROWS_WITH(source.read(""), "is not a path relative to the model's folder");
    CHECK_THROWS_WITH(source.read("pipe"), "pipe: is not a regular file");
    CHECK_THROWS_WITH(source.read("in"), "in: is not a regular file");
    CHECK_THROWS_WITH(source.read("."), ".: lies outside the model's folder");
    CHECK_THROWS_WITH(source.read("missing"), "missing: cannot be opened: No such file or directory");
    CHECK_THROWS_AS(source.read(std::string_view("in\0x", 4)), Error);
    // What is listed may still be refused: silence would hide it.
    CHECK(source.list() == std::vector<std::string>{"good", "link"});
}

TEST_CASE("references of a model start from its own folder") {
    CHECK(folder_of("a.json") == ".");
    CHECK(folder_of("x/y/a.json") == "x/y");
    CHECK(folder_of("-") == ".");
}

TEST_CASE("outputs appear whole or not at all") {
    const ScratchFolder folder;
    {
        OutputFile file(folder / "new");
        CHECK_FALSE(std::filesystem::exists(folder / "new"));
        file.commit("content");
    }
    CHECK(folder.read("new") == "content");
    CHECK(folder.files() == 1);

    folder.write("old", "old");
    { const OutputFile abandoned(folder / "old"); }
    CHECK(folder.read("old") == "old");
    CHECK(folder.files() == 2);

    std::filesystem::permissions(folder / "old", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::create_symlink("old", folder / "link");
    {
        OutputFile file(folder / "link");
        OutputFile moved(std::move(file));
        moved.commit("changed");
    }
    CHECK(std::filesystem::is_symlink(folder / "link"));
    CHECK(folder.read("old") == "changed");
    CHECK(std::filesystem::status(folder / "old").permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    CHECK(folder.files() == 3);
}

TEST_CASE("outputs that cannot be written are known before the work") {
    const ScratchFolder folder;
    const std::string place = folder / "missing/out";
    CHECK_THROWS_WITH(OutputFile(place), place + ": cannot be written: No such file or directory");
    CHECK_THROWS_WITH(OutputFile(folder.path().string()), folder.path().string() + ": cannot be written: Is a directory");
    CHECK_THROWS_AS(OutputFile(folder.path().string() + "/"), Error);
    CHECK_THROWS_AS(OutputFile(""), Error);
    OutputFile full("/dev/full");
    CHECK_THROWS_WITH(full.commit("x"), "/dev/full: cannot be written: No space left on device");
}

TEST_CASE("SHA-256 of FIPS 180-4's examples") {
    CHECK(sha256({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::string abc = "abc";
    CHECK(sha256(std::as_bytes(std::span(abc))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("bits per layer") {
    const ScratchFolder folder;
    CHECK(read_bits_map(folder.write("good", R"({"conv1": 8, "fc": 2})")) == std::map<std::string, int>{{"conv1", 8}, {"fc", 2}});
    CHECK(read_bits_map(folder.write("empty", "{}")).empty());
    const auto message = [&](const std::string& content) {
        const std::string path = folder.write("bad", content);
        try {
            static_cast<void>(read_bits_map(path));
        } catch (const Error& error) {
            CHECK(error.kind() == ErrorKind::malformed);
            CHECK(error.place() == path);
            return error.reason();
        }
        return std::string("accepted");
    };
    CHECK(message("") == "is not JSON (byte 1)");
    CHECK(message("[1]") == "is not a JSON object {\"layer\": bits}");
    CHECK(message("8") == "is not a JSON object {\"layer\": bits}");
    CHECK(message(R"({"a": 8.5})") == "layer 'a' is not a whole number of bits");
    CHECK(message(R"({"a": "8"})") == "layer 'a' is not a number of bits");
    CHECK(message(R"({"a": {}})") == "layer 'a' is not a number of bits");
    CHECK(message(R"({"a": 0})") == "layer 'a' is not a number of bits");
    CHECK(message(R"({"a": 18446744073709551615})") == "layer 'a' is not a number of bits");
    CHECK(message(R"({"a": 8, "a": 4})") == "layer 'a' appears twice");
    CHECK(message(R"({"a": 8} x)") == "is not JSON (byte 10)");
    CHECK(message(std::string(100000, '[')) == "is not a JSON object {\"layer\": bits}");
}
