// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstdint>

namespace qbound::internal {

namespace {

struct CodePoint {
    std::uint32_t value;
    std::size_t bytes;  ///< 0 if the bytes are not well-formed
};

/// The code point at the front of `text`, by the table of well-formed byte sequences of the Unicode standard (3.9, table 3-7).
CodePoint decode(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::uint32_t first = byte(0);
    if (first < 0x80) {
        return {first, 1};
    }
    const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < bytes) {
        return {0, 0};
    }
    std::uint32_t value = first & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) {
            return {0, 0};
        }
        value = (value << 6U) | (byte(i) & 0x3FU);
    }
    const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (overlong || surrogate || value > 0x10FFFF) {
        return {0, 0};
    }
    return {value, bytes};
}

template <class Visit>
void for_each_code_point(std::string_view text, const Visit& visit) {
    while (!text.empty()) {
        const CodePoint point = decode(text);
        const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
        visit(point, text.substr(0, bytes));
        text.remove_prefix(bytes);
    }
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

std::string valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_code_point(text, [&](CodePoint point, std::string_view bytes) { out += point.bytes == 0 ? kReplacement : bytes; });
    return out;
}

std::string one_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for_each_code_point(text, [&](CodePoint point, std::string_view bytes) {
        const bool control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
        const bool separator = point.value == 0x2028 || point.value == 0x2029 || (point.value >= 0x202A && point.value <= 0x202E) ||
                               (point.value >= 0x2066 && point.value <= 0x2069);
        if (point.bytes == 0) {
            out += kReplacement;
        } else if (control) {
            out += fmt::format("\\x{:02x}", point.value);
        } else if (separator) {
            out += fmt::format("\\u{:04x}", point.value);
        } else {
            out += bytes;
        }
    });
    return out;
}

std::size_t display_width(std::string_view text) noexcept {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
    return fmt::format("{}", fmt::join(parts, separator));
}

}  // namespace qbound::internal
