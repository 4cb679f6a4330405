// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"
#include "qbound/rounding.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <vector>

namespace qbound {

/// A layer's weights as the matrix W, m × fan_in, row-major: row i is output channel i (a convolution's kernel reshaped).
using MatrixView = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
[[nodiscard]] MatrixView as_matrix(const Tensor& weight);

/// Certified upper bounds of the absolute row sums Σ_j |W_ij|, one per row.
///
///   Σ_j |W_ij| ≤ result_i ≤ (1 + 2γ_{n+4}) Σ_j |W_ij|          (n = columns); 0 for a row of zeros, +∞ on overflow or NaN
///
/// Shape   W is m × n as in as_matrix.     Covers  rounding of this function; the entries are taken as exact reals.
/// Cost    one pass over W.                Source  docs/theory.md R2, N1.
[[nodiscard]] std::vector<double> row_sums_up(const Tensor& weight);

/// Certified upper bounds of Σ_j |W_ij − W'_ij|, one per row, in real arithmetic on the stored doubles (fl(W−W') is covered).
/// As tight as row_sums_up. Precondition: equal shapes. Cost: one pass over both. Source: R2.
[[nodiscard]] std::vector<double> delta_row_sums_up(const Tensor& weight, const Tensor& quantized);

/// Certified upper bound on ‖W‖_{∞→∞}, the largest absolute row sum; of a convolution, also on the norm of its operator on images.
/// Cost: one pass. Source: R2, N1.
[[nodiscard]] Upper inf_norm_up(const Tensor& weight);

/// r = ‖[W b]‖_{∞→∞} = max_i (Σ_j |W_ij| + |b_i|), certified from above. An empty bias is zero, else it has one entry per row.
/// Cost: one pass. Source: R2, R4.
[[nodiscard]] Upper augmented_inf_norm_up(const Tensor& weight, std::span<const double> bias);

/// r_mean^{L−1} of [HAT] Theorem 4.1 for r = (r_1..r_L): max_l max_{i ≤ l−1} ∏_{j ≥ i, j ≠ l} r_j (for l = 1: ∏_{j ≥ 2} r_j).
/// With `biases_change`, i runs to l and the empty product is 1. Powers, not roots: the L−1st root is for display. L ≤ 1
/// gives 1. Never divides, so that norms may be 0 or ∞; relative excess at most L·2^−51. Cost: O(L). Source: N2.
[[nodiscard]] Upper r_mean_power_up(std::span<const Upper> r, bool biases_change);

/// r_conv^{L−1} of [HAT] Theorem 4.4: max_l ∏_{k ≠ l} r_k, by prefix and suffix products. L ≤ 1 gives 1.
/// Relative excess at most L·2^−51. Cost: O(L). Source: N2.
[[nodiscard]] Upper r_conv_power_up(std::span<const Upper> r);

/// How fan-ins of grouped convolutions are counted.
enum class FanInConvention {
    grouped,  ///< c_in/groups·kh·kw: the weights that feed one output
    paper,    ///< c_in·kh·kw, as printed in [HAT]
};
/// Weights per output of `layer` in that convention, without bias.
[[nodiscard]] std::int64_t fan_in(const WeightLayer& layer, FanInConvention convention) noexcept;

/// ∞-norms of one layer for θ, θ' and their difference, per output channel.
struct LayerNorms {
    std::vector<double> rows;  ///< ≥ Σ_j |W_ij|
    std::vector<double> rows_quantized;
    std::vector<double> rows_delta;  ///< ≥ Σ_j |W_ij − W'_ij|
    Upper inf;                       ///< max of rows
    Upper inf_quantized;
    Upper inf_delta;
    Upper augmented;            ///< ‖[W b]‖, θ
    Upper augmented_quantized;  ///< ‖[W' b']‖
    double bias_max = 0;        ///< max |b_i|, exact
    double bias_max_quantized = 0;
    std::vector<double> bias_quantized;  ///< b'
};

/// The norms of layer `layer` (index in Network::weight_layers()).
/// Cost: θ' of the layer is computed, then three passes over the layer's weights. Source: R2, N1.
[[nodiscard]] LayerNorms layer_norms(const WeightPair& pair, std::size_t layer);

}  // namespace qbound
