// SPDX-License-Identifier: Apache-2.0
#include "loader/text.hpp"
#include "qbound/loader.hpp"

#include <zip.h>

#include <memory>
#include <set>
#include <string>
#include <utility>

namespace qbound {
namespace {

using internal::fail_malformed;
using internal::fail_unsupported;
using internal::in_quotes;
using internal::join_place;

struct CloseArchive {
    void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
struct CloseMember {
    void operator()(zip_file_t* member) const noexcept { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

Archive open_archive(Bytes file, std::string_view place) {
    zip_source_t* source = zip_source_buffer_create(file.data(), file.size(), 0, nullptr);
    if (source == nullptr) {
        fail_malformed(std::string(place), "not a readable ZIP archive");
    }
    Archive archive(zip_open_from_source(source, ZIP_RDONLY, nullptr));
    if (!archive) {
        zip_source_free(source);
        fail_malformed(std::string(place), "not a readable ZIP archive");
    }
    return archive;
}

/// Expands member `index` to exactly its declared size; the buffer is never larger than that.
std::vector<std::byte> expand(zip_t* archive, zip_uint64_t index, std::size_t declared, const std::string& place) {
    const Member member(zip_fopen_index(archive, index, 0));
    if (!member) {
        fail_malformed(place, "its data cannot be found in the archive");
    }
    std::vector<std::byte> bytes(declared);
    std::size_t filled = 0;
    while (filled < declared) {
        const zip_int64_t got = zip_fread(member.get(), bytes.data() + filled, declared - filled);
        if (got <= 0) {
            fail_malformed(place, "its data are damaged or end early");
        }
        filled += static_cast<std::size_t>(got);
    }
    std::byte beyond{};
    const zip_int64_t rest = zip_fread(member.get(), &beyond, 1);  // at the end libzip also verifies the checksum
    if (rest > 0) {
        fail_malformed(place, "it expands beyond its declared size of " + std::to_string(declared) + " bytes");
    }
    if (rest < 0) {
        fail_malformed(place, "its data are damaged");
    }
    return bytes;
}

}  // namespace

bool looks_like_zip(Bytes file) noexcept {
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    return text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06");
}

std::vector<std::pair<std::string, TensorPtr>> read_npz(Bytes file, std::string_view place, std::size_t max_bytes) {
    const Archive archive = open_archive(file, place);
    const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
    std::vector<std::pair<std::string, TensorPtr>> arrays;
    std::set<std::string> seen;
    std::size_t left = max_bytes;
    for (zip_uint64_t index = 0; std::cmp_less(index, count); ++index) {
        zip_stat_t stat;
        zip_stat_init(&stat);
        constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        if (zip_stat_index(archive.get(), index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
            fail_malformed(std::string(place), "member " + std::to_string(index) + " of the archive cannot be read");
        }
        std::string name = stat.name;
        const std::string member = join_place(place, "member " + in_quotes(name));
        if (!name.ends_with(".npy")) {
            fail_malformed(
                member, "not an NPY file",
                name.ends_with("data.pkl") ? "this looks like a PyTorch checkpoint; save its state_dict with numpy.savez" : "");
        }
        name.resize(name.size() - 4);
        if (!seen.insert(name).second) {
            fail_malformed(member, "it is twice in the archive");
        }
        if (stat.encryption_method != ZIP_EM_NONE) {
            fail_unsupported(member, "it is encrypted");
        }
        if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
            fail_unsupported(member,
                             "compression method " + std::to_string(stat.comp_method) + " is not known (stored and deflated are)");
        }
        if (stat.size > left) {
            fail_malformed(member, "the archive expands to more than " + std::to_string(max_bytes) + " bytes");
        }
        left -= static_cast<std::size_t>(stat.size);
        const std::vector<std::byte> bytes = expand(archive.get(), index, static_cast<std::size_t>(stat.size), member);
        arrays.emplace_back(std::move(name), std::make_shared<const Tensor>(read_npy(bytes, member)));
    }
    return arrays;
}

}  // namespace qbound
