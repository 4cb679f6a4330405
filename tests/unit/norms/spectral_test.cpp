// SPDX-License-Identifier: Apache-2.0
#include "qbound/spectral.hpp"

#include "norms/spectral_symbol.hpp"
#include "spectral_oracle.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
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

/// The exact torus of docs/theory.md S2: smallest number of outputs whose inputs hold the image and the larger of the two pads; at
/// stride 1 a multiple of the dilation (S3).
std::int64_t torus(const Axis& axis) {
    const std::int64_t after = std::max<std::int64_t>(
        0, (axis.out - 1) * axis.stride - axis.pad_begin + (axis.kernel - 1) * axis.dilation - (axis.in - 1));
    const std::int64_t multiple = axis.kernel > 1 && axis.stride == 1 ? axis.dilation : 1;
    const std::int64_t points = (axis.in + std::max(axis.pad_begin, after) + axis.stride - 1) / axis.stride;
    return (points + multiple - 1) / multiple * multiple;
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
        const double circulant = spectral_norm(circulant_matrix(layer, *layer.weight, torus(c.axes[0]), torus(c.axes[1])));
        const double bound = qbound::spectral_norm_up(layer, *layer.weight, 1).value_up();
        INFO(c.name << ": " << bound << " for " << circulant);
        CHECK(bound <= circulant * (1 + 1e-8));
    }
}

TEST_CASE("a bound scales with the weights, from 1e-300 to 1e300", "[spectral]") {
    std::mt19937_64 random(3);
    for (const Case& c : geometries()) {
        const WeightLayer layer = make_layer(weight_of(c, random), c.axes, c.groups);
        const Upper unit = qbound::spectral_norm_up(layer, *layer.weight, 1);
        for (const int exponent : {-1000, -900, -500, -100, 100, 500, 1000}) {
            Tensor scaled = *layer.weight;
            for (double& w : scaled.data) {
                w = std::ldexp(w, exponent);
            }
            const Upper bound = qbound::spectral_norm_up(layer, scaled, 1);
            const Upper expected = unit * Upper::exactly(std::ldexp(1.0, exponent));
            INFO(c.name << " · 2^" << exponent);
            CHECK(bound <= expected * Upper::exactly(1 + 1e-8));
            CHECK(expected <= bound * Upper::exactly(1 + 1e-8));
        }
    }
}

TEST_CASE("weights of wildly different sizes, down to subnormal ones", "[spectral]") {
    std::mt19937_64 random(4);
    std::uniform_int_distribution<int> exponent(-60, 60);
    for (const Case& c : geometries()) {
        Tensor weight = weight_of(c, random);
        for (double& w : weight.data) {
            w = std::ldexp(w, exponent(random));
        }
        const WeightLayer layer = make_layer(weight, c.axes, c.groups);
        const double exact = spectral_norm(operator_matrix(layer, weight));
        INFO(c.name);
        CHECK(qbound::spectral_norm_up(layer, weight, 1).value_up() >= exact * (1 - 1e-13));

        Tensor tiny = weight;
        for (double& w : tiny.data) {
            w = std::ldexp(w, -1085);  // subnormal, many of them zero
        }
        Tensor raised = tiny;
        for (double& w : raised.data) {
            w = std::ldexp(w, 1074);  // exact
        }
        const Upper expected = qbound::spectral_norm_up(layer, raised, 1) * Upper::exactly(0x1p-1074);
        CHECK(qbound::spectral_norm_up(layer, tiny, 1) <= expected * Upper::exactly(1 + 1e-8));
        CHECK(expected <= qbound::spectral_norm_up(layer, tiny, 1) * Upper::exactly(1 + 1e-8));
    }
}

TEST_CASE("zero weights have norm 0, broken ones an infinite bound", "[spectral]") {
    for (const Case& c : geometries()) {
        std::mt19937_64 random(5);
        Tensor weight = weight_of(c, random);
        const WeightLayer layer = make_layer(weight, c.axes, c.groups);
        Tensor zero = weight;
        std::fill(zero.data.begin(), zero.data.end(), 0.0);
        CHECK(qbound::spectral_norm_up(layer, zero, 1).is_zero());
        CHECK(qbound::cheap_norm_up(layer, zero).is_zero());
        CHECK(qbound::delta_spectral_norm_up(layer, weight, weight, 1).is_zero());
        for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
            Tensor broken = weight;
            broken.data.back() = bad;
            CHECK(qbound::spectral_norm_up(layer, broken, 1).is_infinite());
            CHECK(qbound::cheap_norm_up(layer, broken).is_infinite());
            CHECK(qbound::delta_spectral_norm_up(layer, weight, broken, 1).is_infinite());
            CHECK(qbound::row_norms2_up(broken).back() == std::numeric_limits<double>::infinity());
            CHECK(qbound::delta_row_norms2_up(weight, broken).back() == std::numeric_limits<double>::infinity());
        }
    }
}

TEST_CASE("a layer whose windows read padding alone has norm 0", "[spectral]") {
    Tensor weight{{1, 1, 1, 1}, {3}};
    const WeightLayer layer = make_layer(weight, {Axis{}, Axis{2, 1, 1, 4, 1, 1, 0}});
    CHECK(qbound::spectral_norm_up(layer, weight, 1).is_zero());
    CHECK(qbound::spectral_operations(layer) == 0);
}

TEST_CASE("kernels with known norms", "[spectral]") {
    const auto one_dimensional = [](std::vector<double> taps, std::int64_t in) {
        const auto kernel = static_cast<std::int64_t>(taps.size());
        return make_layer(Tensor{{1, 1, 1, kernel}, std::move(taps)},
                          {Axis{}, make_axis(in, kernel)});  // no padding: one torus, of `in` points
    };
    const auto norm = [](const WeightLayer& layer) { return qbound::spectral_norm_up(layer, *layer.weight, 1).value_up(); };
    const auto check = [&](const WeightLayer& layer, double exact) {
        CHECK(norm(layer) >= exact);
        CHECK(norm(layer) <= exact * (1 + 1e-8));
    };
    check(one_dimensional({1, 2, 1}, 16), 4);    // ω = 0
    check(one_dimensional({-1, 2, -1}, 16), 4);  // ω = π
    check(one_dimensional({-1, 0, 1}, 16), 2);   // ω = π/2
    // With padding 1 the tori have 16 and 17 points; the second misses ω = π, and its value is the bound.
    check(make_layer(Tensor{{1, 1, 1, 3}, {-1, 2, -1}}, {Axis{}, make_axis(15, 3, 1, 1, 1, 1)}),
          2 + 2 * std::cos(3.14159265358979323846 / 17));
    // Rank one: u vᵀ with ‖u‖ = 5, ‖v‖ = 13.
    check(make_dense(Tensor{{2, 2}, {15, 36, 20, 48}}), 65);
    // 3·I: every singular value is the largest.
    Tensor identity{{40, 40}, std::vector<double>(1600, 0.0)};
    for (std::size_t i = 0; i < 40; ++i) {
        identity.data[41 * i] = 3;
    }
    check(make_dense(identity), 3);
    // The Hilbert-like worst case for Cholesky: a huge and a tiny direction.
    check(make_dense(Tensor{{2, 2}, {0x1p40, 0, 0, 0x1p-40}}), 0x1p40);
    // Groups are separate; the second is larger.
    const WeightLayer grouped = make_layer(Tensor{{2, 1, 1, 3}, {1, 1, 1, -2, 3, -2}}, {Axis{}, make_axis(16, 3)}, 2);
    check(grouped, 7);
}

TEST_CASE("dense layers to nine digits", "[spectral]") {
    std::mt19937_64 random(6);
    for (const auto& [m, n] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {1, 50}, {50, 1}, {17, 40}, {130, 90}, {64, 300}}) {
        const WeightLayer layer = make_dense(random_tensor({m, n}, random));
        const double exact = spectral_norm(operator_matrix(layer, *layer.weight));
        const double bound = qbound::spectral_norm_up(layer, *layer.weight, 2).value_up();
        INFO(m << " x " << n << ": " << bound / exact - 1);
        CHECK(bound >= exact * (1 - 1e-14));
        CHECK(bound <= exact * (1 + 2e-9));
    }
}

TEST_CASE("a large image is sampled, and the factor pays for it", "[spectral]") {
    // cos(ω_0 t) has its peak at ω_0, halfway between two of the sampled frequencies.
    const std::int64_t in = 4000;
    const std::int64_t sampled = 100;
    const double omega = 2 * 3.14159265358979323846 * 24.5 / static_cast<double>(sampled - 1);
    for (const std::int64_t kernel : {2, 3, 5}) {
        Tensor weight{{1, 1, 1, kernel}, {}};
        for (std::int64_t t = 0; t < kernel; ++t) {
            weight.data.push_back(std::cos(omega * static_cast<double>(t)) + (t == 0 ? 0.3 : 0));
        }
        const WeightLayer layer = make_layer(weight, {Axis{}, make_axis(in, kernel)});
        double supremum = 0;
        for (int i = 0; i <= 200'000; ++i) {
            std::complex<double> k = 0;
            for (std::int64_t t = 0; t < kernel; ++t) {
                k += weight.data[static_cast<std::size_t>(t)] *
                     std::polar(1.0, 3.14159265358979323846 * i / 200'000 * static_cast<double>(t));
            }
            supremum = std::max(supremum, std::abs(k));
        }
        const double bound = qbound::spectral_norm_up(layer, weight, 1).value_up();
        INFO("kernel " << kernel << ": " << bound / supremum - 1);
        CHECK(bound >= supremum);
        CHECK(bound <= supremum * (1 + qbound::kSamplingSlack));
    }
}

TEST_CASE("the bound does not depend on the number of threads", "[spectral]") {
    std::mt19937_64 random(7);
    const Axes axes{make_axis(20, 3, 1, 1, 1, 1), make_axis(17, 3, 1, 1, 1, 1)};
    for (const std::int64_t channels : {1, 6, 40}) {
        const WeightLayer layer = make_layer(random_tensor({channels, channels, 3, 3}, random), axes);
        const Upper one = qbound::spectral_norm_up(layer, *layer.weight, 1);
        for (const int threads : {2, 3, 8}) {
            CHECK(qbound::spectral_norm_up(layer, *layer.weight, threads) == one);
        }
    }
}

TEST_CASE("the difference's bound covers the rounding of the difference", "[spectral]") {
    const double tiny = 0x1p-60;
    Tensor weight{{1, 1}, {1}};
    Tensor quantized{{1, 1}, {-tiny}};  // W − W' = 1 + 2^−60, which rounds to 1
    const WeightLayer layer = make_dense(weight);
    CHECK(qbound::delta_spectral_norm_up(layer, weight, quantized, 1) > Upper::exactly(1.0));
    CHECK(qbound::delta_row_norms2_up(weight, quantized)[0] > 1);
    CHECK(qbound::delta_row_norms2_up(weight, quantized)[0] <= 1 + 1e-15);

    std::mt19937_64 random(8);
    for (const Case& c : geometries()) {
        const Tensor w = weight_of(c, random);
        Tensor q = w;
        for (double& x : q.data) {
            x = std::round(x * 8) / 8;
        }
        const WeightLayer convolution = make_layer(w, c.axes, c.groups);
        const double exact = spectral_norm(operator_matrix(convolution, w) - operator_matrix(convolution, q));
        const double bound = qbound::delta_spectral_norm_up(convolution, w, q, 1).value_up();
        INFO(c.name);
        CHECK(bound >= exact * (1 - 1e-13));
        Tensor difference = w;
        std::transform(w.data.begin(), w.data.end(), q.data.begin(), difference.data.begin(), std::minus<>());
        CHECK(bound <= qbound::spectral_norm_up(convolution, difference, 1).value_up() * (1 + 1e-12));
    }
}

TEST_CASE("row norms", "[spectral]") {
    const Tensor weight{{3, 2, 1, 2}, {3, 0, 0, 4, 1, 2, 4, 10, 0, 0, 0, 0}};
    const std::vector<double> rows = qbound::row_norms2_up(weight);
    REQUIRE(rows.size() == 3);
    CHECK(rows[0] >= 5);
    CHECK(rows[0] <= 5 * (1 + 1e-14));
    CHECK(rows[1] >= 11);
    CHECK(rows[1] <= 11 * (1 + 1e-14));
    CHECK(rows[2] == 0);
    const Tensor huge{{1, 2}, {3e300, 4e300}};
    CHECK(qbound::row_norms2_up(huge)[0] <= 5e300 * (1 + 1e-14));
}

TEST_CASE("random layers: no vector ever gains more than the bound", "[spectral]") {
    std::mt19937_64 random(9);
    const auto pick = [&](std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    };
    const auto random_axis = [&] {
        for (;;) {
            const Axis candidate = make_axis(pick(1, 12), pick(1, 5), pick(1, 4), pick(1, 3), pick(0, 5), pick(0, 5));
            if (candidate.in + candidate.pad_begin + candidate.pad_end > candidate.dilation * (candidate.kernel - 1)) {
                return candidate;
            }
        }
    };
    for (int repeat = 0; repeat < 400; ++repeat) {
        const std::int64_t groups = pick(1, 3);
        const Axes axes{pick(0, 3) == 0 ? Axis{} : random_axis(), random_axis()};
        const Tensor weight = random_tensor({groups * pick(1, 3), pick(1, 3), axes[0].kernel, axes[1].kernel}, random);
        const WeightLayer layer = make_layer(weight, axes, groups);
        const double bound = qbound::spectral_norm_up(layer, weight, 1).value_up();
        const Eigen::MatrixXd t = operator_matrix(layer, weight);
        INFO("repeat " << repeat);
        CHECK(bound >= spectral_norm(t) * (1 - 1e-13));
        CHECK(bound <= qbound::cheap_norm_up(layer, weight).value_up());
        // Where every tap is read and undilated, the torus is the textbook's: a two-sided check of embedding and polyphase
        // components.
        const auto plain = [](const Axis& a) {
            return a.dilation == 1 && static_cast<std::int64_t>(qbound::internal::axis_symbol(a).taps.size()) == a.kernel;
        };
        if (plain(axes[0]) && plain(axes[1])) {
            const double circulant = spectral_norm(circulant_matrix(layer, weight, torus(axes[0]), torus(axes[1])));
            CHECK(bound <= circulant * (1 + 1e-8));
        }
    }
}

TEST_CASE("norms of a layer before and after quantization", "[spectral]") {
    std::mt19937_64 random(10);
    const WeightLayer dense = make_dense(random_tensor({6, 5}, random));
    std::vector<qbound::Node> nodes(2);
    nodes[0] = {"x", "Input", qbound::Input{}, {}, {5}, {5, 1, 1}};
    nodes[1] = {"fc", "Gemm", dense, {0}, {6}, {6, 1, 1}};
    const qbound::Network network("net", nodes, 1, {std::vector<double>(5, -1.0), std::vector<double>(5, 1.0)});
    for (const int bits : {2, 8, 32}) {
        qbound::Quantizer quantizer;
        quantizer.bits = bits;
        const qbound::WeightPair pair(network, quantizer);
        const qbound::QuantizedLayer layer = pair.quantized(0);
        const Tensor& quantized = *layer.weight;
        const qbound::LayerSpectralNorms norms = qbound::layer_spectral_norms(pair, 0, std::nullopt, 1);
        const double exact = spectral_norm(operator_matrix(dense, *dense.weight));
        const double exact_quantized = spectral_norm(operator_matrix(dense, quantized));
        const double exact_delta = spectral_norm(operator_matrix(dense, *dense.weight) - operator_matrix(dense, quantized));
        CHECK(norms.two.value_up() >= exact * (1 - 1e-14));
        CHECK(norms.two.value_up() <= exact * (1 + 1e-8));
        CHECK(norms.two_quantized.value_up() >= exact_quantized * (1 - 1e-14));
        CHECK(norms.two_quantized.value_up() <= exact_quantized * (1 + 1e-6));
        CHECK(norms.two_delta.value_up() >= exact_delta * (1 - 1e-14));
        CHECK(norms.two_delta.value_up() <= exact_delta * (1 + 1e-8));
        const qbound::LayerSpectralNorms again = qbound::layer_spectral_norms(pair, 0, norms.two, 2);
        CHECK(again.two == norms.two);
        CHECK(again.two_quantized == norms.two_quantized);
        CHECK(again.two_delta == norms.two_delta);
    }
}
