// SPDX-License-Identifier: Apache-2.0
// One step of the ascent that `measure` searches with: both networks' values at a point, and the gradient of their largest difference.
// LeNet from examples; any other model by BENCH_MODEL=FILE (a manifest with its tensors inline or as NPY files beside it).
#include "cli/load.hpp"
#include "measure/attack_objective.hpp"
#include "qbound/quantize.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace qbound;

std::string model_file() {
    const char* named = std::getenv("BENCH_MODEL");
    return named != nullptr ? named : QBOUND_SOURCE_DIR "/examples/lenet.json";
}

internal::Target largest(std::span<const double> difference) {
    const internal::Peak peak = internal::peak_of(difference);
    return {peak.output, peak.sign};
}

/// The step's derivative along its own sign, against a difference quotient.
bool is_gradient(const internal::Objective& objective, std::vector<double> x, const internal::Objective::Slope& slope) {
    constexpr double kStep = 1e-7;
    const double before = slope.difference[slope.target.output];
    double expected = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double move = slope.gradient[i] > 0 ? kStep : -kStep;
        expected += slope.gradient[i] * move;
        x[i] += move;
    }
    const double after = objective.difference(x)[slope.target.output];
    return std::abs((after - before) * slope.target.sign - expected) <= 1e-3 * std::abs(expected);
}

void gradient_step(benchmark::State& state) {
    const internal::LoadedNetwork loaded = internal::load_network(model_file(), {.load = {}, .require_box = true});
    const Network& network = loaded.lowered.network;
    const WeightPair pair(network, Quantizer{});
    const Parameters theta = parameters_of(network);
    const Parameters quantized = quantized_parameters_of(pair);
    const internal::Objective objective(network, theta, quantized);
    std::vector<double> x(objective.input_size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = objective.lower()[i] + (objective.upper()[i] - objective.lower()[i]) * (0.5 + 0.3 * std::sin(static_cast<double>(i)));
    }
    if (!is_gradient(objective, x, objective.slope(x, largest))) {
        state.SkipWithError("the gradient is not the difference quotient");
        return;
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(objective.slope(x, largest));
    }
    state.SetLabel(network.name());
}

}  // namespace

BENCHMARK(gradient_step)->Unit(benchmark::kMillisecond)->UseRealTime();

BENCHMARK_MAIN();
