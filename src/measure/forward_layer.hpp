// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"

#include <span>

namespace qbound::internal {

/// y = W u + b of one weight layer in double for `batch` samples, one after the other: u of dimensions `in` each, y of channels ×
/// axes' outputs. Groups, strides, dilations and zero padding as `layer` says; weight and bias from `parameters`.
///
/// The order of additions depends on shapes alone (and on whether a dense layer gets one sample or several), so the result does not
/// depend on `threads`.
/// Cost    2·outputs·fan-in operations a sample; a dense layer's samples are one matrix product. Scratch memory at most some 16 MiB
///         beside the fan-in times 64, for a dense layer the samples.
void forward_layer(const WeightLayer& layer, const QuantizedLayer& parameters, const Dims& in, std::int64_t batch,
                   std::span<const double> u, std::span<double> y, int threads);

}  // namespace qbound::internal
