// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/tensor.hpp"

#include <span>
#include <vector>

namespace qbound::internal {

/// True if the adjoint of `layer` is a matrix product with its transposed kernel; otherwise (dense layers, few outputs per group)
/// it is a sum over taps that reads the kernel as it is.
[[nodiscard]] bool adjoint_is_product(const WeightLayer& layer) noexcept;

/// Each group's kernel, outputs × fan_in, as fan_in × outputs, one group after the other.
[[nodiscard]] std::vector<double> transposed_kernel(const WeightLayer& layer, const Tensor& weight);

/// into += Wᵀ·out for a weight layer: `out` has the layer's output size, `into` the input's (`in` are its dims). `transposed` is
/// transposed_kernel of `weight` where adjoint_is_product says so.
void add_adjoint(const WeightLayer& layer, const Tensor& weight, std::span<const double> transposed, const Dims& in,
                 std::span<const double> out, std::span<double> into, int threads);

}  // namespace qbound::internal
