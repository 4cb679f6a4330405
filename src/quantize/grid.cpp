// SPDX-License-Identifier: Apache-2.0
#include "quantize/grid.hpp"

#include "qbound/error.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace qbound::internal {

namespace {

/// Beyond this not every integer is a double.
constexpr double kMaxIndex = 0x1p53;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

[[noreturn]] void fail(std::string_view place, const std::string& reason) {
    throw Error(ErrorKind::malformed, std::string(place), reason);
}

double round_ties_even(double x) noexcept {
    const double magnitude = std::fabs(x);
    // Adding 2^52 leaves no place for a fraction, so the addition itself rounds, ties to even.
    return magnitude < 0x1p52 ? std::copysign((magnitude + 0x1p52) - 0x1p52, x) : x;
}

double nearest(double x, Ties ties) noexcept {
    return ties == Ties::even ? round_ties_even(x) : std::round(x);
}

/// i·a ≤ j·b in real arithmetic, for integers i, j. The residuals are exact: both products are multiples of 2^−1074. An overflow of
/// i·a compares right because j·b is finite.
bool product_at_most(double i, double a, double j, double b) noexcept {
    const double left = i * a;
    const double right = j * b;
    return left != right ? left < right : std::fma(i, a, -left) <= std::fma(j, b, -right);
}

template <class Index>
bool quantize_with(const StepGrid& grid, std::span<const double> w, std::span<double> out, Index index) {
    bool representable = true;
    for (std::size_t i = 0; i < w.size(); ++i) {
        const double k = std::clamp(index(w[i]), grid.k_min, grid.k_max);
        out[i] = k * grid.eta;
        representable = representable && std::fabs(k) <= kMaxIndex && std::fabs(out[i]) < kInfinity;
    }
    return representable;
}

}  // namespace

void Range::include(std::span<const double> values) noexcept {
    for (const double v : values) {
        lowest = std::min(lowest, v);
        highest = std::max(highest, v);
    }
}

void Range::include(const Range& other) noexcept {
    lowest = std::min(lowest, other.lowest);
    highest = std::max(highest, other.highest);
}

StepGrid make_grid(const Range& range, const Quantizer& quantizer, int bits, std::string_view place) {
    StepGrid grid;
    if (quantizer.eta) {
        grid.m = grid.eta = *quantizer.eta;
        grid.k_min = -kInfinity;
        grid.k_max = kInfinity;
        return grid;
    }
    if (quantizer.symmetric) {
        grid.m = range.magnitude();
        grid.n = std::ldexp(1.0, bits - 1) - 1;
        if (!(grid.m * grid.n < kInfinity)) {
            fail(place, "the largest magnitude " + decimal_up(grid.m, 6) + " times " + decimal_up(grid.n, 10) + " overflows");
        }
        grid.eta = grid.m / grid.n;
        grid.k_min = -grid.n;
        grid.k_max = grid.n;
        return grid;
    }
    const double top = std::ldexp(1.0, bits) - 1;
    const double width = range.highest - range.lowest;
    if (!(width < kInfinity)) {
        fail(place,
             "the width of the range from " + decimal_down(range.lowest, 6) + " to " + decimal_up(range.highest, 6) + " overflows");
    }
    grid.m = grid.eta = width / top;
    if (grid.eta > 0) {
        const double zero_point = std::clamp(nearest(-range.lowest / grid.eta, quantizer.ties), 0.0, top);
        grid.zero_point = static_cast<std::int64_t>(zero_point);
        grid.k_min = -zero_point;
        grid.k_max = top - zero_point;
    }
    return grid;
}

double exact_floor(double w, double n, double m) noexcept {
    double k = std::floor((w * n) / m);
    if (!(std::fabs(k) <= kMaxIndex)) {
        return k;
    }
    // The quotient is off by a few steps at most (Q2).
    while (!product_at_most(k, m, n, w)) {
        if (k <= -kMaxIndex) {
            return -kInfinity;
        }
        k -= 1;
    }
    while (k < kMaxIndex && product_at_most(k + 1, m, n, w)) {
        k += 1;
    }
    // k + 1 is no double here. Only a given step (n = 1) comes this far, and then w − k·m is exact (Sterbenz).
    return k == kMaxIndex && !(w - k * m < m) ? kInfinity : k;
}

void quantize_to(const StepGrid& grid, Rounding rounding, Ties ties, std::span<const double> w, std::span<double> out,
                 std::string_view place) {
    if (grid.eta == 0) {
        std::fill(out.begin(), out.end(), 0.0);
        return;
    }
    bool representable = true;
    if (rounding == Rounding::floor) {
        representable = quantize_with(grid, w, out, [&grid](double x) { return exact_floor(x, grid.n, grid.m); });
    } else if (ties == Ties::even) {
        representable = quantize_with(grid, w, out, [&grid](double x) { return round_ties_even((x * grid.n) / grid.m); });
    } else {
        representable = quantize_with(grid, w, out, [&grid](double x) { return std::round((x * grid.n) / grid.m); });
    }
    if (!representable) {
        fail(place, "a multiple of the step " + decimal_up(grid.eta, 6) + " overflows, or is beyond 2^53 steps");
    }
}

}  // namespace qbound::internal
