// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/spectral_kernels.cpp"  // this file, compiled once per instruction set
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qbound::internal {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
using Vector = hn::CappedTag<double, 1>;
#else
using Vector = hn::CappedTag<double, 8>;  // factor_rows' padding and the chunks are made for at most eight lanes
#endif
using Lane = hn::Vec<Vector>;

HWY_INLINE std::int64_t lanes() {
    return static_cast<std::int64_t>(hn::Lanes(Vector()));
}

// ---- combine_lags -------------------------------------------------------------------------------------------------------------

template <int F, bool kComplex>
HWY_INLINE void combine(std::int64_t chunks, std::int64_t lags, const double* HWY_RESTRICT coefficients,
                        const double* HWY_RESTRICT cosine, const double* HWY_RESTRICT sine, double* const* re, double* const* im) {
    const Vector d;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        const double* base = coefficients + chunk * (1 + 2 * lags) * kGramChunk;
        for (std::int64_t x = 0; x < kGramChunk; x += lanes()) {
            Lane even[F];
            Lane odd[F];
            for (int f = 0; f < F; ++f) {
                even[f] = hn::LoadU(d, base + x);
                odd[f] = hn::Zero(d);
            }
            for (std::int64_t l = 0; l < lags; ++l) {
                const Lane symmetric = hn::LoadU(d, base + (1 + l) * kGramChunk + x);
                for (int f = 0; f < F; ++f) {
                    even[f] = hn::MulAdd(hn::Set(d, cosine[f * lags + l]), symmetric, even[f]);
                }
                if constexpr (kComplex) {
                    const Lane skew = hn::LoadU(d, base + (1 + lags + l) * kGramChunk + x);
                    for (int f = 0; f < F; ++f) {
                        odd[f] = hn::MulAdd(hn::Set(d, sine[f * lags + l]), skew, odd[f]);
                    }
                }
            }
            for (int f = 0; f < F; ++f) {
                hn::StoreU(even[f], d, re[f] + chunk * kGramChunk + x);
                if constexpr (kComplex) {
                    hn::StoreU(odd[f], d, im[f] + chunk * kGramChunk + x);
                }
            }
        }
    }
}

template <bool kComplex>
void combine_any(std::int64_t chunks, std::int64_t lags, const double* coefficients, std::int64_t frequencies, const double* cosine,
                 const double* sine, double* const* re, double* const* im) {
    switch (frequencies) {
        case 4:
            return combine<4, kComplex>(chunks, lags, coefficients, cosine, sine, re, im);
        case 3:
            return combine<3, kComplex>(chunks, lags, coefficients, cosine, sine, re, im);
        case 2:
            return combine<2, kComplex>(chunks, lags, coefficients, cosine, sine, re, im);
        default:
            return combine<1, kComplex>(chunks, lags, coefficients, cosine, sine, re, im);
    }
}

void combine_target(std::int64_t chunks, std::int64_t lags, const double* coefficients, std::int64_t frequencies,
                    const double* cosine, const double* sine, double* const* re, double* const* im) {
    if (sine != nullptr) {
        combine_any<true>(chunks, lags, coefficients, frequencies, cosine, sine, re, im);
    } else {
        combine_any<false>(chunks, lags, coefficients, frequencies, cosine, sine, re, im);
    }
}

// ---- hermitian_multiply -------------------------------------------------------------------------------------------------------

/// Row i of the upper triangle (entries j > i, `count` of them at `re`): y_j += conj(H_ij)·x_i and returns Σ H_ij x_j.
HWY_INLINE double multiply_real_row(std::int64_t count, const double* HWY_RESTRICT h, double x_i, const double* HWY_RESTRICT x,
                                    double* HWY_RESTRICT y) {
    const Vector d;
    Lane sum = hn::Zero(d);
    const Lane factor = hn::Set(d, x_i);
    std::int64_t j = 0;
    for (; j + lanes() <= count; j += lanes()) {
        const Lane v = hn::LoadU(d, h + j);
        sum = hn::MulAdd(v, hn::LoadU(d, x + j), sum);
        hn::StoreU(hn::MulAdd(v, factor, hn::LoadU(d, y + j)), d, y + j);
    }
    double total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; j < count; ++j) {
        total += h[j] * x[j];
        y[j] += h[j] * x_i;
    }
    return total;
}

HWY_INLINE void multiply_complex_row(std::int64_t count, const double* HWY_RESTRICT h_re, const double* HWY_RESTRICT h_im,
                                     double x_i_re, double x_i_im, const double* HWY_RESTRICT x_re, const double* HWY_RESTRICT x_im,
                                     double* HWY_RESTRICT y_re, double* HWY_RESTRICT y_im, double& sum_re, double& sum_im) {
    const Vector d;
    Lane sr = hn::Zero(d);
    Lane si = hn::Zero(d);
    const Lane fr = hn::Set(d, x_i_re);
    const Lane fi = hn::Set(d, x_i_im);
    std::int64_t j = 0;
    for (; j + lanes() <= count; j += lanes()) {
        const Lane a = hn::LoadU(d, h_re + j);
        const Lane b = hn::LoadU(d, h_im + j);
        const Lane p = hn::LoadU(d, x_re + j);
        const Lane q = hn::LoadU(d, x_im + j);
        sr = hn::NegMulAdd(b, q, hn::MulAdd(a, p, sr));
        si = hn::MulAdd(b, p, hn::MulAdd(a, q, si));
        hn::StoreU(hn::MulAdd(b, fi, hn::MulAdd(a, fr, hn::LoadU(d, y_re + j))), d, y_re + j);
        hn::StoreU(hn::NegMulAdd(b, fr, hn::MulAdd(a, fi, hn::LoadU(d, y_im + j))), d, y_im + j);
    }
    sum_re = hn::GetLane(hn::SumOfLanes(d, sr));
    sum_im = hn::GetLane(hn::SumOfLanes(d, si));
    for (; j < count; ++j) {
        sum_re += h_re[j] * x_re[j] - h_im[j] * x_im[j];
        sum_im += h_re[j] * x_im[j] + h_im[j] * x_re[j];
        y_re[j] += h_re[j] * x_i_re + h_im[j] * x_i_im;
        y_im[j] += h_re[j] * x_i_im - h_im[j] * x_i_re;
    }
}

void multiply_target(std::int64_t n, const double* re, const double* im, const double* x_re, const double* x_im, double* y_re,
                     double* y_im) {
    std::fill_n(y_re, n, 0.0);
    if (im == nullptr) {
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t rest = n - i - 1;
            y_re[i] += re[0] * x_re[i] + multiply_real_row(rest, re + 1, x_re[i], x_re + i + 1, y_re + i + 1);
            re += rest + 1;
        }
        return;
    }
    std::fill_n(y_im, n, 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t rest = n - i - 1;
        double sum_re = 0;
        double sum_im = 0;
        multiply_complex_row(rest, re + 1, im + 1, x_re[i], x_im[i], x_re + i + 1, x_im + i + 1, y_re + i + 1, y_im + i + 1, sum_re,
                             sum_im);
        y_re[i] += re[0] * x_re[i] + sum_re;
        y_im[i] += re[0] * x_im[i] + sum_im;
        re += rest + 1;
        im += rest + 1;
    }
}

// ---- factor_rows --------------------------------------------------------------------------------------------------------------

HWY_INLINE bool positive_finite(double pivot) {
    return pivot > 0 && pivot <= std::numeric_limits<double>::max();
}

/// Q rows of a real factor, the block's earlier rows [first, row) subtracted first.
template <int Q>
HWY_INLINE bool factor_real(std::int64_t n, std::int64_t first, std::int64_t row, double* r, std::int64_t stride) {
    const Vector d;
    double* const target = r + row * stride;
    for (std::int64_t x = row; x < n && first < row; x += lanes()) {
        Lane sum[Q];
        for (int q = 0; q < Q; ++q) {
            sum[q] = hn::LoadU(d, target + q * stride + x);
        }
        for (std::int64_t k = first; k < row; ++k) {
            const double* source = r + k * stride;
            const Lane v = hn::LoadU(d, source + x);
            for (int q = 0; q < Q; ++q) {
                sum[q] = hn::NegMulAdd(hn::Set(d, source[row + q]), v, sum[q]);
            }
        }
        for (int q = 0; q < Q; ++q) {
            hn::StoreU(sum[q], d, target + q * stride + x);
        }
    }
    double inverse[Q];
    for (int q = 0; q < Q; ++q) {
        double* own = target + q * stride;
        for (int p = 0; p < q; ++p) {
            const double* above = target + p * stride;
            for (int c = q; c < Q; ++c) {
                own[row + c] -= above[row + q] * above[row + c];
            }
        }
        if (!positive_finite(own[row + q])) {
            return false;
        }
        const double root = std::sqrt(own[row + q]);
        inverse[q] = 1 / root;
        own[row + q] = root;
        for (int c = q + 1; c < Q; ++c) {
            own[row + c] *= inverse[q];
        }
    }
    for (std::int64_t x = row + Q; x < n; x += lanes()) {
        Lane solved[Q];
        for (int q = 0; q < Q; ++q) {
            Lane v = hn::LoadU(d, target + q * stride + x);
            for (int p = 0; p < q; ++p) {
                v = hn::NegMulAdd(hn::Set(d, target[p * stride + row + q]), solved[p], v);
            }
            solved[q] = hn::Mul(v, hn::Set(d, inverse[q]));
            hn::StoreU(solved[q], d, target + q * stride + x);
        }
    }
    return true;
}

/// The same for a complex factor: rows in pairs (real, imaginary).
template <int Q>
HWY_INLINE bool factor_complex(std::int64_t n, std::int64_t first, std::int64_t row, double* r, std::int64_t stride) {
    const Vector d;
    const auto re = [&](std::int64_t j) { return r + 2 * j * stride; };
    const auto im = [&](std::int64_t j) { return r + (2 * j + 1) * stride; };
    for (std::int64_t x = row; x < n && first < row; x += lanes()) {
        Lane sum_re[Q];
        Lane sum_im[Q];
        for (int q = 0; q < Q; ++q) {
            sum_re[q] = hn::LoadU(d, re(row + q) + x);
            sum_im[q] = hn::LoadU(d, im(row + q) + x);
        }
        for (std::int64_t k = first; k < row; ++k) {
            const double* source_re = re(k);
            const double* source_im = im(k);
            const Lane v_re = hn::LoadU(d, source_re + x);
            const Lane v_im = hn::LoadU(d, source_im + x);
            for (int q = 0; q < Q; ++q) {
                const Lane a = hn::Set(d, source_re[row + q]);
                const Lane b = hn::Set(d, source_im[row + q]);
                sum_re[q] = hn::NegMulAdd(b, v_im, hn::NegMulAdd(a, v_re, sum_re[q]));
                sum_im[q] = hn::MulAdd(b, v_re, hn::NegMulAdd(a, v_im, sum_im[q]));
            }
        }
        for (int q = 0; q < Q; ++q) {
            hn::StoreU(sum_re[q], d, re(row + q) + x);
            hn::StoreU(sum_im[q], d, im(row + q) + x);
        }
    }
    double inverse[Q];
    for (int q = 0; q < Q; ++q) {
        double* own_re = re(row + q) + row;
        double* own_im = im(row + q) + row;
        for (int p = 0; p < q; ++p) {
            const double* above_re = re(row + p) + row;
            const double* above_im = im(row + p) + row;
            for (int c = q; c < Q; ++c) {
                own_re[c] -= above_re[q] * above_re[c] + above_im[q] * above_im[c];
                own_im[c] -= above_re[q] * above_im[c] - above_im[q] * above_re[c];
            }
        }
        if (!positive_finite(own_re[q])) {
            return false;
        }
        const double root = std::sqrt(own_re[q]);
        inverse[q] = 1 / root;
        own_re[q] = root;
        own_im[q] = 0;
        for (int c = q + 1; c < Q; ++c) {
            own_re[c] *= inverse[q];
            own_im[c] *= inverse[q];
        }
    }
    for (std::int64_t x = row + Q; x < n; x += lanes()) {
        Lane solved_re[Q];
        Lane solved_im[Q];
        for (int q = 0; q < Q; ++q) {
            Lane v_re = hn::LoadU(d, re(row + q) + x);
            Lane v_im = hn::LoadU(d, im(row + q) + x);
            for (int p = 0; p < q; ++p) {
                const Lane a = hn::Set(d, re(row + p)[row + q]);
                const Lane b = hn::Set(d, im(row + p)[row + q]);
                v_re = hn::NegMulAdd(b, solved_im[p], hn::NegMulAdd(a, solved_re[p], v_re));
                v_im = hn::MulAdd(b, solved_re[p], hn::NegMulAdd(a, solved_im[p], v_im));
            }
            const Lane scale = hn::Set(d, inverse[q]);
            solved_re[q] = hn::Mul(v_re, scale);
            solved_im[q] = hn::Mul(v_im, scale);
            hn::StoreU(solved_re[q], d, re(row + q) + x);
            hn::StoreU(solved_im[q], d, im(row + q) + x);
        }
    }
    return true;
}

bool factor_target(bool complex, std::int64_t n, std::int64_t first, std::int64_t last, double* r, std::int64_t stride) {
    std::int64_t row = first;
    for (; row + 4 <= last; row += 4) {
        if (!(complex ? factor_complex<4>(n, first, row, r, stride) : factor_real<4>(n, first, row, r, stride))) {
            return false;
        }
    }
    for (; row < last; ++row) {
        if (!(complex ? factor_complex<1>(n, first, row, r, stride) : factor_real<1>(n, first, row, r, stride))) {
            return false;
        }
    }
    return true;
}

// ---- sum_of_squares -----------------------------------------------------------------------------------------------------------

double squares_target(std::int64_t n, const double* x) {
    const Vector d;
    Lane sum = hn::Zero(d);
    std::int64_t i = 0;
    for (; i + lanes() <= n; i += lanes()) {
        const Lane v = hn::LoadU(d, x + i);
        sum = hn::MulAdd(v, v, sum);
    }
    double total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; i < n; ++i) {
        total += x[i] * x[i];
    }
    return total;
}

}  // namespace HWY_NAMESPACE
}  // namespace qbound::internal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qbound::internal {

HWY_EXPORT(combine_target);
HWY_EXPORT(multiply_target);
HWY_EXPORT(factor_target);
HWY_EXPORT(squares_target);

void combine_lags(std::int64_t chunks, std::int64_t lags, const double* coefficients, std::int64_t frequencies,
                  const double* cosine, const double* sine, double* const* re, double* const* im) {
    HWY_DYNAMIC_DISPATCH(combine_target)(chunks, lags, coefficients, frequencies, cosine, sine, re, im);
}

void hermitian_multiply(std::int64_t n, const double* re, const double* im, const double* x_re, const double* x_im, double* y_re,
                        double* y_im) {
    HWY_DYNAMIC_DISPATCH(multiply_target)(n, re, im, x_re, x_im, y_re, y_im);
}

bool factor_rows(bool complex, std::int64_t n, std::int64_t first, std::int64_t last, double* r, std::int64_t stride) {
    return HWY_DYNAMIC_DISPATCH(factor_target)(complex, n, first, last, r, stride);
}

double sum_of_squares(std::int64_t n, const double* x) {
    return HWY_DYNAMIC_DISPATCH(squares_target)(n, x);
}

}  // namespace qbound::internal
#endif
