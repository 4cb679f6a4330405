// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_cholesky.hpp"
#include "norms/spectral_lanczos.hpp"

#include "support/catch.hpp"

#include <Eigen/Dense>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

using qbound::internal::cholesky_slack_up;
using qbound::internal::Lanczos;
using qbound::internal::ShiftedCholesky;

namespace {

struct Packed {
    std::int64_t n = 0;
    std::vector<double> re;
    std::vector<double> im;

    [[nodiscard]] const double* imaginary() const { return im.empty() ? nullptr : im.data(); }
};

Packed pack(const Eigen::MatrixXcd& h, bool complex) {
    Packed packed;
    packed.n = h.rows();
    for (Eigen::Index i = 0; i < h.rows(); ++i) {
        for (Eigen::Index j = i; j < h.cols(); ++j) {
            packed.re.push_back(h(i, j).real());
            if (complex) {
                packed.im.push_back(h(i, j).imag());
            }
        }
    }
    return packed;
}

Eigen::MatrixXcd random_gram(std::int64_t n, bool complex, std::mt19937_64& random) {
    std::normal_distribution<double> normal;
    Eigen::MatrixXcd k(n, n + 3);
    for (auto& x : k.reshaped()) {
        const double re = normal(random);
        x = {re, complex ? normal(random) : 0.0};
    }
    return k * k.adjoint();
}

double largest_eigenvalue(const Eigen::MatrixXcd& h) {
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd>(h, Eigen::EigenvaluesOnly).eigenvalues().maxCoeff();
}

/// Orders around every boundary of the register tiles and blocks.
const std::vector<std::int64_t> kOrders{1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 64, 95, 96, 97, 127, 128, 129, 195};

}  // namespace

TEST_CASE("a factorisation succeeds just above the largest eigenvalue and fails just below", "[spectral]") {
    std::mt19937_64 random(11);
    ShiftedCholesky cholesky;
    for (const std::int64_t n : kOrders) {
        for (const bool complex : {false, true}) {
            const Eigen::MatrixXcd h = random_gram(n, complex, random);
            const Packed packed = pack(h, complex);
            const double eigenvalue = largest_eigenvalue(h);
            INFO("order " << n << (complex ? ", complex" : ", real"));
            CHECK(cholesky.succeeds(n, packed.re.data(), packed.imaginary(), eigenvalue * (1 + 1e-11)));
            CHECK_FALSE(cholesky.succeeds(n, packed.re.data(), packed.imaginary(), eigenvalue * (1 - 1e-11)));
            CHECK_FALSE(cholesky.succeeds(n, packed.re.data(), packed.imaginary(), eigenvalue / 2));
        }
    }
}

TEST_CASE("the least shift that a factorisation accepts is within the proven slack", "[spectral]") {
    // λ_max of J (all ones) is n, of J − I it is n − 1, of a tridiagonal (2, −1) it is 2 + 2 cos(π/(n+1)).
    ShiftedCholesky cholesky;
    for (const std::int64_t n : {2, 3, 17, 96, 130, 200}) {
        const Eigen::MatrixXcd ones = Eigen::MatrixXcd::Ones(n, n);
        Eigen::MatrixXcd second_difference = 2 * Eigen::MatrixXcd::Identity(n, n);
        for (std::int64_t i = 0; i + 1 < n; ++i) {
            second_difference(i, i + 1) = second_difference(i + 1, i) = -1;
        }
        const double top = 2 + 2 * std::cos(3.14159265358979323846 / static_cast<double>(n + 1));
        const auto order = static_cast<double>(n);
        for (const auto& [h, eigenvalue] : {std::pair<Eigen::MatrixXcd, double>{ones, order},
                                            {ones - Eigen::MatrixXcd::Identity(n, n), order - 1},
                                            {second_difference, top}}) {
            for (const bool complex : {false, true}) {
                const Packed packed = pack(h, complex);
                double fails = 0;
                double succeeds = 2 * eigenvalue;
                while (succeeds - fails > 4e-16 * eigenvalue) {
                    const double middle = (succeeds + fails) / 2;
                    (cholesky.succeeds(n, packed.re.data(), packed.imaginary(), middle) ? succeeds : fails) = middle;
                }
                INFO("order " << n << ", excess " << succeeds / eigenvalue - 1);
                CHECK(succeeds * (1 + cholesky_slack_up(n, complex)) >= eigenvalue);
                CHECK(succeeds <= eigenvalue * (1 + 1e-12));
            }
        }
    }
}

TEST_CASE("a NaN or an infinity anywhere makes the factorisation fail", "[spectral]") {
    ShiftedCholesky cholesky;
    for (const std::int64_t n : {1, 2, 5, 9}) {
        for (const bool complex : {false, true}) {
            const Packed good = pack(Eigen::MatrixXcd::Identity(n, n), complex);
            REQUIRE(cholesky.succeeds(n, good.re.data(), good.imaginary(), 2));
            for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                     -std::numeric_limits<double>::infinity(), 1e300}) {
                for (std::size_t i = 0; i < good.re.size(); ++i) {
                    Packed broken = good;
                    broken.re[i] = bad;
                    INFO(bad << " at " << i << ", order " << n);
                    CHECK_FALSE(cholesky.succeeds(n, broken.re.data(), broken.imaginary(), 2));
                }
                const std::int64_t row = n;  // the imaginary diagonal is not read; entry (0, 1) and those after it are
                for (std::size_t i = 1; complex && i < static_cast<std::size_t>(row); ++i) {
                    Packed broken = good;
                    broken.im[i] = bad;
                    CHECK_FALSE(cholesky.succeeds(n, broken.re.data(), broken.imaginary(), 2));
                }
            }
            CHECK_FALSE(cholesky.succeeds(n, good.re.data(), good.imaginary(), std::numeric_limits<double>::quiet_NaN()));
            CHECK_FALSE(cholesky.succeeds(n, good.re.data(), good.imaginary(), std::numeric_limits<double>::infinity()));
        }
    }
}

TEST_CASE("the Cholesky slack is u + n·γ/(1 − γ)", "[spectral]") {
    const double u = 0x1p-53;
    CHECK(cholesky_slack_up(1, false) >= u + 6 * u);
    CHECK(cholesky_slack_up(1, false) <= 7.0001 * u);
    CHECK(cholesky_slack_up(100, true) >= u + 100 * 408 * u);
    CHECK(cholesky_slack_up(100, true) <= (1 + 100 * 408) * 1.0001 * u);
    CHECK(cholesky_slack_up(std::int64_t{1} << 52, true) == std::numeric_limits<double>::infinity());
}

TEST_CASE("Lanczos finds the largest eigenvalue", "[spectral]") {
    std::mt19937_64 random(12);
    Lanczos lanczos;
    for (const std::int64_t n : kOrders) {
        for (const bool complex : {false, true}) {
            const Eigen::MatrixXcd h = random_gram(n, complex, random);
            const Packed packed = pack(h, complex);
            const double eigenvalue = largest_eigenvalue(h);
            const auto estimate = lanczos.approx_largest_eigenvalue(n, packed.re.data(), packed.imaginary());
            INFO("order " << n);
            CHECK(std::fabs(estimate.value / eigenvalue - 1) <= 1e-9);
            CHECK(estimate.residual <= 1e-6 * eigenvalue);
        }
    }
    // Equal eigenvalues end the iteration at once; a zero matrix too.
    const Packed identity = pack(Eigen::MatrixXcd::Identity(30, 30), false);
    CHECK(std::fabs(lanczos.approx_largest_eigenvalue(30, identity.re.data(), nullptr).value - 1) <= 1e-14);
    const Packed zero = pack(Eigen::MatrixXcd::Zero(30, 30), true);
    CHECK(lanczos.approx_largest_eigenvalue(30, zero.re.data(), zero.im.data()).value == 0);
}
