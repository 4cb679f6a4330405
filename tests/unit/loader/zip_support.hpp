// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader_support.hpp"

#include <zip.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

/// A ZIP archive of the members, written by libzip; sizes and names may then be falsified by the test.
inline std::string make_zip(const std::vector<std::pair<std::string, std::string>>& members, zip_int32_t method = ZIP_CM_DEFLATE) {
    zip_source_t* sink = zip_source_buffer_create(nullptr, 0, 0, nullptr);
    REQUIRE(sink != nullptr);
    zip_source_keep(sink);
    zip_t* archive = zip_open_from_source(sink, ZIP_TRUNCATE, nullptr);
    REQUIRE(archive != nullptr);
    for (const auto& [name, content] : members) {
        zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
        const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
        REQUIRE(index >= 0);
        REQUIRE(zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), method, 0) == 0);
    }
    REQUIRE(zip_close(archive) == 0);
    zip_stat_t stat;
    REQUIRE(zip_source_stat(sink, &stat) == 0);
    std::string bytes(stat.size, '\0');
    REQUIRE(zip_source_open(sink) == 0);
    REQUIRE(zip_source_read(sink, bytes.data(), bytes.size()) == static_cast<zip_int64_t>(bytes.size()));
    zip_source_close(sink);
    zip_source_free(sink);
    return bytes;
}

/// Where the central directory's entry for member `index` begins.
inline std::size_t central_entry(const std::string& archive, int index = 0) {
    std::size_t at = archive.find("PK\x01\x02");
    for (; index > 0; --index) {
        at = archive.find("PK\x01\x02", at + 4);
    }
    REQUIRE(at != std::string::npos);
    return at;
}

/// Overwrites the two or four bytes at `at`, little-endian.
inline void patch(std::string& archive, std::size_t at, std::uint32_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
        archive[at + i] = static_cast<char>(value >> (8 * i) & 0xFFU);
    }
}
