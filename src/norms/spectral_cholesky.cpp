// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_cholesky.hpp"

#include "core/gemm.hpp"
#include "norms/spectral_kernels.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <limits>

namespace qbound::internal {

namespace {

constexpr std::int64_t kBlock = 64;  // rows per block; its share of the work runs outside gemm
constexpr std::int64_t kUnblockedOrder = 96;

}  // namespace

double cholesky_slack_up(std::int64_t n, bool complex) noexcept {
    const double gamma = gamma_up(complex ? 4 * n + 8 : 2 * n + 4);
    if (!(gamma < 0.5)) {
        return std::numeric_limits<double>::infinity();
    }
    const double per_trace = next_up(gamma / next_down(1 - gamma));
    const double excess = next_up(next_up(static_cast<double>(n) * per_trace) + kUnitRoundoff);
    return next_up(excess * (1 + 4 * kUnitRoundoff));  // the diagonal of fl(λI − H) is itself rounded
}

void ShiftedCholesky::load(std::int64_t n, const double* re, const double* im, double lambda) {
    const std::int64_t rows_per_entry = im != nullptr ? 2 : 1;
    stride_ = (n + 15) / 8 * 8;  // at least n + 8, the padding that factor_rows asks for
    factor_.resize(static_cast<std::size_t>(rows_per_entry * n * stride_));
    for (std::int64_t i = 0; i < n; ++i) {
        const auto fill = [&](const double* source, double* row) {
            // What lies below the diagonal is never read as part of R, but passes through vector lanes.
            std::fill_n(row, i, 0.0);
            std::transform(source, source + (n - i), row + i, [](double x) { return -x; });
            std::fill_n(row + n, stride_ - n, 0.0);
        };
        fill(re, factor_.data() + rows_per_entry * i * stride_);
        factor_[static_cast<std::size_t>(rows_per_entry * i * stride_ + i)] = lambda - re[0];
        re += n - i;
        if (im != nullptr) {
            fill(im, factor_.data() + (2 * i + 1) * stride_);
            im += n - i;
        }
    }
}

/// Rows [first, last) −= (R's finished rows, columns [first, last))ᴴ · (finished rows), one real product.
void ShiftedCholesky::subtract_finished_rows(std::int64_t n, bool complex, std::int64_t first, std::int64_t last) {
    const std::int64_t scale = complex ? 2 : 1;
    const std::int64_t rows = scale * (last - first);
    const std::int64_t depth = scale * first;
    const std::int64_t columns = n - first;
    coefficients_.resize(static_cast<std::size_t>(rows * depth));
    product_.resize(static_cast<std::size_t>(rows * columns));
    for (std::int64_t k = 0; k < first; ++k) {
        const double* re = factor_.data() + scale * k * stride_ + first;
        const double* im = re + stride_;
        double* out = coefficients_.data() + scale * k;
        for (std::int64_t j = 0; j < last - first; ++j, out += scale * depth) {
            out[0] = re[j];
            if (complex) {  // conj(a)·v = (a_re v_re + a_im v_im) + i(a_re v_im − a_im v_re)
                out[1] = im[j];
                out[depth] = -im[j];
                out[depth + 1] = re[j];
            }
        }
    }
    gemm(rows, columns, depth, {coefficients_.data(), depth}, {factor_.data() + first, stride_}, {product_.data(), columns},
         LeftFactor::as_is, 1);
    for (std::int64_t row = 0; row < rows; ++row) {
        double* target = factor_.data() + (scale * first + row) * stride_ + first;
        const double* share = product_.data() + row * columns;
        std::transform(target, target + columns, share, target, [](double a, double b) { return a - b; });
    }
}

bool ShiftedCholesky::succeeds(std::int64_t n, const double* re, const double* im, double lambda) {
    load(n, re, im, lambda);
    const bool complex = im != nullptr;
    const std::int64_t block = n <= kUnblockedOrder ? n : kBlock;
    for (std::int64_t first = 0; first < n; first += block) {
        const std::int64_t last = std::min(first + block, n);
        if (first > 0) {
            subtract_finished_rows(n, complex, first, last);
        }
        if (!factor_rows(complex, n, first, last, factor_.data(), stride_)) {
            return false;
        }
    }
    return true;
}

}  // namespace qbound::internal
