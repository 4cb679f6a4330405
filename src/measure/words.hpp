// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measure/radii.hpp"
#include "qbound/activation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

/// Tensors of balls, whose middles have as many words as are asked for (docs/theory.md E1–E4).
namespace qbound::internal {

/// Digits are integers d with −2^(bits−1) ≤ d < 2^(bits−1).
struct WordFormat {
    int bits = 22;  ///< β, 7..26
    int words = 8;  ///< kept per entry, 1..kMaxWords
    int threads = 1;
};

inline constexpr int kLeastWordBits = 7;
inline constexpr int kMostWordBits = 26;
/// A factor of a product has at most this many words, so that sums of products of equal weight fit in 64 bits (E5).
inline constexpr int kMaxWords = 250;

/// ⌊a/b⌋ for b > 0.
[[nodiscard]] constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}

/// The digits of one double, least significant first; digit[i] has weight 2^(β(position + i)). None for 0. E1 d.
struct DoubleDigits {
    std::int64_t position = 0;
    int count = 0;
    std::array<std::int32_t, 12> digit{};
};
[[nodiscard]] DoubleDigits split(double v, int bits);

/// One ball per entry: middle Σ_k digits[k][i]·2^(β(top−k)), radius of `radii`. No digits: all middles are 0.
struct Words {
    std::int64_t top = 0;                           ///< position of the first word
    std::vector<std::vector<std::int32_t>> digits;  ///< one array per word, most significant first
    Radii radii;

    [[nodiscard]] std::size_t entries() const noexcept { return radii.size(); }
    [[nodiscard]] std::int64_t bottom() const noexcept { return top - static_cast<std::int64_t>(digits.size()) + 1; }
};

/// The doubles themselves, with `words` words from the largest: what does not fit goes into the radius.
[[nodiscard]] Words from_doubles(std::span<const double> values, int bits, int words);

/// Entry i is source[i] of `in`, or exactly 0 where that is negative.
[[nodiscard]] Words gather(const Words& in, std::span<const std::int64_t> source, const WordFormat& format);

/// E1 b.
[[nodiscard]] bool middle_is_negative(const Words& words, std::size_t i) noexcept;

/// An interval in units of 2^exponent.
struct Ends {
    Interval interval;
    std::int64_t exponent;
};
/// Encloses ball i: some 2⌊53/β⌋ words of the middle, less and plus the radius, outward (E9).
[[nodiscard]] Ends ends(const Words& words, std::size_t i, int bits);
/// The middle alone.
[[nodiscard]] Ends middle_ends(const Words& words, std::size_t i, int bits);
/// The same as doubles.
[[nodiscard]] Interval to_interval(const Ends& ends);
/// An upper bound of each |middle|.
[[nodiscard]] Radii magnitudes(const Words& words, const WordFormat& format);

/// A span of positions, lowest and highest.
struct Positions {
    std::int64_t lowest;
    std::int64_t highest;
};
/// The positions that a sum of these needs, at most 2·words + 2 of them below the highest. {0, 0} if none has digits.
[[nodiscard]] Positions positions_of(std::span<const Words* const> terms, const WordFormat& format);

/// Sums of digits of equal weight before carries, with the radius that has come together.
class Sums {
  public:
    Sums(const WordFormat& format, std::size_t entries, Positions positions);

    /// Entry i += sign·term_i. What lies below the lowest position goes into the radius. Precondition: nothing lies above the
    /// highest.
    void add(const Words& term, int sign = 1);
    /// Entry i += term_{source[i]}, or nothing where that is negative.
    void add(const Words& term, std::span<const std::int64_t> source);
    /// The integers at `position`.
    [[nodiscard]] std::vector<std::int64_t>& row(std::int64_t position) {
        return rows_[static_cast<std::size_t>(position - lowest_)];
    }
    [[nodiscard]] Radii& radii() noexcept { return radii_; }

    /// Carries (E2) and rounds to `words` words (E3).
    [[nodiscard]] Words finish(int words) &&;
    [[nodiscard]] Words finish() && { return std::move(*this).finish(format_.words); }

  private:
    /// from(i): the term's entry for entry i, or negative.
    template <class Source>
    void add_from(const Words& term, int sign, const Source& from);
    void carry();
    void round_away(std::size_t first_kept);

    WordFormat format_;
    std::int64_t lowest_;
    std::vector<std::vector<std::int64_t>> rows_;  ///< least significant first
    Radii radii_;
};

/// Σ signs_k·terms_k.
[[nodiscard]] Words sum(std::span<const Words* const> terms, std::span<const int> signs, const WordFormat& format);
/// Entry by entry (E7).
[[nodiscard]] Words product(const Words& left, const Words& right, const WordFormat& format);
/// Largest divisor of `divide`.
inline constexpr std::int64_t kMaxDivisor = std::int64_t{1} << 35;
/// Entry i divided by divisor(i) ≥ 1, at most `largest_divisor`; a radius is lost where that is above kMaxDivisor (E8).
[[nodiscard]] Words divide(const Words& words, const std::function<std::int64_t(std::size_t)>& divisor,
                           std::int64_t largest_divisor, const WordFormat& format);

/// work(begin, end) over fixed blocks of entries.
void for_blocks(std::size_t entries, int threads, const std::function<void(std::size_t, std::size_t)>& work);

}  // namespace qbound::internal
