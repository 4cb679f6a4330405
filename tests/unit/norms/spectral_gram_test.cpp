// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_gram.hpp"
#include "norms/spectral_symbol.hpp"

#include "spectral_oracle.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <complex>
#include <random>
#include <set>
#include <vector>

using namespace qbound::internal;
using spectral_oracle::make_axis;

namespace {

constexpr long double kPi = 3.14159265358979323846264338327950288L;

struct Layer {
    GroupShape shape;
    qbound::Axes axes;
};

std::vector<Layer> layers() {
    const qbound::Axis trivial{};
    return {
        {{1, 4, 3, 9}, {make_axis(7, 3, 1, 1, 1, 1), make_axis(6, 3, 1, 1, 1, 1)}},
        {{1, 3, 2, 9}, {make_axis(9, 3, 2, 1, 1, 1), make_axis(8, 3, 2, 1, 1, 1)}},
        {{2, 3, 2, 15}, {make_axis(9, 3, 2, 1, 1, 1), make_axis(11, 5, 3, 1, 2, 2)}},
        {{3, 1, 1, 9}, {make_axis(9, 3, 1, 2, 2, 2), make_axis(8, 3, 1, 1, 1, 1)}},
        {{1, 2, 2, 11}, {trivial, make_axis(40, 11, 4, 1, 5, 5)}},
        {{1, 2, 3, 9}, {make_axis(11, 3, 2, 3, 3, 3), make_axis(9, 3, 2, 3, 2, 3)}},
        {{1, 150, 3, 9}, {make_axis(5, 3, 1, 1, 1, 1), make_axis(5, 3, 1, 1, 1, 1)}},  // several stripes on the output side
        {{1, 3, 80, 9}, {make_axis(9, 3, 2, 1, 1, 1), make_axis(9, 3, 2, 1, 1, 1)}},   // several blocks on the input side
        {{1, 40, 50, 1}, {make_axis(5, 1), make_axis(5, 1)}},
    };
}

/// K(ω) of one group in extended precision, as S3 defines it.
Eigen::MatrixXcd transfer_matrix(const Symbol& symbol, const GroupShape& shape, const std::vector<double>& weight,
                                 std::int64_t group, const FrequencyGrid& grid, const Frequency& frequency) {
    using Extended = std::complex<long double>;
    Eigen::Matrix<Extended, Eigen::Dynamic, Eigen::Dynamic> k =
        Eigen::Matrix<Extended, Eigen::Dynamic, Eigen::Dynamic>::Zero(shape.rows, shape.columns * symbol.phases);
    for (const Tap& tap : symbol.taps) {
        const long double turns =
            static_cast<long double>(frequency[0] * tap.offset[0]) / static_cast<long double>(grid.points[0]) +
            static_cast<long double>(frequency[1] * tap.offset[1]) / static_cast<long double>(grid.points[1]);
        const Extended root(std::cos(2 * kPi * turns), std::sin(2 * kPi * turns));
        for (std::int64_t i = 0; i < shape.rows; ++i) {
            for (std::int64_t j = 0; j < shape.columns; ++j) {
                const double w =
                    weight[static_cast<std::size_t>(((group * shape.rows + i) * shape.columns + j) * shape.kernel + tap.index)];
                k(i, tap.phase * shape.columns + j) += root * Extended(w);
            }
        }
    }
    return k.cast<std::complex<double>>();
}

double absolute_frobenius_squared(const Symbol& symbol, const GroupShape& shape, const std::vector<double>& weight,
                                  std::int64_t group) {
    std::vector<double> absolute = weight;
    for (double& w : absolute) {
        w = std::fabs(w);
    }
    return transfer_matrix(symbol, shape, absolute, group, {}, {0, 0}).squaredNorm();
}

Eigen::MatrixXcd unpack(const GramSource& gram, const GramSamples& samples, std::size_t f, std::int64_t group, bool real) {
    const std::int64_t n = gram.order();
    Eigen::MatrixXcd h(n, n);
    auto at = static_cast<std::size_t>(group * gram.triangle());
    for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = i; j < n; ++j, ++at) {
            h(i, j) = {samples.re[f][at], real ? 0.0 : samples.im[f][at]};
            h(j, i) = std::conj(h(i, j));
        }
    }
    return h;
}

}  // namespace

TEST_CASE("both Gram sources agree with the transfer matrices within their proven error", "[spectral]") {
    std::mt19937_64 random(21);
    for (const Layer& layer : layers()) {
        const Symbol symbol = make_symbol(layer.axes);
        const GroupShape& shape = layer.shape;
        const auto weight = spectral_oracle::random_tensor({shape.groups * shape.rows, shape.columns, shape.kernel}, random).data;
        const FrequencyGrid grid = choose_grid(symbol, 1e-3);
        for (const GramSide side : {GramSide::outputs, GramSide::inputs}) {
            for (const bool by_lags : {true, false}) {
                const auto gram = make_gram({side, by_lags, 0, 0}, symbol, shape, weight, 2);
                std::vector<Frequency> frequencies = grid.half();
                std::size_t reals = 0;
                while (reals < frequencies.size() && grid.is_real(frequencies[reals])) {
                    ++reals;
                }
                for (std::size_t begin = 0; begin < frequencies.size();) {
                    const bool real = begin < reals;
                    const std::size_t count = std::min({std::size_t{3}, real ? reals - begin : frequencies.size() - begin});
                    GramSamples samples;
                    gram->sample(grid, std::span(frequencies).subspan(begin, count), real, samples);
                    for (std::size_t f = 0; f < count; ++f) {
                        for (std::int64_t group = 0; group < shape.groups; ++group) {
                            const auto k = transfer_matrix(symbol, shape, weight, group, grid, frequencies[begin + f]);
                            const Eigen::MatrixXcd exact =
                                side == GramSide::outputs ? Eigen::MatrixXcd(k * k.adjoint()) : Eigen::MatrixXcd(k.adjoint() * k);
                            const Eigen::MatrixXcd computed = unpack(*gram, samples, f, group, real);
                            REQUIRE(computed.rows() == exact.rows());
                            // G or its conjugate: the smaller distance.
                            const double distance = std::min((computed - exact).norm(), (computed.conjugate() - exact).norm());
                            const double allowed =
                                gram->relative_error_up() * absolute_frobenius_squared(symbol, shape, weight, group);
                            CHECK(distance <= allowed + 1e-15 * exact.norm());
                            CHECK(allowed <= 1e-8 * exact.norm());
                        }
                    }
                    begin += count;
                }
            }
        }
    }
}

TEST_CASE("roots of unity are exact at quarter turns and accurate elsewhere", "[spectral]") {
    for (const std::int64_t n : {1, 2, 3, 4, 5, 7, 8, 12, 57, 100, 4096, 99991}) {
        for (std::int64_t q = -3 * n; q <= 3 * n; q += std::max<std::int64_t>(1, n / 50)) {
            const UnitRoot root = unit_root(q, n);
            const long double turns = static_cast<long double>(q) / static_cast<long double>(n);
            CHECK(std::fabs(static_cast<double>(static_cast<long double>(root.cosine) - std::cos(2 * kPi * turns))) <= 0x1p-44);
            CHECK(std::fabs(static_cast<double>(static_cast<long double>(root.sine) - std::sin(2 * kPi * turns))) <= 0x1p-44);
        }
    }
    CHECK(unit_root(1, 4).cosine == 0);
    CHECK(unit_root(1, 4).sine == 1);
    CHECK(unit_root(3, 6).cosine == -1);
    CHECK(unit_root(3, 6).sine == 0);
    CHECK(unit_root(-1, 4).sine == -1);
    CHECK(unit_root(1'000'000'000'000'000'001, 4).sine == 1);
}

TEST_CASE("an axis becomes taps, phases and a torus", "[spectral]") {
    const auto expect = [](const qbound::Axis& axis, std::vector<std::array<std::int64_t, 3>> taps, std::int64_t phases,
                           std::int64_t span, std::int64_t torus) {
        const AxisSymbol symbol = axis_symbol(axis);
        std::vector<std::array<std::int64_t, 3>> found;
        for (const AxisTap& tap : symbol.taps) {
            found.push_back({tap.tap, tap.offset, tap.phase});
        }
        CHECK(found == taps);
        CHECK(symbol.phases == phases);
        CHECK(symbol.span == span);
        CHECK(symbol.torus_points == torus);
    };
    expect(make_axis(7, 3, 1, 1, 1, 1), {{0, 0, 0}, {1, 1, 0}, {2, 2, 0}}, 1, 3, 8);
    expect(make_axis(7, 3), {{0, 0, 0}, {1, 1, 0}, {2, 2, 0}}, 1, 3, 7);
    expect(make_axis(8, 3, 2, 1, 1, 1), {{0, 0, 0}, {1, 0, 1}, {2, 1, 0}}, 2, 2, 5);
    expect(make_axis(8, 1, 2), {{0, 0, 0}}, 1, 1, 4);
    // Dilation at stride 1 is a substitution: the undilated kernel on a torus of ⌈(in + pad)/dilation⌉ points.
    expect(make_axis(7, 3, 1, 2, 2, 2), {{0, 0, 0}, {1, 1, 0}, {2, 2, 0}}, 1, 3, 5);
    // Dilation 3 at stride 2: positions −3, 0, 3 lie in phases 0, 1, 0 with offsets 0, 1, 3; in phase 1 the offset is taken out,
    // and the divisor 3 of what remains.
    expect(make_axis(11, 3, 2, 3, 3, 3), {{0, 0, 0}, {1, 0, 1}, {2, 1, 0}}, 2, 2, 3);
    // Only the middle tap of a 3-tap kernel ever reads the one pixel of a 1-pixel image.
    expect(make_axis(1, 3, 1, 1, 1, 1), {{1, 0, 0}}, 1, 1, 1);
    // A window that starts beyond the image for every output reads padding alone.
    expect(make_axis(2, 1, 4, 1, 1, 0), {}, 1, 1, 1);
}

TEST_CASE("half of the frequencies represents all", "[spectral]") {
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 8}) {
        for (const std::int64_t columns : {1, 2, 3, 6, 7}) {
            FrequencyGrid grid;
            grid.points = {rows, columns};
            std::set<Frequency> covered;
            bool complex_seen = false;
            for (const Frequency& f : grid.half()) {
                CHECK((!complex_seen || !grid.is_real(f)));
                complex_seen = complex_seen || !grid.is_real(f);
                covered.insert(f);
                covered.insert({(rows - f[0]) % rows, (columns - f[1]) % columns});
            }
            CHECK(static_cast<std::int64_t>(covered.size()) == rows * columns);
            CHECK(static_cast<double>(grid.half().size()) <= half_count(grid));
        }
    }
}

TEST_CASE("a sampled axis has the factor 1/cos(πd/n)", "[spectral]") {
    qbound::Axes axes{qbound::Axis{}, make_axis(5000, 3, 1, 1, 1, 1)};
    const FrequencyGrid grid = choose_grid(make_symbol(axes), 2e-3);
    CHECK(grid.points == std::array<std::int64_t, 2>{1, 71});  // π/acos(1/1.001) = 70.27
    const double factor = 1 / std::cos(3.14159265358979323846 / 71);
    CHECK(grid.factor.value_up() >= factor);
    CHECK(grid.factor.value_up() <= factor * (1 + 1e-13));
    axes[0] = make_axis(50, 3, 1, 1, 1, 1);  // its torus of 51 points is exact
    CHECK(choose_grid(make_symbol(axes), 2e-3).points == std::array<std::int64_t, 2>{51, 71});
    CHECK(choose_grid(make_symbol(axes), 2e-3).factor == grid.factor);
    axes[1] = make_axis(5000, 7, 1, 1, 3, 3);
    CHECK(choose_grid(make_symbol(axes), 1e3).points == std::array<std::int64_t, 2>{3, 7});  // never fewer points than taps
}
