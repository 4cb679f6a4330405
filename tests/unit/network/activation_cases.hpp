// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every row of the activation table with parameters of every kind, and the points at which its facts are tried.

#include "qbound/activation.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace qbound::test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();

/// An activation, and where its slope is largest and smallest: each an interval in which the slope has one peak (or is constant).
struct ActivationCase {
    std::string name;
    Activation activation;
    Interval steepest;
    Interval flattest;

    [[nodiscard]] double slope() const { return activation_slope(activation, 0); }
    [[nodiscard]] const ActivationRow& row() const { return activation_row(activation.function); }
    [[nodiscard]] ActivationFacts facts() const { return row().facts(activation, slope()); }
};

inline const std::vector<ActivationCase>& activation_cases() {
    using enum ActivationFunction;
    static const std::vector<ActivationCase> cases = {
        {"Relu", {.function = relu}, {1, 2}, {-2, -1}},
        {"Clip without limits", {.function = clip}, {1, 2}, {1, 2}},
        {"Clip [0, 6]", {.function = clip, .lower = 0, .upper = 6}, {1, 2}, {7, 8}},
        {"Clip [-0.1, 0.3]", {.function = clip, .lower = -0.1, .upper = 0.3}, {0.1, 0.2}, {7, 8}},
        {"Clip [1, 3]", {.function = clip, .lower = 1, .upper = 3}, {1.5, 2}, {-1, 0}},
        {"Clip [-3, -1]", {.function = clip, .lower = -3, .upper = -1}, {-2, -1.5}, {1, 2}},
        {"Clip [0.5, inf]", {.function = clip, .lower = 0.5}, {1, 2}, {-2, -1}},
        {"Clip [-inf, 2]", {.function = clip, .upper = 2}, {0, 1}, {3, 4}},
        {"Clip [2, 2]", {.function = clip, .lower = 2, .upper = 2}, {1, 3}, {1, 3}},
        {"LeakyRelu 0.01", {.function = leaky_relu, .alpha = 0.01}, {1, 2}, {-2, -1}},
        {"LeakyRelu 0", {.function = leaky_relu, .alpha = 0}, {1, 2}, {-2, -1}},
        {"LeakyRelu 1", {.function = leaky_relu, .alpha = 1}, {-2, 2}, {-2, 2}},
        {"LeakyRelu 1.7", {.function = leaky_relu, .alpha = 1.7}, {-2, -1}, {1, 2}},
        {"LeakyRelu -0.3", {.function = leaky_relu, .alpha = -0.3}, {1, 2}, {-2, -1}},
        {"LeakyRelu -2.5", {.function = leaky_relu, .alpha = -2.5}, {1, 2}, {-2, -1}},
        {"PRelu 0.25", {.function = prelu, .slopes = {0.25}}, {1, 2}, {-2, -1}},
        {"PRelu -1/3", {.function = prelu, .slopes = {-1.0 / 3, 0.5}}, {1, 2}, {-2, -1}},
        {"Sigmoid", {.function = sigmoid}, {-1, 1}, {99, 100}},
        {"Tanh", {.function = ActivationFunction::tanh}, {-1, 1}, {99, 100}},
        {"HardSigmoid", {.function = hard_sigmoid, .alpha = 0.2, .beta = 0.5}, {-1, 1}, {9, 10}},
        {"HardSigmoid 1, -0.1", {.function = hard_sigmoid, .alpha = 1, .beta = -0.1}, {0.2, 0.9}, {-1, 0}},
        {"HardSigmoid 2, 0", {.function = hard_sigmoid, .alpha = 2, .beta = 0}, {0.1, 0.4}, {-1, 0}},
        {"HardSigmoid -0.3, 0.4", {.function = hard_sigmoid, .alpha = -0.3, .beta = 0.4}, {9, 10}, {-1, 1}},
        {"HardSigmoid 0, 0.7", {.function = hard_sigmoid, .alpha = 0, .beta = 0.7}, {-1, 1}, {-1, 1}},
        {"HardSigmoid 0.5, 3", {.function = hard_sigmoid, .alpha = 0.5, .beta = 3}, {-5.5, -4.5}, {1, 2}},
        {"Softplus", {.function = softplus}, {99, 100}, {-100, -99}},
        {"Softsign", {.function = softsign}, {-1, 1}, {1e9, 2e9}},
        {"Elu 1", {.function = elu, .alpha = 1}, {1, 2}, {-100, -99}},
        {"Elu 0", {.function = elu, .alpha = 0}, {1, 2}, {-100, -99}},
        {"Elu 0.3", {.function = elu, .alpha = 0.3}, {1, 2}, {-100, -99}},
        {"Elu 2.7", {.function = elu, .alpha = 2.7}, {-1, -1e-20}, {-100, -99}},
        {"Selu",
         {.function = selu, .alpha = 1.67326319217681884765625, .beta = 1.05070102214813232421875},
         {-1, -1e-20},
         {-100, -99}},
        {"Selu 0, 1", {.function = selu, .alpha = 0, .beta = 1}, {1, 2}, {-100, -99}},
        {"Selu 0.5, 0.7", {.function = selu, .alpha = 0.5, .beta = 0.7}, {1, 2}, {-100, -99}},
        {"Selu 2, 0", {.function = selu, .alpha = 2, .beta = 0}, {1, 2}, {-100, -99}},
        {"Erf", {.function = ActivationFunction::erf}, {-1, 1}, {99, 100}},
        {"HardSwish", {.function = hard_swish}, {1, 2.9999999999999999}, {-3, -2}},
        {"Silu", {.function = silu}, {1.5, 4}, {-4, -1.5}},
        {"Gelu", {.function = gelu}, {0.7, 3}, {-3, -0.7}},
        {"Gelu (tanh)", {.function = gelu_tanh}, {0.7, 3}, {-3, -0.7}},
        {"Mish", {.function = mish}, {0.7, 3}, {-4, -1.5}},
    };
    return cases;
}

/// The doubles within `steps` of x on either side.
inline void append_neighbours(std::vector<double>& points, double x, int steps) {
    double below = x;
    double above = x;
    points.push_back(x);
    for (int i = 0; i < steps; ++i) {
        points.push_back(below = std::nextafter(below, -kInf));
        points.push_back(above = std::nextafter(above, kInf));
    }
}

/// Finite points, sorted: both signs of all magnitudes from the least subnormal to the largest double, a dense stretch around 0,
/// and the neighbours of every place where an activation turns, bends, saturates or switches formula.
inline std::vector<double> activation_grid(const ActivationCase& c, std::uint64_t seed) {
    Random random(seed);
    std::vector<double> points = {std::numeric_limits<double>::denorm_min(), -std::numeric_limits<double>::denorm_min(),
                                  std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
    for (int exponent = -1074; exponent < 1024; exponent += 7) {
        points.push_back(random.spread(exponent, exponent));
        points.push_back(random.spread(exponent, exponent));
    }
    for (int i = 0; i < 800; ++i) points.push_back(random.uniform(-12, 12));
    for (int i = 0; i < 300; ++i) points.push_back(random.uniform(-800, 800));
    const ActivationFacts facts = c.facts();
    for (const double x : {0.0,
                           1.0,
                           -1.0,
                           3.0,
                           -3.0,
                           -1.5,
                           2.5,
                           -2.5,
                           std::sqrt(2.0),
                           -std::sqrt(2.0),
                           2.39935728051547,
                           -2.39935728051547,
                           1.41850400879083,
                           -1.41850400879083,
                           1.49057117948543,
                           -2.25637639636079,
                           -25.0,
                           -40.0,
                           -708.396,
                           -745.133,
                           -750.0,
                           709.783,
                           27.2,
                           -37.5,
                           facts.turn_lower,
                           facts.turn_upper,
                           c.activation.lower,
                           c.activation.upper,
                           facts.identity_lower,
                           facts.identity_upper}) {
        if (std::isfinite(x)) append_neighbours(points, x, 5);
    }
    std::erase_if(points, [](double x) { return !std::isfinite(x); });
    std::sort(points.begin(), points.end());
    return points;
}

}  // namespace qbound::test
