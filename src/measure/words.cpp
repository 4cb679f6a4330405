// SPDX-License-Identifier: Apache-2.0
// Tensors of balls in words: from doubles, to doubles, moved (docs/theory.md E1, E3, E9). Their arithmetic is in word_sums.cpp.
#include "measure/words.hpp"

#include "core/parallel.hpp"
#include "network/activation_interval.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace qbound::internal {

namespace {

constexpr std::size_t kBlock = 4096;

/// The digit of q, and q without it divided by 2^bits.
std::int32_t take_digit(std::int64_t& q, int bits) {
    const std::int64_t carry = (q + (std::int64_t{1} << (bits - 1))) >> bits;
    const auto digit = static_cast<std::int32_t>(q - carry * (std::int64_t{1} << bits));
    q = carry;
    return digit;
}

/// An upper end times 2^e, rounded up.
double scale_end_up(double v, std::int64_t e) {
    return v >= 0 ? scale_up(v, e) : -scale_down(-v, e);
}

/// A middle, from its first digit that is not 0: 2^exponent·(high + low·unit), with integers below 2^53, and less than rest·unit
/// beyond them. high is 0 for a middle of 0 only.
struct Parts {
    double high = 0;
    double low = 0;
    double rest = 0;
    double unit = 0;
    std::int64_t exponent = 0;
};

Parts parts_of(const Words& words, std::size_t i, int bits) {
    const std::size_t count = words.digits.size();
    std::size_t first = 0;
    while (first < count && words.digits[first][i] == 0) {
        ++first;
    }
    if (first == count) {
        return {};
    }
    const auto half = static_cast<std::size_t>(std::numeric_limits<double>::digits / bits);
    const auto number = [&](std::size_t from) {
        std::int64_t value = 0;
        for (std::size_t k = from; k < from + half; ++k) {
            value = value * (std::int64_t{1} << bits) + (k < count ? words.digits[k][i] : 0);
        }
        return static_cast<double>(value);
    };
    bool more = false;
    for (std::size_t k = first + 2 * half; k < count && !more; ++k) {
        more = words.digits[k][i] != 0;
    }
    return {number(first), number(first + half), more ? 1.0 : 0.0, std::ldexp(1.0, -bits * static_cast<int>(half)),
            bits * (words.top - static_cast<std::int64_t>(first + half) + 1)};
}

/// high + (low ± rest)·unit ± radius.
Interval around(const Parts& parts, double radius) {
    double lower = (parts.low - parts.rest) * parts.unit;  // exact, as the next
    double upper = (parts.low + parts.rest) * parts.unit;
    if (radius > 0) {
        lower = next_down(lower - radius);
        upper = next_up(upper + radius);
    }
    return {enclose_sum(parts.high, lower).lower, enclose_sum(parts.high, upper).upper};
}

}  // namespace

void for_blocks(std::size_t entries, int threads, const std::function<void(std::size_t, std::size_t)>& work) {
    const std::size_t blocks = (entries + kBlock - 1) / kBlock;
    parallel_for(static_cast<std::int64_t>(blocks), blocks < 4 ? 1 : threads, [&](std::int64_t block) {
        const std::size_t begin = static_cast<std::size_t>(block) * kBlock;
        work(begin, std::min(entries, begin + kBlock));
    });
}

DoubleDigits split(double v, int bits) {
    DoubleDigits result;
    if (v == 0) {
        return result;
    }
    int exponent = 0;
    const double fraction = std::frexp(v, &exponent);
    auto q = static_cast<std::int64_t>(std::ldexp(fraction, std::numeric_limits<double>::digits));
    const int zeros = std::countr_zero(static_cast<std::uint64_t>(q));  // of two's complement: as those of |q|
    q >>= zeros;
    exponent += zeros - std::numeric_limits<double>::digits;
    result.position = floor_divide(exponent, bits);
    const auto shift = static_cast<int>(exponent - result.position * bits);
    result.digit[0] = take_digit(q, bits - shift) * (std::int32_t{1} << shift);
    for (result.count = 1; q != 0; ++result.count) {
        result.digit[static_cast<std::size_t>(result.count)] = take_digit(q, bits);
    }
    return result;
}

Words from_doubles(std::span<const double> values, int bits, int words) {
    Words result;
    result.radii = Radii(values.size());
    std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
    std::int64_t highest = std::numeric_limits<std::int64_t>::min();
    for (const double v : values) {
        if (const DoubleDigits digits = split(v, bits); digits.count > 0) {
            lowest = std::min(lowest, digits.position);
            highest = std::max(highest, digits.position + digits.count - 1);
        }
    }
    if (lowest > highest) {
        return result;
    }
    const std::int64_t cut = std::max(lowest, highest - words + 1);
    result.top = highest;
    result.digits.assign(static_cast<std::size_t>(highest - cut + 1), std::vector<std::int32_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const DoubleDigits digits = split(values[i], bits);
        for (std::int64_t k = std::max<std::int64_t>(0, cut - digits.position); k < digits.count; ++k) {
            result.digits[static_cast<std::size_t>(highest - digits.position - k)][i] = digits.digit[static_cast<std::size_t>(k)];
        }
        if (const std::int64_t dropped = std::min<std::int64_t>(digits.count, cut - digits.position); dropped > 0) {
            const double digit = std::abs(digits.digit[static_cast<std::size_t>(dropped - 1)]);
            const std::int64_t unit = bits * (digits.position + dropped - 1);
            result.radii.raise_exponent(bits * (cut - 1));
            result.radii.add(i, digit + (dropped > 1 ? 1 : 0), unit);  // E3: the lowest digit is not 0
        }
    }
    result.radii.normalise();
    return result;
}

Words gather(const Words& in, std::span<const std::int64_t> source, const WordFormat& format) {
    Words out;
    out.top = in.top;
    out.digits.assign(in.digits.size(), std::vector<std::int32_t>(source.size()));
    std::vector<double> radii(source.size());
    for_blocks(source.size(), format.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            radii[i] = source[i] < 0 ? 0 : in.radii.value(static_cast<std::size_t>(source[i]));
        }
        for (std::size_t k = 0; k < in.digits.size(); ++k) {
            for (std::size_t i = begin; i < end; ++i) {
                out.digits[k][i] = source[i] < 0 ? 0 : in.digits[k][static_cast<std::size_t>(source[i])];
            }
        }
    });
    out.radii = Radii(std::move(radii), in.radii.exponent());
    return out;
}

bool middle_is_negative(const Words& words, std::size_t i) noexcept {
    for (const std::vector<std::int32_t>& word : words.digits) {
        if (word[i] != 0) {
            return word[i] < 0;
        }
    }
    return false;
}

Ends ends(const Words& words, std::size_t i, int bits) {
    const Parts parts = parts_of(words, i, bits);
    const double radius = words.radii.value(i);
    if (parts.high == 0) {
        return radius == 0 ? Ends{point(0), 0} : Ends{{-radius, radius}, words.radii.exponent()};
    }
    return {around(parts, scale_up(radius, words.radii.exponent() - parts.exponent)), parts.exponent};
}

Ends middle_ends(const Words& words, std::size_t i, int bits) {
    const Parts parts = parts_of(words, i, bits);
    return {around(parts, 0), parts.exponent};
}

Interval to_interval(const Ends& ends) {
    return {-scale_end_up(-ends.interval.lower, ends.exponent), scale_end_up(ends.interval.upper, ends.exponent)};
}

Radii magnitudes(const Words& words, const WordFormat& format) {
    std::vector<double> values(words.entries());
    const std::int64_t unit = format.bits * words.top;
    for_blocks(values.size(), format.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Parts parts = parts_of(words, i, format.bits);
            const Interval middle = around(parts, 0);
            values[i] = scale_up(std::max(-middle.lower, middle.upper), parts.exponent - unit);
        }
    });
    return {std::move(values), unit};
}

}  // namespace qbound::internal
