// SPDX-License-Identifier: Apache-2.0
// Sums of words, carries and rounding (docs/theory.md E2, E3, E7, E8).
#include "measure/words.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

namespace qbound::internal {

namespace {

/// Words that are worth less than this part of the least radius are dropped (E3).
constexpr std::int64_t kRadiusBits = 8;

bool has_digit(const std::vector<std::int64_t>& row) {
    return std::ranges::any_of(row, [](std::int64_t d) { return d != 0; });
}

}  // namespace

Positions positions_of(std::span<const Words* const> terms, const WordFormat& format) {
    Positions span{0, 0};
    bool first = true;
    for (const Words* term : terms) {
        if (!term->digits.empty()) {
            span = first ? Positions{term->bottom(), term->top}
                         : Positions{std::min(span.lowest, term->bottom()), std::max(span.highest, term->top)};
            first = false;
        }
    }
    span.lowest = std::max(span.lowest, span.highest - 2 * format.words - 2);
    return span;
}

Sums::Sums(const WordFormat& format, std::size_t entries, Positions positions)
    : format_(format),
      lowest_(positions.lowest),
      rows_(static_cast<std::size_t>(positions.highest - positions.lowest + 1)),
      radii_(entries) {
    for (std::vector<std::int64_t>& row : rows_) {
        row.resize(entries);
    }
}

template <class Source>
void Sums::add_from(const Words& term, int sign, const Source& from) {
    const std::int64_t below = std::clamp<std::int64_t>(lowest_ - term.bottom(), 0, static_cast<std::int64_t>(term.digits.size()));
    const std::size_t kept = term.digits.size() - static_cast<std::size_t>(below);
    const std::int64_t unit = format_.bits * (term.top - static_cast<std::int64_t>(kept));  // exponent of the first word below
    radii_.raise_exponent(term.radii.exponent());
    if (below > 0) {
        radii_.raise_exponent(unit + format_.bits);
    }
    for_blocks(radii_.size(), format_.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = 0; k < kept; ++k) {
            const std::vector<std::int32_t>& digits = term.digits[k];
            std::vector<std::int64_t>& sums = row(term.top - static_cast<std::int64_t>(k));
            for (std::size_t i = begin; i < end; ++i) {
                const auto at = from(i);
                sums[i] += at < 0 ? 0 : sign * std::int64_t{digits[static_cast<std::size_t>(at)]};
            }
        }
        for (std::size_t i = begin; i < end; ++i) {
            const auto at = from(i);
            if (at < 0) {
                continue;
            }
            const auto j = static_cast<std::size_t>(at);
            radii_.add(i, term.radii.value(j), term.radii.exponent());
            if (below > 0) {
                bool more = false;
                for (std::size_t k = kept + 1; k < term.digits.size() && !more; ++k) {
                    more = term.digits[k][j] != 0;
                }
                radii_.add(i, std::abs(term.digits[kept][j]) + (more ? 1 : 0), unit);
            }
        }
    });
}

void Sums::add(const Words& term, int sign) {
    add_from(term, sign, [](std::size_t i) { return static_cast<std::int64_t>(i); });
}

void Sums::add(const Words& term, std::span<const std::int64_t> source) {
    add_from(term, 1, [source](std::size_t i) { return source[i]; });
}

void Sums::carry() {
    const int bits = format_.bits;
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    std::vector<std::int64_t> carries(radii_.size());
    const auto carry_into = [&](std::vector<std::int64_t>& row, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::int64_t q = row[i] + carries[i];
            carries[i] = (q + half) >> bits;
            row[i] = q - carries[i] * (half * 2);
        }
    };
    for_blocks(radii_.size(), format_.threads, [&](std::size_t begin, std::size_t end) {
        for (std::vector<std::int64_t>& row : rows_) {
            carry_into(row, begin, end);
        }
    });
    while (has_digit(carries)) {
        rows_.emplace_back(radii_.size());
        carry_into(rows_.back(), 0, radii_.size());
    }
}

/// Moves the words of rows 0..first_kept−1 into the radius.
void Sums::round_away(std::size_t first_kept) {
    const std::int64_t unit = format_.bits * (lowest_ + static_cast<std::int64_t>(first_kept) - 1);
    radii_.raise_exponent(unit);
    for_blocks(radii_.size(), format_.threads, [&](std::size_t begin, std::size_t end) {
        std::vector<std::int64_t> tails(end - begin);
        for (std::size_t k = 0; k + 1 < first_kept; ++k) {
            for (std::size_t i = begin; i < end; ++i) {
                tails[i - begin] |= rows_[k][i];
            }
        }
        for (std::size_t i = begin; i < end; ++i) {
            const std::int64_t digit = std::abs(rows_[first_kept - 1][i]) + (tails[i - begin] != 0 ? 1 : 0);
            radii_.add(i, static_cast<double>(digit), unit);
        }
    });
}

Words Sums::finish(int words) && {
    carry();
    radii_.normalise();
    std::size_t end = rows_.size();
    while (end > 0 && !has_digit(rows_[end - 1])) {
        --end;
    }
    std::size_t begin = 0;
    while (begin < end && !has_digit(rows_[begin])) {
        ++begin;
    }
    Words result;
    if (begin < end) {
        std::size_t cut = std::max(begin, end > static_cast<std::size_t>(words) ? end - static_cast<std::size_t>(words) : 0);
        if (const std::int64_t least = radii_.least_exponent(); least < std::numeric_limits<std::int64_t>::max()) {
            const std::int64_t worth = floor_divide(least - kRadiusBits, format_.bits) - lowest_;
            cut = std::max(cut, static_cast<std::size_t>(std::clamp<std::int64_t>(worth, 0, static_cast<std::int64_t>(end))));
        }
        if (cut > begin) {
            round_away(cut);
            radii_.normalise();
        }
        result.top = lowest_ + static_cast<std::int64_t>(end) - 1;
        result.digits.resize(end - cut);
        for (std::size_t k = end; k-- > cut;) {
            std::vector<std::int32_t>& digits = result.digits[end - 1 - k];
            digits.resize(radii_.size());
            std::ranges::transform(rows_[k], digits.begin(), [](std::int64_t d) { return static_cast<std::int32_t>(d); });
            rows_[k] = {};
        }
    }
    result.radii = std::move(radii_);
    return result;
}

Words sum(std::span<const Words* const> terms, std::span<const int> signs, const WordFormat& format) {
    Sums sums(format, terms[0]->entries(), positions_of(terms, format));
    for (std::size_t k = 0; k < terms.size(); ++k) {
        sums.add(*terms[k], signs[k]);
    }
    return std::move(sums).finish();
}

Words product(const Words& left, const Words& right, const WordFormat& format) {
    const Positions span = left.digits.empty() || right.digits.empty()
                               ? Positions{0, 0}
                               : Positions{left.bottom() + right.bottom(), left.top + right.top};
    Sums sums(format, left.entries(), span);
    const Radii left_size = magnitudes(left, format);
    const Radii right_size = magnitudes(right, format);
    const std::array<std::pair<const Radii*, const Radii*>, 3> factors{
        {{&left_size, &right.radii}, {&left.radii, &right_size}, {&left.radii, &right.radii}}};
    for (const auto& [a, b] : factors) {
        sums.radii().raise_exponent(a->exponent() + b->exponent());
    }
    for_blocks(left.entries(), format.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t j = 0; j < left.digits.size(); ++j) {
            for (std::size_t k = 0; k < right.digits.size(); ++k) {
                auto& row = sums.row(span.highest - static_cast<std::int64_t>(j + k));
                for (std::size_t i = begin; i < end; ++i) {
                    row[i] += std::int64_t{left.digits[j][i]} * right.digits[k][i];
                }
            }
        }
        for (const auto& [a, b] : factors) {
            for (std::size_t i = begin; i < end; ++i) {
                sums.radii().add(i, multiply_up(a->value(i), b->value(i)), a->exponent() + b->exponent());
            }
        }
    });
    return std::move(sums).finish();
}

Words divide(const Words& words, const std::function<std::int64_t(std::size_t)>& divisor, std::int64_t largest_divisor,
             const WordFormat& format) {
    std::int64_t extra = 2;
    for (std::int64_t d = largest_divisor; d > 1; d >>= format.bits) {
        ++extra;
    }
    const std::int64_t lowest = std::min(words.bottom(), words.top - format.words - extra);
    Sums sums(format, words.entries(), {lowest, words.top});
    const std::int64_t unit = format.bits * lowest;
    sums.radii().raise_exponent(std::max(words.radii.exponent(), unit));
    const std::int64_t base = std::int64_t{1} << format.bits;
    for_blocks(words.entries(), format.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::int64_t d = divisor(i);
            if (d > kMaxDivisor) {
                sums.radii().set(i, std::numeric_limits<double>::infinity());
                continue;
            }
            std::int64_t remainder = 0;
            for (std::int64_t position = words.top; position >= lowest; --position) {
                const auto k = static_cast<std::size_t>(words.top - position);
                const std::int64_t value = remainder * base + (k < words.digits.size() ? words.digits[k][i] : 0);
                const std::int64_t quotient = floor_divide(value, d);
                sums.row(position)[i] = quotient;
                remainder = value - quotient * d;
            }
            const double radius = words.radii.value(i);
            sums.radii().add(i, radius == 0 ? 0 : next_up(radius / static_cast<double>(d)), words.radii.exponent());
            sums.radii().add(i, remainder > 0 ? 1 : 0, unit);
        }
    });
    return std::move(sums).finish();
}

}  // namespace qbound::internal
