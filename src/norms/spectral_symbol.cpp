// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_symbol.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace qbound::internal {

namespace {

constexpr double kPiUp = 0x1.921fb54442d19p+1;

/// ⌊a/b⌋ and ⌈a/b⌉ for b > 0.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}
std::int64_t ceil_divide(std::int64_t a, std::int64_t b) noexcept {
    return -floor_divide(-a, b);
}

/// True if some output reads a real input at position o·stride + shift.
bool reads_input(const Axis& axis, std::int64_t shift) noexcept {
    const std::int64_t first = std::max<std::int64_t>(0, ceil_divide(-shift, axis.stride));
    const std::int64_t last = std::min(axis.out - 1, floor_divide(axis.in - 1 - shift, axis.stride));
    return first <= last;
}

/// The least number of uniform points ≥ span whose factor 1/cos(π(span−1)/(2n)) is about 1 + slack.
std::int64_t sampled_points(std::int64_t span, double slack) {
    const double half_width = std::acos(1 / (1 + slack));
    const double points = std::ceil(std::numbers::pi * static_cast<double>(span - 1) / (2 * half_width));
    return std::max(span, static_cast<std::int64_t>(std::min(points, 0x1p62)));
}

/// 1/cos(π(span−1)/(2n)) rounded up, n ≥ span (S4).
Upper sampling_factor(std::int64_t span, std::int64_t points) {
    const double numerator = next_up(kPiUp * static_cast<double>(span - 1));
    const double angle = next_up(numerator / (2 * static_cast<double>(points)));
    return divide_up(Upper::exactly(1.0), libm_down(std::cos(angle)));
}

}  // namespace

AxisSymbol axis_symbol(const Axis& axis) {
    AxisSymbol symbol;
    std::vector<std::int64_t> shifts;
    for (std::int64_t t = 0; t < axis.kernel; ++t) {
        const std::int64_t shift = axis.source(0, t);
        if (reads_input(axis, shift)) {
            symbol.taps.push_back({t, 0, 0});
            shifts.push_back(shift);
        }
    }
    if (shifts.empty()) {
        return symbol;
    }
    const std::int64_t lowest = shifts.front();
    const std::int64_t highest = shifts.back() + (axis.out - 1) * axis.stride;
    const std::int64_t before = std::max<std::int64_t>(0, -lowest);
    const std::int64_t after = std::max<std::int64_t>(0, highest - (axis.in - 1));
    symbol.torus_points = ceil_divide(axis.in + std::max(before, after), axis.stride);
    symbol.padded_points = ceil_divide(axis.in + before + after, axis.stride);

    std::vector<std::int64_t> residues;
    for (const std::int64_t shift : shifts) {
        residues.push_back((shift - lowest) % axis.stride);
    }
    std::vector<std::int64_t> distinct = residues;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    symbol.phases = static_cast<std::int64_t>(distinct.size());

    // Within a phase a common offset is a factor of modulus one, and a common divisor of all offsets a substitution ω ← qω (S3).
    std::vector<std::int64_t> first(distinct.size(), -1);
    std::int64_t divisor = 0;
    for (std::size_t i = 0; i < shifts.size(); ++i) {
        AxisTap& tap = symbol.taps[i];
        tap.phase = std::lower_bound(distinct.begin(), distinct.end(), residues[i]) - distinct.begin();
        const std::int64_t offset = (shifts[i] - lowest) / axis.stride;
        std::int64_t& start = first[static_cast<std::size_t>(tap.phase)];
        start = start < 0 ? offset : start;
        tap.offset = offset - start;
        divisor = std::gcd(divisor, tap.offset);
    }
    divisor = std::max<std::int64_t>(divisor, 1);
    for (AxisTap& tap : symbol.taps) {
        tap.offset /= divisor;
        symbol.span = std::max(symbol.span, tap.offset + 1);
    }
    symbol.torus_points = ceil_divide(symbol.torus_points, divisor);
    symbol.padded_points = ceil_divide(symbol.padded_points, divisor);
    return symbol;
}

std::vector<std::int64_t> Symbol::taps_per_phase() const {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(phases), 0);
    for (const Tap& tap : taps) {
        ++counts[static_cast<std::size_t>(tap.phase)];
    }
    return counts;
}

Symbol make_symbol(const Axes& axes) {
    const AxisSymbol rows = axis_symbol(axes[0]);
    const AxisSymbol columns = axis_symbol(axes[1]);
    Symbol symbol;
    symbol.phases = rows.phases * columns.phases;
    symbol.span = {rows.span, columns.span};
    symbol.torus_points = {rows.torus_points, columns.torus_points};
    symbol.padded_points = {rows.padded_points, columns.padded_points};
    for (const AxisTap& row : rows.taps) {
        for (const AxisTap& column : columns.taps) {
            symbol.taps.push_back(
                {row.tap * axes[1].kernel + column.tap, {row.offset, column.offset}, row.phase * columns.phases + column.phase});
        }
    }
    std::stable_sort(symbol.taps.begin(), symbol.taps.end(), [](const Tap& a, const Tap& b) { return a.phase < b.phase; });
    return symbol;
}

FrequencyGrid choose_grid(const Symbol& symbol, double slack) {
    FrequencyGrid grid;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::int64_t span = symbol.span[axis];
        if (span == 1) {
            continue;  // constant along this axis: one sample is all
        }
        const std::int64_t sampled = sampled_points(span, slack / 2);
        if (symbol.torus_points[axis] <= sampled) {
            grid.points[axis] = symbol.torus_points[axis];
        } else {
            grid.points[axis] = sampled;
            grid.factor *= sampling_factor(span, sampled);
        }
    }
    return grid;
}

std::optional<FrequencyGrid> padded_grid(const Symbol& symbol, const FrequencyGrid& grid) {
    FrequencyGrid padded;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        if (symbol.span[axis] > 1) {
            if (grid.points[axis] != symbol.torus_points[axis]) {
                return std::nullopt;
            }
            padded.points[axis] = symbol.padded_points[axis];
        }
    }
    return padded.points == grid.points ? std::nullopt : std::optional(padded);
}

bool FrequencyGrid::is_real(const Frequency& frequency) const noexcept {
    return 2 * frequency[0] % points[0] == 0 && 2 * frequency[1] % points[1] == 0;
}

std::vector<Frequency> FrequencyGrid::half() const {
    std::vector<Frequency> real;
    std::vector<Frequency> complex;
    for (std::int64_t p = 0; 2 * p <= points[0]; ++p) {
        const bool mirrored = 2 * p % points[0] == 0;  // ω_1 ≡ −ω_1: half of the second axis suffices
        for (std::int64_t q = 0; q < points[1] && (!mirrored || 2 * q <= points[1]); ++q) {
            (is_real({p, q}) ? real : complex).push_back({p, q});
        }
    }
    real.insert(real.end(), complex.begin(), complex.end());
    return real;
}

double half_count(const FrequencyGrid& grid) noexcept {
    return (static_cast<double>(grid.points[0]) * static_cast<double>(grid.points[1]) + 4) / 2;
}

}  // namespace qbound::internal
