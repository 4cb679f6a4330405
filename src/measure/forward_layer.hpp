// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"

#include <span>

namespace qbound::internal {

/// y = W u + b of one weight layer in double: u of dimensions `in`, y of channels × axes' outputs. Groups, strides, dilations and
/// zero padding as `layer` says; weight and bias from `parameters`.
///
/// The order of additions depends on shapes alone, so the result does not depend on `threads`.
/// Cost    2·outputs·fan-in operations; scratch memory at most some 16 MiB beside the fan-in times 64.
void forward_layer(const WeightLayer& layer, const QuantizedLayer& parameters, const Dims& in, std::span<const double> u,
                   std::span<double> y, int threads);

}  // namespace qbound::internal
