// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_lanczos.hpp"

#include "norms/spectral_kernels.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <span>

namespace qbound::internal {

namespace {

constexpr std::int64_t kMaxSteps = 200;
constexpr std::int64_t kStepsPerCheck = 8;
constexpr double kResidualGoal = 5e-7;  // the error of the value is of the order of its square over the gap

/// Entries in [−1, 1) from a linear congruential generator: the same on every machine.
void fill_pseudo_random(std::span<double> out) {
    std::uint64_t state = 0x9e3779b97f4a7c15U;
    for (double& x : out) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        x = static_cast<double>(static_cast<std::int64_t>(state) >> 11) * 0x1p-52;
    }
}

}  // namespace

EigenvalueEstimate Lanczos::approx_largest_eigenvalue(std::int64_t n, const double* re, const double* im) {
    using VectorMap = Eigen::Map<Eigen::VectorXd>;
    const std::int64_t real_size = im != nullptr ? 2 * n : n;  // (x_re, x_im) one after the other
    const std::int64_t steps = std::min(n, kMaxSteps);
    basis_.resize(static_cast<std::size_t>((steps + 1) * real_size));
    const auto vector = [&](std::int64_t step) { return VectorMap(basis_.data() + step * real_size, real_size); };

    fill_pseudo_random({basis_.data(), static_cast<std::size_t>(real_size)});
    vector(0).normalize();
    Eigen::VectorXd diagonal(steps);
    Eigen::VectorXd off_diagonal(steps);
    EigenvalueEstimate estimate;
    for (std::int64_t step = 0; step < steps; ++step) {
        VectorMap x = vector(step);
        VectorMap y = vector(step + 1);
        hermitian_multiply(n, re, im, x.data(), x.data() + n, y.data(), y.data() + n);
        diagonal[step] = x.dot(y);
        // Twice is enough (Kahan, Parlett): classical Gram–Schmidt against every earlier vector. For a complex H both
        // Re⟨v, y⟩ and Im⟨v, y⟩ must go.
        for (int pass = 0; pass < 2; ++pass) {
            for (std::int64_t k = 0; k <= step; ++k) {
                const VectorMap v = vector(k);
                const double along = v.dot(y);
                if (im != nullptr) {
                    const double across = v.head(n).dot(y.tail(n)) - v.tail(n).dot(y.head(n));
                    y.head(n) -= along * v.head(n) - across * v.tail(n);
                    y.tail(n) -= along * v.tail(n) + across * v.head(n);
                } else {
                    y -= along * v;
                }
            }
        }
        off_diagonal[step] = y.norm();
        const bool exhausted = step + 1 == steps || !(off_diagonal[step] > 1e-14 * std::fabs(diagonal[0]));
        if (exhausted || (step + 1) % kStepsPerCheck == 0) {
            // Eigen's test for a negligible off-diagonal entry is not scale-invariant.
            const double unit = diagonal.head(step + 1).lpNorm<Eigen::Infinity>();
            if (!(unit > 0)) {
                break;
            }
            Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> ritz;
            ritz.computeFromTridiagonal(diagonal.head(step + 1) / unit, off_diagonal.head(step) / unit);
            estimate.value = unit * ritz.eigenvalues()[step];
            estimate.residual = off_diagonal[step] * std::fabs(ritz.eigenvectors()(step, step));
            if (exhausted || !(estimate.residual > kResidualGoal * estimate.value)) {
                break;
            }
        }
        y /= off_diagonal[step];
    }
    return estimate;
}

}  // namespace qbound::internal
