// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/rounding.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace qbound::internal {

/// Smaller radii are raised to this one, in units of their exponent (docs/theory.md E4).
inline constexpr double kLeastRadius = 0x1p-500;

/// a + b and a·b of numbers ≥ 0, rounded up; exact where one is 0.
[[nodiscard]] inline double add_up(double a, double b) noexcept {
    return a == 0 ? b : b == 0 ? a : next_up(a + b);
}
[[nodiscard]] inline double multiply_up(double a, double b) noexcept {
    return a == 0 || b == 0 ? 0 : next_up(a * b);
}

/// v·2^e rounded to nearest for v ≥ 0, and whether that is exact or overflows; for a finite v.
struct Scaled {
    double value;
    bool exact;
};
[[nodiscard]] inline Scaled scale(double v, std::int64_t e) noexcept {
    constexpr std::int64_t kPowers = 1000;  // 2^±e is a double
    constexpr std::int64_t kBeyondAll = 2200;
    if (e >= -kPowers && e <= kPowers) {
        const double scaled = v * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + e) << 52U);
        if (scaled >= std::numeric_limits<double>::min()) return {scaled, true};
    }
    const auto shift = static_cast<int>(std::clamp(e, -kBeyondAll, kBeyondAll));
    const double scaled = std::ldexp(v, shift);
    return {scaled, scaled >= std::numeric_limits<double>::min() || std::ldexp(scaled, -shift) == v};
}

/// v·2^e for v ≥ 0, rounded up.
[[nodiscard]] inline double scale_up(double v, std::int64_t e) noexcept {
    if (v == 0 || e == 0 || std::isinf(v)) return v;
    const Scaled scaled = scale(v, e);
    return scaled.exact ? scaled.value : next_up(scaled.value);
}

/// v·2^e for v ≥ 0, rounded down.
[[nodiscard]] inline double scale_down(double v, std::int64_t e) noexcept {
    if (v == 0 || e == 0 || std::isinf(v)) return v;
    const Scaled scaled = scale(v, e);
    const double value = std::min(scaled.value, std::numeric_limits<double>::max());
    return scaled.exact || value == 0 ? value : next_down(value);
}

/// Radii ≥ 0 of a tensor's entries: value_i·2^exponent, +∞ for a lost one (docs/theory.md E4).
class Radii {
  public:
    Radii() = default;
    explicit Radii(std::size_t entries) : values_(entries, 0.0) {}
    Radii(std::vector<double> values, std::int64_t exponent) : values_(std::move(values)), exponent_(exponent) { normalise(); }

    [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
    [[nodiscard]] const std::vector<double>& values() const noexcept { return values_; }
    [[nodiscard]] double value(std::size_t i) const noexcept { return values_[i]; }
    [[nodiscard]] std::int64_t exponent() const noexcept { return exponent_; }
    /// True if every radius is 0.
    [[nodiscard]] bool all_zero() const noexcept;
    /// The least e with 2^e ≤ every radius that is not 0; the largest integer if there is none, or all are lost.
    [[nodiscard]] std::int64_t least_exponent() const noexcept;

    /// Makes 2^exponent at least 2^`least` the unit.
    void raise_exponent(std::int64_t least);
    /// radius_i += v·2^e. Precondition: e ≤ exponent().
    void add(std::size_t i, double v, std::int64_t e) noexcept { values_[i] = add_up(values_[i], scale_up(v, e - exponent_)); }
    /// Entry by entry.
    void add(const Radii& other);
    void set(std::size_t i, double v) noexcept { values_[i] = v; }
    /// Brings the largest finite value into [1, 2) and raises those below kLeastRadius to it.
    void normalise();

  private:
    std::vector<double> values_;
    static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min() / 4;  ///< exponent of zeros: below all others
    std::int64_t exponent_ = kNone;
};

}  // namespace qbound::internal
