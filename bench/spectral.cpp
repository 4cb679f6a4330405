// SPDX-License-Identifier: Apache-2.0
// Spectral norms: time per layer, and how far above a power iteration's estimate the certified bound stands (counter `excess`).
#include "qbound/spectral.hpp"
#include "core/parallel.hpp"

#include <benchmark/benchmark.h>

#include <Eigen/Core>

#include <cmath>
#include <memory>
#include <random>
#include <string>

namespace {

using qbound::Axes;
using qbound::Axis;
using qbound::Tensor;
using qbound::WeightLayer;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Shape {
    const char* name;
    std::int64_t out_channels;
    std::int64_t in_channels;
    std::int64_t groups;
    std::int64_t kernel;
    std::int64_t stride;
    std::int64_t in;
};

// Layers of ResNet18, ResNet50, MobileNetV2 and VGG16 at 3×224×224.
constexpr Shape kShapes[] = {
    {"resnet_conv1", 64, 3, 1, 7, 2, 224},
    {"resnet_layer1", 64, 64, 1, 3, 1, 56},
    {"resnet_layer2", 128, 128, 1, 3, 1, 28},
    {"resnet_layer3", 256, 256, 1, 3, 1, 14},
    {"resnet_layer4", 512, 512, 1, 3, 1, 7},
    {"resnet18_down4", 512, 256, 1, 3, 2, 14},
    {"resnet50_down4", 512, 512, 1, 3, 2, 14},
    {"resnet50_expand4", 2048, 512, 1, 1, 1, 7},
    {"resnet50_skip4", 2048, 1024, 1, 1, 2, 14},
    {"resnet50_fc", 1000, 2048, 1, 1, 1, 1},
    {"mobilenet_depthwise", 144, 144, 144, 3, 1, 56},
    {"mobilenet_last", 1280, 320, 1, 1, 1, 7},
    {"resnext_grouped", 128, 128, 32, 3, 1, 56},
    {"vgg_conv1_2", 64, 64, 1, 3, 1, 224},
};

WeightLayer make_layer(const Shape& shape) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    Tensor weight{{shape.out_channels, shape.in_channels / shape.groups, shape.kernel, shape.kernel}, {}};
    weight.data.resize(static_cast<std::size_t>(weight.shape[0] * weight.shape[1] * shape.kernel * shape.kernel));
    for (double& w : weight.data) {
        w = normal(random);
    }
    const std::int64_t pad = shape.kernel / 2;
    const std::int64_t out = (shape.in + 2 * pad - shape.kernel) / shape.stride + 1;
    const Axis axis{shape.in, out, shape.kernel, shape.stride, 1, pad, pad};
    return {std::make_shared<const Tensor>(std::move(weight)), {}, shape.groups, Axes{axis, axis}, false};
}

/// ‖Cx‖/‖x‖ after some steps of power iteration on the circulant: a lower estimate of its norm.
double power_iteration(const WeightLayer& layer, int steps) {
    const Tensor& weight = *layer.weight;
    const Axis& axis = layer.axes[0];
    const std::int64_t outs = (axis.in + axis.pad_begin + axis.stride - 1) / axis.stride;
    const std::int64_t ins = outs * axis.stride;
    const std::int64_t rows = weight.shape[0] / layer.groups;
    const std::int64_t columns = weight.shape[1];
    const std::int64_t taps = axis.kernel * axis.kernel;
    RowMajor x = RowMajor::Random(columns * layer.groups, ins * ins);
    RowMajor windows(columns * taps, outs * outs);
    const auto for_each = [&](auto visit) {  // (row of windows, its channel and position, position in x)
        for (std::int64_t row = 0; row < columns * taps; ++row) {
            for (std::int64_t p = 0; p < outs * outs; ++p) {
                const std::int64_t r = (p / outs * axis.stride + row % taps / axis.kernel) % ins;
                const std::int64_t c = (p % outs * axis.stride + row % axis.kernel) % ins;
                visit(row, p, row / taps, r * ins + c);
            }
        }
    };
    double gain = 0;
    for (int step = 0; step < steps; ++step) {
        x /= x.norm();
        RowMajor next = RowMajor::Zero(x.rows(), x.cols());
        double squares = 0;
        for (std::int64_t group = 0; group < layer.groups; ++group) {
            const Eigen::Map<const RowMajor> w(weight.data.data() + group * rows * columns * taps, rows, columns * taps);
            for_each([&](auto row, auto p, auto channel, auto q) { windows(row, p) = x(group * columns + channel, q); });
            const RowMajor y = w * windows;
            squares += y.squaredNorm();
            const RowMajor back = w.transpose() * y;
            for_each([&](auto row, auto p, auto channel, auto q) { next(group * columns + channel, q) += back(row, p); });
        }
        gain = std::sqrt(squares);
        x = std::move(next);
    }
    return gain;
}

void spectral_norm(benchmark::State& state) {
    const Shape& shape = kShapes[state.range(0)];
    const WeightLayer layer = make_layer(shape);
    const int threads = static_cast<int>(state.range(1));
    const double bound = qbound::spectral_norm_up(layer, *layer.weight, threads).value_up();
    const double work = qbound::spectral_operations(layer);
    const double estimate = power_iteration(layer, work > 1e9 ? 40 : 100);
    if (!(bound >= estimate * (1 - 1e-12))) {
        state.SkipWithError("the bound is below what power iteration reaches");
        return;
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(qbound::spectral_norm_up(layer, *layer.weight, threads));
    }
    state.SetLabel(shape.name);
    state.counters["excess"] = bound / estimate - 1;
    state.counters["flop/s"] =
        benchmark::Counter(2 * work, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::OneK::kIs1000);
}

}  // namespace

BENCHMARK(spectral_norm)
    ->ArgsProduct({benchmark::CreateDenseRange(0, std::size(kShapes) - 1, 1), {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

BENCHMARK_MAIN();
