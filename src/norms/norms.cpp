// SPDX-License-Identifier: Apache-2.0
#include "qbound/norms.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace qbound {

namespace {

std::size_t row_count(const Tensor& weight) {
    return static_cast<std::size_t>(weight.shape.empty() ? 1 : weight.shape[0]);
}

/// The entries of row `row` of `rows`.
std::span<const double> row_of(const Tensor& weight, std::size_t row, std::size_t rows) {
    const std::size_t size = weight.data.size() / rows;
    return std::span<const double>(weight.data).subspan(row * size, size);
}

/// Σ|a_j − b_j| in double, in partial sums that compilers vectorise; inflated afterwards, which holds in any order (R2).
double sum_of_differences(std::span<const double> a, std::span<const double> b) noexcept {
    constexpr std::size_t kLanes = 8;
    std::array<double, kLanes> lanes{};
    const std::size_t whole = a.size() - a.size() % kLanes;
    for (std::size_t j = 0; j < whole; j += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            lanes[lane] += std::fabs(a[j + lane] - b[j + lane]);
        }
    }
    double sum = 0;
    for (const double partial : lanes) {
        sum += partial;
    }
    for (std::size_t j = whole; j < a.size(); ++j) {
        sum += std::fabs(a[j] - b[j]);
    }
    return sum;
}

Upper largest(std::span<const double> rows) noexcept {
    return Upper::exactly(max_abs(rows));
}

/// max_i (rows_i + |bias_i|), rounded up. An empty bias is zero.
Upper augmented(std::span<const double> rows, std::span<const double> bias) noexcept {
    if (bias.empty()) {
        return largest(rows);
    }
    Upper result;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        result = max(result, Upper::exactly(rows[i]) + Upper::magnitude(bias[i]));
    }
    return result;
}

}  // namespace

MatrixView as_matrix(const Tensor& weight) {
    const auto rows = static_cast<Eigen::Index>(row_count(weight));
    return {weight.data.data(), rows, rows == 0 ? 0 : static_cast<Eigen::Index>(weight.data.size()) / rows};
}

std::vector<double> row_sums_up(const Tensor& weight) {
    std::vector<double> sums(row_count(weight));
    for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i] = abs_sum_up(row_of(weight, i, sums.size()));
    }
    return sums;
}

std::vector<double> delta_row_sums_up(const Tensor& weight, const Tensor& quantized) {
    std::vector<double> sums(row_count(weight));
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const auto row = row_of(weight, i, sums.size());
        sums[i] =
            inflate_term_sum_up(sum_of_differences(row, row_of(quantized, i, sums.size())), static_cast<std::int64_t>(row.size()));
    }
    return sums;
}

Upper inf_norm_up(const Tensor& weight) {
    return largest(row_sums_up(weight));
}

Upper augmented_inf_norm_up(const Tensor& weight, std::span<const double> bias) {
    return augmented(row_sums_up(weight), bias);
}

Upper r_mean_power_up(std::span<const Upper> r, bool biases_change) {
    const Upper one = Upper::exactly(1.0);
    if (r.size() <= 1) {
        return one;
    }
    // after[l] = ∏_{j > l} r_j.
    std::vector<Upper> after(r.size(), one);
    for (std::size_t l = r.size() - 1; l > 0; --l) {
        after[l - 1] = r[l] * after[l];
    }
    // before = max_{i < l} ∏_{j=i}^{l−1} r_j, which never leaves out r_{l−1}; 1 for the first layer (N2).
    Upper before = one;
    Upper result;
    for (std::size_t l = 0; l < r.size(); ++l) {
        result = max(result, (biases_change ? max(before, one) : before) * after[l]);
        before = max(before, one) * r[l];
    }
    return result;
}

Upper r_conv_power_up(std::span<const Upper> r) {
    const Upper one = Upper::exactly(1.0);
    if (r.size() <= 1) {
        return one;
    }
    std::vector<Upper> after(r.size(), one);
    for (std::size_t l = r.size() - 1; l > 0; --l) {
        after[l - 1] = r[l] * after[l];
    }
    Upper before = one;
    Upper result;
    for (std::size_t l = 0; l < r.size(); ++l) {
        result = max(result, before * after[l]);
        before *= r[l];
    }
    return result;
}

std::int64_t fan_in(const WeightLayer& layer, FanInConvention convention) noexcept {
    return convention == FanInConvention::paper ? layer.fan_in() * layer.groups : layer.fan_in();
}

LayerNorms layer_norms(const WeightPair& pair, std::size_t layer) {
    const WeightLayer& original = pair.network().layer(layer);
    const QuantizedLayer quantized = pair.quantized(layer);
    LayerNorms norms;
    norms.rows = row_sums_up(*original.weight);
    norms.rows_quantized = row_sums_up(*quantized.weight);
    norms.rows_delta = delta_row_sums_up(*original.weight, *quantized.weight);
    norms.inf = largest(norms.rows);
    norms.inf_quantized = largest(norms.rows_quantized);
    norms.inf_delta = largest(norms.rows_delta);
    norms.augmented = augmented(norms.rows, original.bias);
    norms.augmented_quantized = augmented(norms.rows_quantized, quantized.bias);
    norms.bias_max = max_abs(original.bias);
    norms.bias_max_quantized = max_abs(quantized.bias);
    norms.bias_quantized = quantized.bias;
    return norms;
}

}  // namespace qbound
