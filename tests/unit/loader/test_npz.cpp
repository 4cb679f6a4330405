// SPDX-License-Identifier: Apache-2.0
#include "zip_support.hpp"

using qbound::ErrorKind;
using qbound::Shape;
using qbound::Tensor;

namespace {

constexpr std::size_t kEnough = 1 << 20;

std::string npy(const Tensor& tensor) {
    return text_of(qbound::write_npy(tensor));
}

auto read(const std::string& archive, std::size_t max_bytes = kEnough) {
    return qbound::read_npz(bytes_of(archive), "w.npz", max_bytes);
}

void check_npz(const std::string& archive, const std::string& message, std::size_t max_bytes = kEnough) {
    check_error([&] { (void)read(archive, max_bytes); }, ErrorKind::malformed, message);
}

void check_npz_unsupported(const std::string& archive, const std::string& message) {
    check_error([&] { (void)read(archive); }, ErrorKind::unsupported, message);
}

const Tensor kTensor{{2, 2}, {1, 2, 3, 4}};

}  // namespace

TEST_CASE("read_npz: stored and deflated arrays in file order") {
    for (const zip_int32_t method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
        const auto arrays =
            read(make_zip({{"z.weight.npy", npy(kTensor)}, {"a.npy", npy({{}, {7}})}, {"sub/b.npy", npy({{1}, {8}})}}, method));
        REQUIRE(arrays.size() == 3);
        CHECK(arrays[0].first == "z.weight");
        CHECK(arrays[0].second->shape == Shape{2, 2});
        CHECK(arrays[0].second->data == kTensor.data);
        CHECK(arrays[1].first == "a");
        CHECK(arrays[1].second->data == std::vector<double>{7});
        CHECK(arrays[2].first == "sub/b");
    }
    CHECK(read("PK\x05\x06" + std::string(18, '\0')).empty());
}

TEST_CASE("looks_like_zip") {
    CHECK(qbound::looks_like_zip(bytes_of(make_zip({{"a.npy", "x"}}))));
    CHECK(qbound::looks_like_zip(bytes_of("PK\x05\x06")));
    CHECK_FALSE(qbound::looks_like_zip(bytes_of("PK")));
    CHECK_FALSE(qbound::looks_like_zip(bytes_of("")));
    CHECK_FALSE(qbound::looks_like_zip(bytes_of("\x93NUMPY")));
}

TEST_CASE("read_npz: archives that are broken or not of arrays are refused") {
    check_npz("PK\x03\x04 and nothing", "w.npz: not a readable ZIP archive");
    const std::string good = make_zip({{"a.npy", npy(kTensor)}});
    check_npz(good.substr(0, good.size() / 2), "w.npz: not a readable ZIP archive");
    check_npz(make_zip({{"readme.txt", "hello"}}), "w.npz: member 'readme.txt': not an NPY file");
    check_npz(
        make_zip({{"archive/data.pkl", "hello"}}),
        "w.npz: member 'archive/data.pkl': not an NPY file; hint: this looks like a PyTorch checkpoint; save its state_dict with "
        "numpy.savez");
    check_npz(make_zip({{"a.npy", "hello"}}), "w.npz: member 'a.npy': not an NPY file: it does not begin with \\x93NUMPY");
    check_npz(make_zip({{"a.npy", npy(kTensor) + "x"}}), "w.npz: member 'a.npy': NPY data of 33 bytes where shape 2x2 takes 32");

    std::string twice = make_zip({{"a.npy", npy(kTensor)}, {"b.npy", npy(kTensor)}});
    for (std::size_t at = twice.find("b.npy"); at != std::string::npos; at = twice.find("b.npy", at)) {
        twice[at] = 'a';
    }
    check_npz(twice, "w.npz: member 'a.npy': it is twice in the archive");
}

TEST_CASE("read_npz: damaged data are refused") {
    std::string archive = make_zip({{"a.npy", npy(kTensor)}}, ZIP_CM_STORE);
    archive[archive.find("\x93NUMPY") + 130] ^= 1;  // one bit of the numbers; the checksum tells
    check_npz(archive, "w.npz: member 'a.npy': its data are damaged");
}

TEST_CASE("read_npz: encryption and other compression methods are refused") {
    std::string encrypted = make_zip({{"a.npy", npy(kTensor)}});
    patch(encrypted, 6, 1, 2);
    patch(encrypted, central_entry(encrypted) + 8, 1, 2);
    check_npz_unsupported(encrypted, "w.npz: member 'a.npy': it is encrypted");

    std::string other = make_zip({{"a.npy", npy(kTensor)}});
    patch(other, 8, 97, 2);
    patch(other, central_entry(other) + 10, 97, 2);
    check_npz_unsupported(other, "w.npz: member 'a.npy': compression method 97 is not known (stored and deflated are)");
}

TEST_CASE("read_npz: bombs are refused before they expand") {
    const std::string zeros = npy({{100'000}, std::vector<double>(100'000, 0.0)});  // 800 kB in about 1 kB
    const std::string bomb = make_zip({{"a.npy", zeros}, {"b.npy", zeros}});
    CHECK(bomb.size() < 5'000);
    check_npz(bomb, "w.npz: member 'b.npy': the archive expands to more than 1048576 bytes");
    check_npz(bomb, "w.npz: member 'a.npy': the archive expands to more than 1000 bytes", 1'000);
    CHECK(read(bomb, 2 * zeros.size()).size() == 2);

    // Declared sizes that lie, both ways. libzip compares the local header as well, so both are changed.
    const auto declare = [&](std::uint32_t size) {
        std::string archive = make_zip({{"a.npy", npy(kTensor)}});
        patch(archive, 22, size, 4);
        patch(archive, central_entry(archive) + 24, size, 4);
        return archive;
    };
    check_npz(declare(100), "w.npz: member 'a.npy': it expands beyond its declared size of 100 bytes");
    check_npz(declare(500'000), "w.npz: member 'a.npy': its data are damaged or end early");
    check_npz(declare(0xFFFFFFF0U), "w.npz: member 'a.npy': the archive expands to more than 1048576 bytes");
}
