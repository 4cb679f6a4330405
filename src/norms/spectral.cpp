// SPDX-License-Identifier: Apache-2.0
#include "qbound/spectral.hpp"

#include "norms/spectral_certify.hpp"
#include "norms/spectral_cholesky.hpp"
#include "norms/spectral_gram.hpp"
#include "norms/spectral_symbol.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace qbound {

namespace {

using internal::GroupShape;
using internal::Symbol;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// Weights within 2^±kUnscaledExponent are taken as they are, others times a power of two.
constexpr int kUnscaledExponent = 100;
/// Below this many multiply-adds a second torus is tried: one or two per cent on small images.
constexpr double kCheapOperations = 5e8;
/// ‖W‖ + ‖ΔW‖ stands for ‖W'‖ when ‖ΔW‖ is below this share of ‖W‖.
constexpr double kNegligibleShare = 1e-4;

GroupShape group_shape(const WeightLayer& layer) {
    const Shape& shape = layer.weight->shape;
    return {layer.groups, shape[0] / layer.groups, shape[1], shape[2] * shape[3]};
}

/// Norms of the matrix A = [Σ_{taps of phase p}|W_tap|]_p of absolute sums, the largest over groups.
struct AbsoluteNorms {
    Upper frobenius_squared;
    Upper row_sum;
    Upper column_sum;
};

AbsoluteNorms absolute_norms(const Symbol& symbol, const GroupShape& shape, std::span<const double> weight) {
    const auto taps = static_cast<std::int64_t>(symbol.taps.size());
    const std::int64_t width = shape.columns * symbol.phases;
    AbsoluteNorms norms;
    std::vector<double> columns(static_cast<std::size_t>(width));
    std::vector<double> row(columns.size());
    const double* kernel = weight.data();
    for (std::int64_t group = 0; group < shape.groups; ++group) {
        std::fill(columns.begin(), columns.end(), 0.0);
        double squares = 0;
        double largest_row = 0;
        for (std::int64_t i = 0; i < shape.rows; ++i) {
            std::fill(row.begin(), row.end(), 0.0);
            for (std::int64_t j = 0; j < shape.columns; ++j, kernel += shape.kernel) {
                for (const internal::Tap& tap : symbol.taps) {
                    row[static_cast<std::size_t>(tap.phase * shape.columns + j)] += std::fabs(kernel[tap.index]);
                }
            }
            double sum = 0;
            for (std::size_t x = 0; x < row.size(); ++x) {
                sum += row[x];
                squares += row[x] * row[x];
                columns[x] += row[x];
            }
            largest_row = std::max(largest_row, sum);
        }
        const double largest_column = *std::max_element(columns.begin(), columns.end());
        norms.row_sum = max(norms.row_sum, Upper::exactly(inflate_sum_up(largest_row, taps + width)));
        norms.column_sum = max(norms.column_sum, Upper::exactly(inflate_sum_up(largest_column, taps + shape.rows)));
        norms.frobenius_squared =
            max(norms.frobenius_squared, Upper::exactly(inflate_sum_up(squares, 2 * taps + shape.rows * width + 2)));
    }
    return norms;
}

/// A tensor times 2^−exponent, so that products of its entries neither overflow nor lose more than S9 allows to underflow.
struct Scaled {
    std::span<const double> entries;
    std::vector<double> storage;
    int exponent = 0;
};

/// Precondition: `largest` = max|entry| is positive and finite.
Scaled scale(std::span<const double> entries, double largest) {
    Scaled scaled;
    const int exponent = std::ilogb(largest);
    if (std::abs(exponent) <= kUnscaledExponent) {
        scaled.entries = entries;
        return scaled;
    }
    scaled.exponent = exponent;
    scaled.storage.resize(entries.size());
    std::transform(entries.begin(), entries.end(), scaled.storage.begin(),
                   [exponent](double w) { return std::ldexp(w, -exponent); });
    scaled.entries = scaled.storage;
    return scaled;
}

Upper cheap(const AbsoluteNorms& norms) {
    return sqrt_up(min(norms.row_sum * norms.column_sum, norms.frobenius_squared));
}

struct NormBounds {
    Upper norm;
    Upper absolute;  ///< Frobenius norm of A, the largest over groups
};

constexpr double kUnderflow = 0x1p-700;  // covers the absolute terms of S5, S6, S8 and S9

/// √(Λ + slacks)·factor (docs/theory.md S9).
Upper certified_norm_up(const Symbol& symbol, const GroupShape& shape, std::span<const double> weight,
                        const Upper& frobenius_squared, int threads) {
    const internal::FrequencyGrid grid = internal::choose_grid(symbol, kSamplingSlack);
    const internal::GramPlan plan = internal::plan_gram(symbol, shape, grid);
    if (!(plan.operations <= kMaxSpectralOperations)) {
        return Upper::infinity();
    }
    const auto gram = internal::make_gram(plan, symbol, shape, weight, threads);
    double largest = internal::largest_eigenvalue_up(*gram, grid, kInfinity, threads);
    if (const auto padded = internal::padded_grid(symbol, grid); padded && plan.operations <= kCheapOperations) {
        largest = std::min(largest, internal::largest_eigenvalue_up(*gram, *padded, largest, threads));
    }
    const Upper eigenvalue = Upper::exactly(largest);
    const Upper gram_error = Upper::exactly(gram->relative_error_up()) * frobenius_squared + Upper::exactly(kUnderflow);
    // Diagonal entries of Ĝ are not below −gram_error, for G's are not negative.
    const Upper open =
        Upper::exactly(internal::cholesky_slack_up(gram->order(), symbol.taps.size() > 1)) * (eigenvalue + gram_error);
    return sqrt_up(eigenvalue + open + gram_error + Upper::exactly(kUnderflow)) * grid.factor;
}

NormBounds norm_bounds(const WeightLayer& layer, const Tensor& weight, int threads) {
    const double largest = max_abs(weight.data);
    if (largest == 0) {
        return {};
    }
    if (!(largest < kInfinity)) {
        return {Upper::infinity(), Upper::infinity()};
    }
    const Symbol symbol = internal::make_symbol(layer.axes);
    if (symbol.taps.empty()) {
        return {};
    }
    const GroupShape shape = group_shape(layer);
    const Scaled scaled = scale(weight.data, largest);
    const AbsoluteNorms norms = absolute_norms(symbol, shape, scaled.entries);
    const Upper certified = certified_norm_up(symbol, shape, scaled.entries, norms.frobenius_squared, threads);
    const Upper unit = Upper::exactly(std::ldexp(1.0, scaled.exponent));
    const Upper underflow = Upper::exactly(kUnderflow);  // of entries scaled to subnormals
    return {(min(certified, cheap(norms)) + underflow) * unit, (sqrt_up(norms.frobenius_squared) + underflow) * unit};
}

Tensor difference(const Tensor& weight, const Tensor& quantized) {
    Tensor delta{weight.shape, std::vector<double>(weight.data.size())};
    std::transform(weight.data.begin(), weight.data.end(), quantized.data.begin(), delta.data.begin(),
                   [](double w, double q) { return w - q; });
    return delta;
}

}  // namespace

Upper spectral_norm_up(const WeightLayer& layer, const Tensor& weight, int threads) {
    return norm_bounds(layer, weight, threads).norm;
}

Upper delta_spectral_norm_up(const WeightLayer& layer, const Tensor& weight, const Tensor& quantized, int threads) {
    const NormBounds bounds = norm_bounds(layer, difference(weight, quantized), threads);
    return bounds.norm + Upper::exactly(kUnitRoundoff) * bounds.absolute;
}

Upper cheap_norm_up(const WeightLayer& layer, const Tensor& weight) {
    const double largest = max_abs(weight.data);
    if (largest == 0) {
        return {};
    }
    if (!(largest < kInfinity)) {
        return Upper::infinity();
    }
    const Symbol symbol = internal::make_symbol(layer.axes);
    if (symbol.taps.empty()) {
        return {};
    }
    const Scaled scaled = scale(weight.data, largest);
    const AbsoluteNorms norms = absolute_norms(symbol, group_shape(layer), scaled.entries);
    return (cheap(norms) + Upper::exactly(kUnderflow)) * Upper::exactly(std::ldexp(1.0, scaled.exponent));
}

std::vector<double> row_norms2_up(const Tensor& weight) {
    const auto rows = static_cast<std::size_t>(weight.shape[0]);
    const std::size_t width = rows == 0 ? 0 : weight.data.size() / rows;
    std::vector<double> norms(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        norms[i] = norm2_up(std::span(weight.data).subspan(i * width, width)).value_up();
    }
    return norms;
}

std::vector<double> delta_row_norms2_up(const Tensor& weight, const Tensor& quantized) {
    std::vector<double> norms = row_norms2_up(difference(weight, quantized));
    for (double& norm : norms) {
        norm = (Upper::exactly(norm) * Upper::exactly(1 + 2 * kUnitRoundoff)).value_up();  // |W − W'| ≤ |fl(W − W')|(1 + u)
    }
    return norms;
}

double spectral_operations(const WeightLayer& layer) {
    const Symbol symbol = internal::make_symbol(layer.axes);
    if (symbol.taps.empty()) {
        return 0;
    }
    return internal::plan_gram(symbol, group_shape(layer), internal::choose_grid(symbol, kSamplingSlack)).operations;
}

LayerSpectralNorms layer_spectral_norms(const WeightPair& pair, std::size_t layer, std::optional<Upper> known, int threads) {
    const WeightLayer& geometry = pair.network().layer(layer);
    const QuantizedLayer quantized = pair.quantized(layer);
    LayerSpectralNorms norms;
    norms.two = known ? *known : spectral_norm_up(geometry, *geometry.weight, threads);
    norms.two_delta = delta_spectral_norm_up(geometry, *geometry.weight, *quantized.weight, threads);
    const Upper sum = norms.two + norms.two_delta;
    norms.rows = row_norms2_up(*geometry.weight);
    norms.rows_quantized = row_norms2_up(*quantized.weight);
    norms.rows_delta = delta_row_norms2_up(*geometry.weight, *quantized.weight);
    const bool negligible = norms.two_delta <= norms.two * Upper::exactly(kNegligibleShare);
    norms.two_quantized = negligible ? sum : min(sum, spectral_norm_up(geometry, *quantized.weight, threads));
    return norms;
}

}  // namespace qbound
