// SPDX-License-Identifier: Apache-2.0
// Outward decimal printing (docs/theory.md R6): the exact decimal expansion of a double, cut at a digit and rounded by string
// arithmetic. std::to_chars knows no locale.
#include "qbound/rounding.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace qbound {

namespace {

/// No double has more significant decimal digits.
constexpr int kMaxDigits = 767;

/// ±0.d₀d₁d₂… · 10^point.
struct Decimal {
    bool negative = false;
    std::string digits;
    std::int64_t point = 0;
};

/// The exact decimal expansion of a finite x, without trailing zeros; no digits for zero.
Decimal expand(double x) {
    Decimal result;
    if (x == 0) {
        return result;
    }
    std::array<char, kMaxDigits + 16> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), std::fabs(x), std::chars_format::scientific, kMaxDigits - 1).ptr;
    const auto e = std::find(text.data(), end, 'e');
    int exponent = 0;
    std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
    result.negative = x < 0;
    result.digits.assign(1, text[0]);
    result.digits.append(text.data() + 2, e);
    result.digits.erase(result.digits.find_last_not_of('0') + 1);
    result.point = std::int64_t{exponent} + 1;
    return result;
}

/// Keeps the first `count` digits (count ≤ 0: none) and, if something other than zero is cut off, moves up or down as asked.
void round_to(Decimal& d, std::int64_t count, bool up) {
    if (count >= static_cast<std::int64_t>(d.digits.size())) {
        return;
    }
    const bool away_from_zero = up != d.negative;
    if (count <= 0) {
        // The whole number is less than one unit of the last place that is kept.
        d.point += 1 - count;
        d.digits.assign(away_from_zero ? 1 : 0, '1');
    } else {
        d.digits.erase(static_cast<std::size_t>(count));
        if (away_from_zero) {
            d.digits.erase(d.digits.find_last_not_of('9') + 1);
            if (d.digits.empty()) {
                d.digits = '1';
                ++d.point;
            } else {
                ++d.digits.back();
            }
        }
    }
    d.digits.erase(d.digits.find_last_not_of('0') + 1);
    d.negative = d.negative && !d.digits.empty();
}

/// Digits before the point and `places` of them after it, zeros filled in.
std::string plain(const Decimal& d, std::int64_t places) {
    const auto digit = [&d](std::int64_t i) {
        return i >= 0 && i < static_cast<std::int64_t>(d.digits.size()) ? d.digits[static_cast<std::size_t>(i)] : '0';
    };
    const std::int64_t point = d.digits.empty() ? 0 : d.point;
    std::string text = d.negative ? "-" : "";
    if (point <= 0) {
        text += '0';
    }
    for (std::int64_t i = 0; i < point; ++i) {
        text += digit(i);
    }
    if (places > 0) {
        text += '.';
    }
    for (std::int64_t i = point; i < point + places; ++i) {
        text += digit(i);
    }
    return text;
}

std::string scientific(const Decimal& d) {
    std::string text = d.negative ? "-" : "";
    text += d.digits[0];
    if (d.digits.size() > 1) {
        text += '.' + d.digits.substr(1);
    }
    const std::int64_t exponent = d.point - 1;
    const std::string magnitude = std::to_string(std::abs(exponent));
    return text + (exponent < 0 ? "e-" : "e+") + (magnitude.size() < 2 ? "0" : "") + magnitude;
}

/// printf's %g without trailing zeros: scientific if the exponent is below −4 or at least `digits`.
std::string general(const Decimal& d, int digits) {
    if (d.digits.empty()) {
        return "0";
    }
    const std::int64_t exponent = d.point - 1;
    if (exponent < -4 || exponent >= digits) {
        return scientific(d);
    }
    return plain(d, std::max<std::int64_t>(static_cast<std::int64_t>(d.digits.size()) - d.point, 0));
}

/// "inf" and "-inf"; NaN is a lost bound. Empty for a finite x.
std::string not_finite(double x, bool up) {
    if (std::isfinite(x)) {
        return {};
    }
    return (std::isnan(x) ? up : x > 0) ? "inf" : "-inf";
}

std::string decimal(double x, int digits, bool up) {
    if (auto text = not_finite(x, up); !text.empty()) {
        return text;
    }
    Decimal d = expand(x);
    round_to(d, std::max(digits, 1), up);
    return general(d, std::max(digits, 1));
}

std::string fixed(double x, int places, bool up) {
    if (auto text = not_finite(x, up); !text.empty()) {
        return text;
    }
    Decimal d = expand(x);
    round_to(d, d.point + places, up);
    return plain(d, places);
}

}  // namespace

std::string decimal_up(double x, int digits) {
    return decimal(x, digits, true);
}
std::string decimal_down(double x, int digits) {
    return decimal(x, digits, false);
}
std::string fixed_up(double x, int places) {
    return fixed(x, std::max(places, 0), true);
}
std::string fixed_down(double x, int places) {
    return fixed(x, std::max(places, 0), false);
}

std::string decimal_up(Upper x, int digits) {
    if (x.is_zero() || x.is_infinite()) {
        return decimal_up(x.value_up(), digits);
    }
    // Bring x into the range of double by powers of ten, rounded up; each step takes off all but ~10^−12 of the exponent.
    const Upper least = Upper::exactly(0x1p-1000);
    const Upper greatest = Upper::exactly(0x1p1000);
    std::int64_t shift = 0;
    while (x < least || greatest < x) {
        const auto k = static_cast<std::int64_t>(std::clamp(x.log10_up(), -1e18, 1e18));
        x *= k < 0 ? pow_up(Upper::exactly(10.0), -k) : pow_up(divide_up(Upper::exactly(1.0), 10.0), k);
        shift += k;
    }
    Decimal d = expand(x.value_up());
    round_to(d, std::max(digits, 1), true);
    d.point += shift;
    return general(d, std::max(digits, 1));
}

}  // namespace qbound
