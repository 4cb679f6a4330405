// SPDX-License-Identifier: Apache-2.0
// The dispatched matrix product at shapes of real layers (rows × columns × depth); the label names the instruction set.
#include "core/gemm.hpp"

#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace {

void product(benchmark::State& state) {
    const std::int64_t m = state.range(0);
    const std::int64_t n = state.range(1);
    const std::int64_t k = state.range(2);
    const auto threads = static_cast<int>(state.range(3));
    std::mt19937 generator(1);
    std::uniform_int_distribution<int> entry(-8, 8);
    const auto filled = [&](std::int64_t size) {
        std::vector<double> v(static_cast<std::size_t>(size));
        for (double& x : v) {
            x = entry(generator);
        }
        return v;
    };
    const auto a = filled(m * k);
    const auto b = filled(k * n);
    std::vector<double> c(static_cast<std::size_t>(m * n));
    const auto run = [&] {
        qbound::internal::gemm(m, n, k, {a.data(), k}, {b.data(), n}, {c.data(), n}, qbound::internal::LeftFactor::as_is, threads);
    };
    run();
    for (std::int64_t i = 0; i < m; i += 1 + m / 7) {
        for (std::int64_t j = 0; j < n; j += 1 + n / 7) {
            double sum = 0;  // small integers: exact in any order
            for (std::int64_t p = 0; p < k; ++p) {
                sum += a[static_cast<std::size_t>(i * k + p)] * b[static_cast<std::size_t>(p * n + j)];
            }
            if (sum != c[static_cast<std::size_t>(i * n + j)]) {
                state.SkipWithError("wrong product");
                return;
            }
        }
    }
    for ([[maybe_unused]] auto _ : state) {
        run();
        benchmark::DoNotOptimize(c.data());
    }
    state.SetLabel(qbound::internal::gemm_target());
    state.counters["flops"] = benchmark::Counter(2.0 * static_cast<double>(m * n * k), benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

BENCHMARK(product)->Args({64, 3000, 576, 1})->Args({512, 196, 4608, 1})->Args({512, 196, 4608, 2})->Args({1000, 2, 2048, 1})->UseRealTime();
