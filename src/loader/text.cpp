// SPDX-License-Identifier: Apache-2.0
#include "loader/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

namespace qbound::internal {
namespace {

constexpr std::size_t kLongestName = 80;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Takes the run of digits at the front of `text`, without leading zeros.
std::string_view take_number(std::string_view& text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) {
        ++end;
    }
    std::string_view digits = text.substr(0, end);
    text.remove_prefix(end);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

}  // namespace

std::string in_quotes(std::string_view name) {
    std::size_t length = std::min(name.size(), kLongestName);
    while (length < name.size() && length > 0 && (static_cast<unsigned char>(name[length]) & 0xC0U) == 0x80U) {
        --length;  // do not cut a UTF-8 sequence
    }
    std::string text = "'";
    for (const char c : name.substr(0, length)) {
        const auto byte = static_cast<unsigned char>(c);
        text += byte < 0x20 || byte == 0x7F ? '?' : c;
    }
    text += length < name.size() ? "…'" : "'";
    return text;
}

std::string join_place(std::string_view outer, std::string_view inner) {
    std::string place(outer);
    if (!outer.empty() && !inner.empty()) {
        place += ": ";
    }
    return place.append(inner);
}

bool natural_less(std::string_view a, std::string_view b) noexcept {
    std::string_view x = a;
    std::string_view y = b;
    while (!x.empty() && !y.empty()) {
        if (is_digit(x.front()) && is_digit(y.front())) {
            const std::string_view m = take_number(x);
            const std::string_view n = take_number(y);
            if (m != n) {
                return m.size() != n.size() ? m.size() < n.size() : m < n;
            }
        } else if (x.front() != y.front()) {
            return static_cast<unsigned char>(x.front()) < static_cast<unsigned char>(y.front());
        } else {
            x.remove_prefix(1);
            y.remove_prefix(1);
        }
    }
    return x.empty() != y.empty() ? x.empty() : a < b;
}

std::string short_decimal(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

void fail_malformed(std::string place, std::string reason, std::string hint) {
    throw Error(ErrorKind::malformed, std::move(place), std::move(reason), std::move(hint));
}

void fail_unsupported(std::string place, std::string reason, std::string hint) {
    throw Error(ErrorKind::unsupported, std::move(place), std::move(reason), std::move(hint));
}

}  // namespace qbound::internal
