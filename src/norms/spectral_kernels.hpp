// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The inner loops of the spectral certificate, compiled once per instruction set and dispatched at run time. All of them may use
/// fused multiply-adds and any order of summation: the proofs of docs/theory.md S5–S8 allow both.
namespace qbound::internal {

/// Entries per chunk of GramPolynomial's storage.
inline constexpr std::int64_t kGramChunk = 64;

/// Frequencies that combine_lags treats at once.
inline constexpr std::int64_t kFrequenciesPerTile = 4;

/// For each f < frequencies ≤ kFrequenciesPerTile and each entry x of `chunks` chunks
///   re[f][x] = C_0[x] + Σ_{l ≥ 1} cosine[f·lags + l − 1]·C_l[x] ,   im[f][x] = Σ_{l ≥ 1} sine[f·lags + l − 1]·C_{lags + l}[x] ,
/// where chunk c of array C_l starts at coefficients + (c·(1 + 2·lags) + l)·kGramChunk. A null `sine` leaves `im` untouched.
void combine_lags(std::int64_t chunks, std::int64_t lags, const double* coefficients, std::int64_t frequencies,
                  const double* cosine, const double* sine, double* const* re, double* const* im);

/// y = H x for a Hermitian n×n H, upper triangle packed by rows. `im` (then x_im, y_im as well) is null for a real H.
void hermitian_multiply(std::int64_t n, const double* re, const double* im, const double* x_re, const double* x_im, double* y_re,
                        double* y_im);

/// Rows [first, last) of the Cholesky factor R, RᴴR = A, given that rows < first are done and that their share has been subtracted
/// from rows [first, last). Row j of a complex R is two rows of memory (real, imaginary), of a real R one; `stride` doubles each,
/// at least n + 8, zero beyond n. Returns false as soon as a pivot is not positive and finite (NaN included).
[[nodiscard]] bool factor_rows(bool complex, std::int64_t n, std::int64_t first, std::int64_t last, double* r, std::int64_t stride);

/// Σ x_i².
[[nodiscard]] double sum_of_squares(std::int64_t n, const double* x);

}  // namespace qbound::internal
