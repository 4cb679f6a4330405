// SPDX-License-Identifier: Apache-2.0
#include "measure/attack_objective.hpp"

#include "qbound/error.hpp"

#include <cmath>

namespace qbound::internal {

namespace {

/// One limit per entry, from one per entry or one per channel.
std::vector<double> per_entry(const std::vector<double>& limits, const Dims& dims) {
    const auto size = static_cast<std::size_t>(dims.size());
    if (limits.size() == size) {
        return limits;
    }
    std::vector<double> result(size);
    const auto positions = static_cast<std::size_t>(dims.positions());
    for (std::size_t i = 0; i < size; ++i) {
        result[i] = limits[i / positions];
    }
    return result;
}

std::vector<double> subtract(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> result(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        result[i] = a[i] - b[i];
    }
    return result;
}

}  // namespace

Peak peak_of(std::span<const double> difference) noexcept {
    Peak peak;
    for (std::size_t i = 0; i < difference.size(); ++i) {
        const double magnitude = std::abs(difference[i]);
        if (magnitude > peak.value && std::isfinite(magnitude)) {
            peak = {magnitude, i, difference[i] > 0 ? 1.0 : -1.0};
        }
    }
    return peak;
}

Objective::Objective(const Network& network, const Parameters& theta, const Parameters& quantized)
    : network_(network),
      theta_(theta),
      quantized_(quantized),
      reverse_theta_(network, theta),
      reverse_quantized_(network, quantized),
      lower_(per_entry(network.box().lower, network.node(network.input()).dims)),
      upper_(per_entry(network.box().upper, network.node(network.input()).dims)) {
    for (std::size_t i = 0; i < lower_.size(); ++i) {
        if (lower_[i] < upper_[i]) {
            free_.push_back(i);
        }
    }
}

std::size_t Objective::output_size() const noexcept {
    return static_cast<std::size_t>(network_.node(network_.output()).dims.size());
}

std::vector<double> Objective::difference(std::span<const double> x) const {
    try {
        return subtract(approx_evaluate(network_, theta_, x, 1), approx_evaluate(network_, quantized_, x, 1));
    } catch (const Error&) {
        return {};  // a value overflows: x reaches nothing that can be told
    }
}

Objective::Slope Objective::slope(std::span<const double> x, const std::function<Target(std::span<const double>)>& choose) const {
    std::vector<std::vector<double>> values;
    std::vector<std::vector<double>> quantized_values;
    try {
        values = approx_evaluate_all(network_, theta_, x, 1);
        quantized_values = approx_evaluate_all(network_, quantized_, x, 1);
    } catch (const Error&) {
        return {};
    }
    const auto output = static_cast<std::size_t>(network_.output());
    Slope slope;
    slope.difference = subtract(values[output], quantized_values[output]);
    slope.target = choose(slope.difference);
    std::vector<double> c(slope.difference.size(), 0.0);
    c[slope.target.output] = slope.target.sign;
    slope.gradient = subtract(reverse_theta_.gradient(values, c, 1), reverse_quantized_.gradient(quantized_values, c, 1));
    return slope;
}

bool StopSignal::raised() {
    if (!stop_) {
        return false;
    }
    if (!raised_) {
        const std::scoped_lock lock(mutex_);
        if (!raised_ && stop_()) {
            raised_ = true;
        }
    }
    return raised_;
}

}  // namespace qbound::internal
