// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace qbound::internal {

/// An estimate of the largest eigenvalue: no bound, it only chooses the shift that is certified afterwards.
struct EigenvalueEstimate {
    double value = 0;     ///< largest Ritz value, as a rule just below the eigenvalue
    double residual = 0;  ///< ‖Hv − value·v‖ of its vector: some eigenvalue lies within that distance
};

/// Lanczos with full reorthogonalisation, from a fixed pseudo-random start, in reusable memory.
class Lanczos {
  public:
    /// H is Hermitian n×n, upper triangle packed by rows, `im` null for a real H. Cost: about 40 to 200 products with H.
    [[nodiscard]] EigenvalueEstimate approx_largest_eigenvalue(std::int64_t n, const double* re, const double* im);

  private:
    std::vector<double> basis_;
};

}  // namespace qbound::internal
