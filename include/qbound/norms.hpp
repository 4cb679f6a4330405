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
[[nodiscard]] std::vector<double> row_sums_up(const Tensor& weight);

/// Certified upper bounds of Σ_j |W_ij − W'_ij|, one per row, in real arithmetic on the stored doubles (fl(W−W') is covered).
[[nodiscard]] std::vector<double> delta_row_sums_up(const Tensor& weight, const Tensor& quantized);

/// Certified upper bound on ‖W‖_{∞→∞}, the largest absolute row sum.
[[nodiscard]] Upper inf_norm_up(const Tensor& weight);

/// r = ‖[W b]‖_{∞→∞} = max_i (Σ_j |W_ij| + |b_i|), certified from above. An empty bias is zero.
[[nodiscard]] Upper augmented_inf_norm_up(const Tensor& weight, std::span<const double> bias);

/// r_mean^{L−1} of [HAT] Theorem 4.1 for r = (r_1..r_L): max_l max_{i ≤ l−1} ∏_{j ≥ i, j ≠ l} r_j (for l = 1: ∏_{j ≥ 2} r_j).
/// With `biases_change`, i runs to l and the empty product is 1. Powers, not roots: the L−1st root is for display. L = 1 gives 1.
[[nodiscard]] Upper r_mean_power_up(std::span<const Upper> r, bool biases_change);

/// r_conv^{L−1} of [HAT] Theorem 4.4: max_l ∏_{k ≠ l} r_k, by prefix and suffix products. L = 1 gives 1.
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
    std::vector<double> rows;          ///< ≥ Σ_j |W_ij|
    std::vector<double> rows_quantized;
    std::vector<double> rows_delta;    ///< ≥ Σ_j |W_ij − W'_ij|
    Upper inf;                         ///< max of rows
    Upper inf_quantized;
    Upper inf_delta;
    Upper augmented;                   ///< ‖[W b]‖, θ
    Upper augmented_quantized;         ///< ‖[W' b']‖
    double bias_max = 0;               ///< max |b_i|, exact
    double bias_max_quantized = 0;
    std::vector<double> bias_quantized;  ///< b'
};

/// 2-norms of one layer for θ, θ' and their difference, certified from above (docs/theory.md S).
struct SpectralNorms {
    Upper theta;                        ///< ≥ ‖W‖_2 of the operator on zero-padded inputs of the layer's size
    Upper quantized;                    ///< ≥ ‖W'‖_2
    Upper delta;                        ///< ≥ ‖W − W'‖_2
    std::vector<double> rows;           ///< ≥ √Σ_j W_ij², one per output channel
    std::vector<double> rows_quantized;
    std::vector<double> rows_delta;
};

/// Cost: three passes over the layer's weights.
[[nodiscard]] LayerNorms layer_norms(const WeightPair& pair, std::size_t layer);

}  // namespace qbound
