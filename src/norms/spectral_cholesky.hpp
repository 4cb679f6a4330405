// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace qbound::internal {

/// Cholesky of λI − H in reusable memory, as a test of definiteness.
class ShiftedCholesky {
  public:
    /// True if the factorisation of fl(λI − H) ends with every pivot positive and finite; then
    ///   λ_max(H) ≤ λ + cholesky_slack_up(n, complex)·(λ + max_i |min(H_ii, 0)|) + 2^−800      (docs/theory.md S8) .
    /// H is Hermitian n×n, n ≤ 2^20, upper triangle packed by rows; `im` is null for a real H. A NaN or an infinity in H gives
    /// false.
    ///
    /// Cost  n³/3 (real) or 4n³/3 (complex) operations at the speed of gemm; memory n² or 2n² doubles.
    [[nodiscard]] bool succeeds(std::int64_t n, const double* re, const double* im, double lambda);

  private:
    void load(std::int64_t n, const double* re, const double* im, double lambda);
    void subtract_finished_rows(std::int64_t n, bool complex, std::int64_t first, std::int64_t last);

    std::int64_t stride_ = 0;
    std::vector<double> factor_;
    std::vector<double> coefficients_;
    std::vector<double> product_;
};

/// The relative excess that a successful factorisation leaves open: u + n·γ_k/(1 − γ_k), k = 2n + 4 (real) or 4n + 8 (complex),
/// rounded up.
[[nodiscard]] double cholesky_slack_up(std::int64_t n, bool complex) noexcept;

}  // namespace qbound::internal
