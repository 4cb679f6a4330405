// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.hpp"

#include "qbound/error.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace qbound::internal {

namespace {

constexpr int kMostBits = 32;

[[noreturn]] void fail(std::string_view option, std::string_view text, std::string_view complaint, std::string hint = {}) {
    throw Error(ErrorKind::usage, std::string(option), fmt::format("'{}' {}", one_line(text), complaint), std::move(hint));
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0;;) {
        const std::size_t end = std::min(text.find_first_of(separators, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        if (end == text.size()) {
            return parts;
        }
        begin = end + 1;
    }
}

/// The whole of `text` as a T; false for anything left over, out of range or not a number.
template <class T>
bool read(std::string_view text, T& value) {
    if (text.starts_with('+') && !text.starts_with("+-")) {
        text.remove_prefix(1);
    }
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end;
}

}  // namespace

double parse_number(std::string_view text, std::string_view option) {
    double value = 0;
    if (!read(text, value) || !std::isfinite(value)) {
        fail(option, text, "is not a finite number");
    }
    return value;
}

std::pair<double, double> parse_range(std::string_view text, std::string_view option) {
    const auto parts = split(text, ",");
    if (parts.size() != 2) {
        fail(option, text, "is not a range", "LO,HI such as 0,255");
    }
    const std::pair<double, double> range{parse_number(parts[0], option), parse_number(parts[1], option)};
    if (!(range.first <= range.second)) {
        fail(option, text, "is an empty range", "the lower end comes first");
    }
    return range;
}

std::vector<int> parse_bits(std::string_view text, std::string_view option) {
    constexpr std::string_view kDots = "..";
    std::vector<int> bits;
    for (const std::string_view part : split(text, ",")) {
        const std::size_t dots = part.find(kDots);
        int first = 0;
        int last = 0;
        const bool good = dots == std::string_view::npos
                              ? read(part, first) && read(part, last)
                              : read(part.substr(0, dots), first) && read(part.substr(dots + kDots.size()), last);
        if (!good || first > last || first < 1 || last > kMostBits) {
            fail(option, text, "is not a list of bit widths from 1 to 32", "8, or 2,4,8, or 2..8");
        }
        for (int b = first; b <= last; ++b) {
            if (std::find(bits.begin(), bits.end(), b) == bits.end()) {
                bits.push_back(b);
            }
        }
    }
    return bits;
}

std::int64_t parse_size(std::string_view text, std::string_view option, std::int64_t numbers) {
    static constexpr std::pair<std::string_view, double> kUnits[] = {
        {"bit", 1}, {"B", 8}, {"kB", 8e3}, {"KB", 8e3}, {"MB", 8e6}, {"GB", 8e9}, {"KiB", 0x1p13}, {"MiB", 0x1p23}, {"GiB", 0x1p33},
    };
    constexpr double kMostAverage = 64;
    constexpr double kMost = 0x1p62;
    constexpr std::string_view kHint = "average bits such as 6, or a size such as 120KiB, 1.5MB or 7200000bit";
    const std::size_t end = text.find_last_of("0123456789.") + 1;  // 0 if there is no digit
    const std::string_view unit = text.substr(end);
    double factor = static_cast<double>(numbers);
    if (!unit.empty()) {
        const auto* const found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
        if (found == std::end(kUnits)) {
            fail(option, text, "is not a size", std::string(kHint));
        }
        factor = found->second;
    }
    double value = 0;
    if (!read(text.substr(0, end), value) || !(value > 0)) {
        fail(option, text, "is not a size", std::string(kHint));
    }
    if (unit.empty() && !(value <= kMostAverage)) {
        fail(option, text, "is too much for average bits, and has no unit", std::string(kHint));
    }
    if (!(value * factor < kMost)) {
        fail(option, text, "is too large a size");
    }
    return static_cast<std::int64_t>(value * factor);
}

int parse_count(std::string_view text, std::string_view option, int most) {
    int value = 0;
    if (!read(text, value) || value < 1 || value > most) {
        fail(option, text, fmt::format("is not a whole number from 1 to {}", most));
    }
    return value;
}

Shape parse_shape(std::string_view text, std::string_view option) {
    Shape shape;
    for (const std::string_view part : split(text, ",x")) {
        std::int64_t extent = 0;
        if (!read(part, extent) || extent < 1) {
            fail(option, text, "is not a shape", "extents without the batch, such as 3,224,224");
        }
        shape.push_back(extent);
    }
    return shape;
}

std::vector<std::string> parse_names(std::string_view text, std::string_view option) {
    std::vector<std::string> names;
    for (const std::string_view part : split(text, ",")) {
        if (part.empty()) {
            fail(option, text, "has an empty name in it");
        }
        names.emplace_back(part);
    }
    return names;
}

std::size_t parse_word(std::string_view text, std::string_view option, const std::vector<std::string_view>& words) {
    const auto found = std::find(words.begin(), words.end(), text);
    if (found == words.end()) {
        fail(option, text, "is not known", fmt::format("one of {}", fmt::join(words, ", ")));
    }
    return static_cast<std::size_t>(found - words.begin());
}

}  // namespace qbound::internal
