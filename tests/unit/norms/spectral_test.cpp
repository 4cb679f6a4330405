// SPDX-License-Identifier: Apache-2.0
#include "qbound/spectral.hpp"

#include "spectral_oracle.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace spectral_oracle;
using qbound::Upper;

namespace {

struct Case {
    std::string name;
    std::int64_t out_channels;
    std::int64_t in_channels;
    std::int64_t groups;
    Axes axes;
};

std::vector<Case> geometries() {
    const Axis trivial{};
    return {
        {"3x3, stride 1, same", 3, 2, 1, {make_axis(6, 3, 1, 1, 1, 1), make_axis(5, 3, 1, 1, 1, 1)}},
        {"3x3, valid", 2, 3, 1, {make_axis(6, 3), make_axis(7, 3)}},
        {"3x3, stride 2", 4, 3, 1, {make_axis(8, 3, 2, 1, 1, 1), make_axis(7, 3, 2, 1, 1, 1)}},
        {"5x5, stride 2", 2, 2, 1, {make_axis(9, 5, 2, 1, 2, 2), make_axis(8, 5, 2, 1, 2, 2)}},
        {"7x7, stride 2, few inputs", 5, 1, 1, {make_axis(11, 7, 2, 1, 3, 3), make_axis(9, 7, 2, 1, 3, 3)}},
        {"3x3, stride 3", 3, 2, 1, {make_axis(10, 3, 3), make_axis(9, 3, 3, 1, 1, 0)}},
        {"2x2, stride 3", 3, 2, 1, {make_axis(8, 2, 3), make_axis(9, 2, 3)}},
        {"3x3, stride 2, dilation 3", 2, 2, 1, {make_axis(11, 3, 2, 3, 3, 3), make_axis(9, 3, 2, 3, 2, 3)}},
        {"3x3, stride 2, dilation 2", 2, 2, 1, {make_axis(9, 3, 2, 2, 2, 2), make_axis(8, 3, 2, 2, 1, 2)}},
        {"3x3, dilation 2", 2, 3, 1, {make_axis(7, 3, 1, 2, 2, 2), make_axis(6, 3, 1, 2, 2, 2)}},
        {"3x3, dilation 3, asymmetric", 2, 2, 1, {make_axis(8, 3, 1, 3, 4, 1), make_axis(7, 3, 1, 3, 0, 5)}},
        {"asymmetric pads", 3, 2, 1, {make_axis(5, 3, 1, 1, 2, 0), make_axis(5, 3, 1, 1, 0, 1)}},
        {"asymmetric pads, stride 2", 3, 2, 1, {make_axis(7, 3, 2, 1, 0, 1), make_axis(6, 4, 2, 1, 3, 0)}},
        {"pads larger than the kernel", 2, 2, 1, {make_axis(4, 2, 1, 1, 3, 4), make_axis(3, 1, 1, 1, 2, 2)}},
        {"kernel larger than the image", 2, 2, 1, {make_axis(2, 5, 1, 1, 2, 2), make_axis(3, 7, 1, 1, 3, 3)}},
        {"one pixel", 3, 2, 1, {make_axis(1, 3, 1, 1, 1, 1), make_axis(1, 3, 1, 1, 1, 1)}},
        {"1-D", 3, 2, 1, {trivial, make_axis(12, 5, 1, 1, 2, 2)}},
        {"1-D, stride 4, wide kernel", 3, 1, 1, {trivial, make_axis(30, 11, 4, 1, 5, 5)}},
        {"groups", 6, 4, 2, {make_axis(5, 3, 1, 1, 1, 1), make_axis(5, 3, 1, 1, 1, 1)}},
        {"groups, stride 2", 4, 6, 2, {make_axis(6, 3, 2, 1, 1, 1), make_axis(5, 3, 2, 1, 1, 1)}},
        {"depthwise", 5, 5, 5, {make_axis(6, 3, 1, 1, 1, 1), make_axis(7, 3, 1, 1, 1, 1)}},
        {"depthwise, stride 2", 4, 4, 4, {make_axis(7, 3, 2, 1, 1, 1), make_axis(8, 3, 2, 1, 0, 1)}},
        {"depthwise with multiplier", 6, 3, 3, {make_axis(5, 3, 1, 1, 1, 1), make_axis(6, 3, 1, 1, 1, 1)}},
        {"1x1", 5, 3, 1, {make_axis(4, 1), make_axis(4, 1)}},
        {"1x1, stride 2", 3, 5, 1, {make_axis(5, 1, 2), make_axis(4, 1, 2)}},
        {"stride larger than the image", 2, 2, 1, {make_axis(3, 3, 5, 1, 1, 1), make_axis(4, 2, 7)}},
    };
}

Tensor weight_of(const Case& c, std::mt19937_64& random, double scale = 1) {
    return random_tensor({c.out_channels, c.in_channels / c.groups, c.axes[0].kernel, c.axes[1].kernel}, random, scale);
}

/// The exact torus of theory S2: smallest number of outputs whose inputs hold the image and the larger of the two pads.
std::int64_t torus(const Axis& axis) {
    const std::int64_t after = std::max<std::int64_t>(0, (axis.out - 1) * axis.stride - axis.pad_begin +
                                                             (axis.kernel - 1) * axis.dilation - (axis.in - 1));
    return (axis.in + std::max(axis.pad_begin, after) + axis.stride - 1) / axis.stride;
}

}  // namespace

TEST_CASE("a convolution's bound is not below the norm of its matrix", "[spectral]") {
    std::mt19937_64 random(1);
    for (const Case& c : geometries()) {
        for (int repeat = 0; repeat < 4; ++repeat) {
            const WeightLayer layer = make_layer(weight_of(c, random), c.axes, c.groups);
            const double exact = spectral_norm(operator_matrix(layer, *layer.weight));
            const double bound = qbound::spectral_norm_up(layer, *layer.weight, 1).value_up();
            INFO(c.name << ": " << bound << " for " << exact);
            CHECK(bound >= exact * (1 - 1e-13));
            CHECK(qbound::cheap_norm_up(layer, *layer.weight).value_up() >= exact * (1 - 1e-13));
        }
    }
}

TEST_CASE("a convolution's bound is the norm of its circulant on the embedding torus", "[spectral]") {
    std::mt19937_64 random(2);
    for (const Case& c : geometries()) {
        const WeightLayer layer = make_layer(weight_of(c, random), c.axes, c.groups);
        const double circulant =
            spectral_norm(circulant_matrix(layer, *layer.weight, torus(c.axes[0]), torus(c.axes[1])));
        const double bound = qbound::spectral_norm_up(layer, *layer.weight, 1).value_up();
        INFO(c.name << ": " << bound << " for " << circulant);
        CHECK(bound <= circulant * (1 + 1e-8));
    }
}
