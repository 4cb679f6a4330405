// SPDX-License-Identifier: Apache-2.0
#include "measure/radii.hpp"

#include <algorithm>

namespace qbound::internal {

bool Radii::all_zero() const noexcept {
    return std::ranges::all_of(values_, [](double v) { return v == 0; });
}

std::int64_t Radii::least_exponent() const noexcept {
    double least = std::numeric_limits<double>::infinity();
    for (const double v : values_) {
        least = v > 0 ? std::min(least, v) : least;
    }
    return std::isfinite(least) ? exponent_ + std::ilogb(least) : std::numeric_limits<std::int64_t>::max();
}

void Radii::raise_exponent(std::int64_t least) {
    if (least <= exponent_) {
        return;
    }
    for (double& v : values_) {
        v = scale_up(v, exponent_ - least);
    }
    exponent_ = least;
}

void Radii::add(const Radii& other) {
    raise_exponent(other.exponent_);
    for (std::size_t i = 0; i < values_.size(); ++i) {
        add(i, other.values_[i], other.exponent_);
    }
}

void Radii::normalise() {
    double largest = 0;
    for (double& v : values_) {
        if (!(v < std::numeric_limits<double>::infinity())) {
            v = std::numeric_limits<double>::infinity();  // also a NaN
        } else {
            largest = std::max(largest, v);
        }
    }
    if (largest == 0) {
        exponent_ = kNone;
        return;
    }
    const int shift = std::ilogb(largest);
    for (double& v : values_) {
        v = v == 0 ? 0 : std::max(kLeastRadius, scale_up(v, -shift));
    }
    exponent_ += shift;
}

}  // namespace qbound::internal
