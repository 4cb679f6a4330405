// SPDX-License-Identifier: Apache-2.0
#include "measure/gradient_convolution.hpp"

#include "core/gemm.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <cstddef>

namespace qbound::internal {

namespace {

/// Below this many outputs per group a matrix product is mostly packing.
constexpr std::int64_t kFewOutputs = 4;

/// Entries of the columns that are alive at once: blocks of output rows keep them in cache and memory bounded.
constexpr std::int64_t kColumnEntries = std::int64_t{1} << 19;

struct Range {
    std::int64_t first;
    std::int64_t last;
};

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b + (a % b > 0 ? 1 : 0);
}

/// The outputs in [first, last) whose tap t is a real entry.
Range real_outputs(const Axis& axis, std::int64_t t, Range outputs) noexcept {
    const std::int64_t start = axis.source(0, t);
    const std::int64_t first = std::max(outputs.first, ceil_div(-start, axis.stride));
    const std::int64_t last = std::min(outputs.last, ceil_div(axis.in - start, axis.stride));
    return {first, std::max(first, last)};
}

/// Adds weight · (an output map's rows [rows.first, rows.last), stored from `out`) to the input map `into` along one tap.
void add_tap(const Axes& axes, std::int64_t tap_row, std::int64_t tap_column, double weight, Range rows, const double* out,
             double* into) {
    const auto& [vertical, horizontal] = axes;
    const Range real_rows = real_outputs(vertical, tap_row, rows);
    const Range columns = real_outputs(horizontal, tap_column, {0, horizontal.out});
    for (std::int64_t row = real_rows.first; row < real_rows.last; ++row) {
        const double* from = out + (row - rows.first) * horizontal.out;
        double* to = into + vertical.source(row, tap_row) * horizontal.in + horizontal.source(0, tap_column);
        if (horizontal.stride == 1) {
            for (std::int64_t column = columns.first; column < columns.last; ++column) {
                to[column] += weight * from[column];
            }
        } else {
            for (std::int64_t column = columns.first; column < columns.last; ++column) {
                to[column * horizontal.stride] += weight * from[column];
            }
        }
    }
}

void add_dense(std::int64_t outputs, std::int64_t inputs, std::span<const double> weight, std::span<const double> out,
               std::span<double> into, int threads) {
    constexpr std::int64_t kTile = 1024;
    const std::int64_t tiles = (inputs + kTile - 1) / kTile;
    parallel_for(tiles, outputs * inputs < 1 << 16 ? 1 : threads, [&](std::int64_t tile) {
        const std::int64_t first = tile * kTile;
        const std::int64_t last = std::min(first + kTile, inputs);
        for (std::int64_t i = 0; i < outputs; ++i) {
            const double* row = weight.data() + i * inputs;
            const double factor = out[static_cast<std::size_t>(i)];
            if (factor == 0) {
                continue;
            }
            for (std::int64_t j = first; j < last; ++j) {
                into[static_cast<std::size_t>(j)] += factor * row[j];
            }
        }
    });
}

/// Few outputs per group (depthwise): a sum over taps, input channels apart.
void add_taps(const WeightLayer& layer, std::span<const double> weight, const Dims& in, std::span<const double> out,
              std::span<double> into, int threads) {
    const std::int64_t inputs_per_group = in.channels / layer.groups;
    const std::int64_t outputs_per_group = layer.out_channels() / layer.groups;
    const std::int64_t taps = layer.axes[0].kernel * layer.axes[1].kernel;
    const std::int64_t out_positions = layer.axes[0].out * layer.axes[1].out;
    const bool small = layer.out_channels() * layer.fan_in() * out_positions < 1 << 16;
    parallel_for(in.channels, small ? 1 : threads, [&](std::int64_t channel) {
        const std::int64_t group = channel / inputs_per_group;
        double* const to = into.data() + channel * in.positions();
        for (std::int64_t o = group * outputs_per_group; o < (group + 1) * outputs_per_group; ++o) {
            const double* const kernel = weight.data() + (o * inputs_per_group + channel % inputs_per_group) * taps;
            const double* const from = out.data() + o * out_positions;
            for (std::int64_t t = 0; t < taps; ++t) {
                add_tap(layer.axes, t / layer.axes[1].kernel, t % layer.axes[1].kernel, kernel[t], {0, layer.axes[0].out}, from,
                        to);
            }
        }
    });
}

/// Columns = Wᵀ·out by blocks of output rows, each added to the input entries that its taps read.
void add_product(const WeightLayer& layer, std::span<const double> transposed, const Dims& in, std::span<const double> out,
                 std::span<double> into, int threads) {
    const Axis& vertical = layer.axes[0];
    const Axis& horizontal = layer.axes[1];
    const std::int64_t inputs_per_group = in.channels / layer.groups;
    const std::int64_t outputs_per_group = layer.out_channels() / layer.groups;
    const std::int64_t taps = vertical.kernel * horizontal.kernel;
    const std::int64_t out_positions = vertical.out * horizontal.out;
    const std::int64_t block_rows = std::clamp(kColumnEntries / (layer.fan_in() * horizontal.out), std::int64_t{1}, vertical.out);
    std::vector<double> columns(static_cast<std::size_t>(layer.fan_in() * block_rows * horizontal.out));
    for (std::int64_t group = 0; group < layer.groups; ++group) {
        const ConstMatrix kernel{transposed.data() + group * layer.fan_in() * outputs_per_group, outputs_per_group};
        for (std::int64_t row = 0; row < vertical.out; row += block_rows) {
            const Range rows{row, std::min(row + block_rows, vertical.out)};
            const std::int64_t positions = (rows.last - rows.first) * horizontal.out;
            const ConstMatrix block{out.data() + group * outputs_per_group * out_positions + row * horizontal.out, out_positions};
            gemm(layer.fan_in(), positions, outputs_per_group, kernel, block, {columns.data(), positions}, LeftFactor::as_is,
                 threads);
            const bool small = layer.fan_in() * positions < 1 << 15;
            parallel_for(inputs_per_group, small ? 1 : threads, [&](std::int64_t channel) {
                double* const to = into.data() + (group * inputs_per_group + channel) * in.positions();
                for (std::int64_t t = 0; t < taps; ++t) {
                    const double* const from = columns.data() + (channel * taps + t) * positions;
                    add_tap(layer.axes, t / horizontal.kernel, t % horizontal.kernel, 1.0, rows, from, to);
                }
            });
        }
    }
}

}  // namespace

bool adjoint_is_product(const WeightLayer& layer) noexcept {
    return !layer.dense && layer.out_channels() / layer.groups > kFewOutputs;
}

std::vector<double> transposed_kernel(const WeightLayer& layer, const Tensor& weight) {
    const std::int64_t columns = layer.fan_in();
    const std::int64_t rows = layer.out_channels() / layer.groups;
    std::vector<double> result(weight.data.size());
    for (std::int64_t group = 0; group < layer.groups; ++group) {
        const double* const from = weight.data.data() + group * rows * columns;
        double* const to = result.data() + group * rows * columns;
        for (std::int64_t i = 0; i < rows; ++i) {
            for (std::int64_t j = 0; j < columns; ++j) {
                to[j * rows + i] = from[i * columns + j];
            }
        }
    }
    return result;
}

void add_adjoint(const WeightLayer& layer, const Tensor& weight, std::span<const double> transposed, const Dims& in,
                 std::span<const double> out, std::span<double> into, int threads) {
    if (adjoint_is_product(layer)) {
        add_product(layer, transposed, in, out, into, threads);
    } else if (layer.dense) {
        add_dense(layer.out_channels(), layer.fan_in(), weight.data, out, into, threads);
    } else {
        add_taps(layer, weight.data, in, out, into, threads);
    }
}

}  // namespace qbound::internal
