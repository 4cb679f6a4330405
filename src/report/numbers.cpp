// SPDX-License-Identifier: Apache-2.0
#include "report/numbers.hpp"

#include <fmt/format.h>
#include <charconv>
#include <cmath>
#include <string_view>

namespace qbound::internal {

namespace {

double parse(std::string_view text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::string round_trip_up(double x) {
    // Eighteen digits are always enough: decimals are then closer together than a quarter of the distance between doubles.
    constexpr int kFewest = 15;
    constexpr int kEnough = 18;
    for (int digits = kFewest; digits < kEnough; ++digits) {
        std::string text = decimal_up(x, digits);
        if (parse(text) == x) {
            return text;
        }
    }
    return decimal_up(x, kEnough);
}

std::string round_trip_down(double x) {
    std::string text = round_trip_up(-x);
    return text.starts_with('-') ? text.substr(1) : text == "0" ? text : "-" + text;
}

std::string shortest(double x) {
    char buffer[32];
    const auto end = std::to_chars(std::begin(buffer), std::end(buffer), x).ptr;
    return {std::begin(buffer), end};
}

std::string hexadecimal(double x) {
    if (!std::isfinite(x)) {
        return x > 0 ? "inf" : "-inf";
    }
    char buffer[40];
    const auto end = std::to_chars(std::begin(buffer), std::end(buffer), std::abs(x), std::chars_format::hex).ptr;
    std::string text = std::signbit(x) ? "-0x" : "0x";
    text.append(std::begin(buffer), end);
    return text;
}

std::string grouped_thousands(std::int64_t n) {
    std::string text = fmt::format("{}", n);
    const std::size_t sign = n < 0 ? 1 : 0;
    for (std::size_t at = text.size(); at > sign + 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string log10_text(Upper value) {
    return fixed_up(value.log10_up(), 2);
}

std::string log10_text(const Reached& reached) {
    const double log10 = reached.log10_down();
    return std::isfinite(log10) ? fixed_down(log10, 2) : "-inf";
}

std::string gain_text(Upper above, Upper below) {
    const double from = above.log10_up();
    const double to = below.log10_up();
    if (!std::isfinite(from) || !std::isfinite(to)) {
        return {};
    }
    // The difference of the printed numbers, so that the column adds up.
    const double hundredths = std::round((parse(fixed_up(from, 2)) - parse(fixed_up(to, 2))) * 100);
    return fmt::format("{:.2f}", hundredths / 100);
}

std::optional<double> root_up(Upper power, std::int64_t n) {
    if (n <= 0) {
        return std::nullopt;
    }
    if (power.is_zero()) {
        return 0.0;
    }
    return libm_up(std::pow(10.0, next_up(power.log10_up() / static_cast<double>(n))));
}

std::string percent(std::int64_t part, std::int64_t whole) {
    return fmt::format("{:.2f}%", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace qbound::internal
