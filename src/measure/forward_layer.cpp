// SPDX-License-Identifier: Apache-2.0
#include "measure/forward_layer.hpp"

#include "core/gemm.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace qbound::internal {

namespace {

/// Entries of the matrix of unrolled windows that is made at a time.
constexpr std::int64_t kUnrolledEntries = std::int64_t{1} << 21;
/// Least number of columns of it, so that the matrix product stays efficient for large fan-ins.
constexpr std::int64_t kLeastColumns = 64;
constexpr std::int64_t kRowsPerTile = 16;

/// Outputs [begin, end) along one axis whose tap `t` is a real entry.
struct OutputRange {
    std::int64_t begin;
    std::int64_t end;
};

OutputRange outputs_on_input(const Axis& axis, std::int64_t t) {
    const std::int64_t offset = t * axis.dilation - axis.pad_begin;  // output o reads o·stride + offset
    const auto first_reading = [&](std::int64_t index) {             // least o ≥ 0 with o·stride + offset ≥ index
        return index <= offset ? 0 : (index - offset + axis.stride - 1) / axis.stride;
    };
    return {first_reading(0), std::min(axis.out, first_reading(axis.in))};
}

/// Matrix times vector: one position in, one out.
void apply_dense(const double* weight, std::int64_t rows, std::int64_t columns, const double* u, double* y, int threads) {
    const std::int64_t tiles = (rows + kRowsPerTile - 1) / kRowsPerTile;
    parallel_for(tiles, threads, [&](std::int64_t tile) {
        for (std::int64_t i = tile * kRowsPerTile; i < std::min(rows, (tile + 1) * kRowsPerTile); ++i) {
            const double* row = weight + i * columns;
            std::array<double, 8> sums{};
            std::int64_t j = 0;
            for (; j + 8 <= columns; j += 8) {
                for (std::int64_t k = 0; k < 8; ++k) {
                    sums[static_cast<std::size_t>(k)] += row[j + k] * u[j + k];
                }
            }
            double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
            for (; j < columns; ++j) {
                sum += row[j] * u[j];
            }
            y[i] = sum;
        }
    });
}

/// Rows become columns: `from` is rows × columns.
void transpose(std::int64_t rows, std::int64_t columns, const double* from, double* to) {
    constexpr std::int64_t kBlock = 32;
    for (std::int64_t first = 0; first < columns; first += kBlock) {
        const std::int64_t last = std::min(columns, first + kBlock);
        for (std::int64_t i = 0; i < rows; ++i) {
            for (std::int64_t j = first; j < last; ++j) {
                to[j * rows + i] = from[i * columns + j];
            }
        }
    }
}

/// Matrix times matrix: the samples are its columns.
void apply_dense_batch(const double* weight, std::int64_t rows, std::int64_t columns, std::int64_t batch, const double* u, double* y,
                       int threads) {
    std::vector<double> inputs(static_cast<std::size_t>(columns * batch));
    std::vector<double> outputs(static_cast<std::size_t>(rows * batch));
    transpose(batch, columns, u, inputs.data());
    gemm(rows, batch, columns, {weight, columns}, {inputs.data(), batch}, {outputs.data(), batch}, LeftFactor::as_is, threads);
    transpose(rows, batch, outputs.data(), y);
}

/// One input channel per group: each output channel is a small stencil on one plane.
void apply_depthwise(const WeightLayer& layer, const double* weight, const Dims& in, const double* u, double* y, int threads) {
    const Axis& vertical = layer.axes[0];
    const Axis& horizontal = layer.axes[1];
    const std::int64_t per_group = layer.out_channels() / layer.groups;
    const std::int64_t positions = vertical.out * horizontal.out;
    parallel_for(layer.out_channels(), threads, [&](std::int64_t channel) {
        const double* plane = u + channel / per_group * in.positions();
        const double* taps = weight + channel * layer.fan_in();
        double* out = y + channel * positions;
        std::fill_n(out, positions, 0.0);
        for (std::int64_t kh = 0; kh < vertical.kernel; ++kh) {
            const OutputRange rows = outputs_on_input(vertical, kh);
            for (std::int64_t kw = 0; kw < horizontal.kernel; ++kw) {
                const OutputRange columns = outputs_on_input(horizontal, kw);
                const double w = taps[kh * horizontal.kernel + kw];
                for (std::int64_t oh = rows.begin; oh < rows.end; ++oh) {
                    const double* source = plane + vertical.source(oh, kh) * in.width;
                    double* row = out + oh * horizontal.out;
                    for (std::int64_t ow = columns.begin; ow < columns.end; ++ow) {
                        row[ow] += w * source[horizontal.source(ow, kw)];
                    }
                }
            }
        }
    });
}

/// Output positions first..last−1 (row-major) of one kernel tap on one plane: the entries that the tap reads there, 0 on padding.
void unroll(const Axes& axes, const Dims& in, const double* plane, std::int64_t kh, std::int64_t kw, std::int64_t first,
            std::int64_t last, double* target) {
    const Axis& horizontal = axes[1];
    const OutputRange rows = outputs_on_input(axes[0], kh);
    const OutputRange columns = outputs_on_input(horizontal, kw);
    for (std::int64_t position = first; position < last;) {
        const std::int64_t oh = position / horizontal.out;
        const std::int64_t begin = position % horizontal.out;
        const std::int64_t end = std::min(horizontal.out, begin + last - position);
        const bool on_input = oh >= rows.begin && oh < rows.end;
        const std::int64_t from = on_input ? std::clamp(columns.begin, begin, end) : end;
        const std::int64_t to = on_input ? std::clamp(columns.end, from, end) : end;
        target = std::fill_n(target, from - begin, 0.0);
        const double* source = on_input ? plane + axes[0].source(oh, kh) * in.width : plane;
        if (horizontal.stride == 1 && from < to) {
            target = std::copy_n(source + horizontal.source(from, kw), to - from, target);
        } else {
            for (std::int64_t ow = from; ow < to; ++ow) {
                *target++ = source[horizontal.source(ow, kw)];
            }
        }
        target = std::fill_n(target, end - to, 0.0);
        position += end - begin;
    }
}

bool is_pointwise(const WeightLayer& layer) {
    return std::ranges::all_of(layer.axes,
                               [](const Axis& axis) { return axis.kernel == 1 && axis.stride == 1 && axis.out == axis.in; });
}

/// The groups one after the other, each as a product of its weights and its unrolled windows, a block of output positions at a
/// time.
void apply_convolution(const WeightLayer& layer, const double* weight, const Dims& in, const double* u, double* y, int threads) {
    const std::int64_t outputs = layer.out_channels() / layer.groups;
    const std::int64_t channels = in.channels / layer.groups;
    const std::int64_t fan_in = layer.fan_in();
    const std::int64_t positions = layer.axes[0].out * layer.axes[1].out;
    const std::int64_t kernel_width = layer.axes[1].kernel;
    const std::int64_t taps = layer.axes[0].kernel * kernel_width;
    const std::int64_t block = std::min(positions, std::max(kLeastColumns, kUnrolledEntries / fan_in));
    const bool pointwise = is_pointwise(layer);
    std::vector<double> unrolled(pointwise ? 0 : static_cast<std::size_t>(fan_in * block));
    for (std::int64_t group = 0; group < layer.groups; ++group) {
        const double* planes = u + group * channels * in.positions();
        const ConstMatrix weights{weight + group * outputs * fan_in, fan_in};
        double* target = y + group * outputs * positions;
        if (pointwise) {
            gemm(outputs, positions, fan_in, weights, {planes, positions}, {target, positions}, LeftFactor::as_is, threads);
            continue;
        }
        for (std::int64_t first = 0; first < positions; first += block) {
            const std::int64_t last = std::min(positions, first + block);
            const std::int64_t columns = last - first;
            parallel_for(channels, threads, [&](std::int64_t channel) {
                for (std::int64_t tap = 0; tap < taps; ++tap) {
                    unroll(layer.axes, in, planes + channel * in.positions(), tap / kernel_width, tap % kernel_width, first, last,
                           unrolled.data() + (channel * taps + tap) * columns);
                }
            });
            gemm(outputs, columns, fan_in, weights, {unrolled.data(), columns}, {target + first, positions}, LeftFactor::as_is,
                 threads);
        }
    }
}

}  // namespace

void forward_layer(const WeightLayer& layer, const QuantizedLayer& parameters, const Dims& in, std::int64_t batch,
                   std::span<const double> u, std::span<double> y, int threads) {
    const double* weight = parameters.weight->data.data();
    const std::int64_t positions = layer.axes[0].out * layer.axes[1].out;
    const std::int64_t outputs = layer.out_channels();
    if (layer.groups == 1 && is_pointwise(layer) && positions == 1) {
        if (batch == 1) {
            apply_dense(weight, outputs, layer.fan_in(), u.data(), y.data(), threads);
        } else {
            apply_dense_batch(weight, outputs, layer.fan_in(), batch, u.data(), y.data(), threads);
        }
    } else {
        const bool depthwise = layer.weight->shape[1] == 1;
        for (std::int64_t sample = 0; sample < batch; ++sample) {
            const double* source = u.data() + sample * in.size();
            double* target = y.data() + sample * outputs * positions;
            (depthwise ? apply_depthwise : apply_convolution)(layer, weight, in, source, target, threads);
        }
    }
    if (parameters.bias.empty()) {
        return;
    }
    for (std::int64_t plane = 0; plane < batch * outputs; ++plane) {
        const double b = parameters.bias[static_cast<std::size_t>(plane % outputs)];
        std::ranges::for_each(y.subspan(static_cast<std::size_t>(plane * positions), static_cast<std::size_t>(positions)),
                              [b](double& v) { v += b; });
    }
}

}  // namespace qbound::internal
