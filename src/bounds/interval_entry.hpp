// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bounds/differential.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <limits>

/// Outward-rounded arithmetic on the intervals of one entry.
namespace qbound::internal {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A product of two ends rounded down (up), exactly 0 if one is 0, also against an infinite end: the values between are real numbers, and
/// where the other factor's interval has another end, the other products of ends cover its infinity (docs/theory.md I8).
inline double product_down(double a, double b) {
    return a == 0 || b == 0 ? 0.0 : next_down(a * b);
}
inline double product_up(double a, double b) {
    return a == 0 || b == 0 ? 0.0 : next_up(a * b);
}

/// [a,b]·[c,d] rounded outward.
inline Interval multiply(Interval s, Interval t) {
    return {std::min({product_down(s.lower, t.lower), product_down(s.lower, t.upper), product_down(s.upper, t.lower),
                      product_down(s.upper, t.upper)}),
            std::max({product_up(s.lower, t.lower), product_up(s.lower, t.upper), product_up(s.upper, t.lower),
                      product_up(s.upper, t.upper)})};
}

/// {s − t}, outward. Infinite ends of like sign cannot meet: lower ends are < +∞ and upper ends > −∞.
inline Interval subtract(Interval s, Interval t) {
    return {next_down(s.lower - t.upper), next_up(s.upper - t.lower)};
}

inline Interval intersect(Interval s, Interval t) {
    return {std::max(s.lower, t.lower), std::min(s.upper, t.upper)};
}

struct Entry {
    Interval x;
    Interval y;
    Interval d;
};

inline Entry read(const DifferentialIntervals& in, std::size_t at) {
    const auto& v = in.values;
    return {{v[x_lower][at], v[x_upper][at]}, {v[y_lower][at], v[y_upper][at]}, {v[d_lower][at], v[d_upper][at]}};
}

inline void write(DifferentialIntervals& out, std::size_t at, const Entry& entry) {
    out.values[x_lower][at] = entry.x.lower;
    out.values[x_upper][at] = entry.x.upper;
    out.values[y_lower][at] = entry.y.lower;
    out.values[y_upper][at] = entry.y.upper;
    out.values[d_lower][at] = entry.d.lower;
    out.values[d_upper][at] = entry.d.upper;
}

}  // namespace qbound::internal
