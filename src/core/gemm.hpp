// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace qbound::internal {

/// A row-major matrix in memory: entry (i, j) is data[i * stride + j].
struct ConstMatrix {
    const double* data;
    std::int64_t stride;
};
struct MutableMatrix {
    double* data;
    std::int64_t stride;
};

/// Which entries of the left factor enter the product.
enum class LeftFactor { as_is, absolute };

/// C = A·B, or C = |A|·B, for A m×k, B k×n, C m×n, in double. C must not overlap A or B.
///
/// Every entry of C is a sum of its k products in some order, each product and addition rounded once or fused: the computed value is
/// within γ_k·Σ|a||b| + k·2^−1074 of the exact one (docs/theory.md R1), whatever the instruction set. Dispatched at run time to the best
/// instruction set of the processor. The order is fixed by k and by whether n is at most 4: results do not depend on `threads`, nor on
/// how a caller tiles more columns.
///
/// k = 0 gives zeros. Cost  2mnk operations, tiles of C spread over `threads`.
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, ConstMatrix a, ConstMatrix b, MutableMatrix c, LeftFactor left, int threads);

/// Name of the instruction set that gemm uses on this processor, for benchmarks and bug reports.
[[nodiscard]] std::string gemm_target();

}  // namespace qbound::internal
