// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"

#include <span>
#include <vector>

namespace qbound {

/// Weights and biases with which a network is evaluated, one per weight layer.
using Parameters = std::vector<QuantizedLayer>;

/// θ of the network (shares its tensors), and θ' of the pair.
[[nodiscard]] Parameters parameters_of(const Network& network);
[[nodiscard]] Parameters quantized_parameters_of(const WeightPair& pair);

/// R_θ(x) in double, rounded as it comes: for tests, `run` and measuring, never for a certified bound.
///
/// Shape   x has the input's size, in C order; the result the output's.
/// Errors  Error{malformed} if x has another size or is not finite, or naming the first node whose value overflows (NaN never gets
/// on);
///         Error{unsupported} for values of more than 2^30 entries; Error{usage} if the parameters are not those of the network.
/// Cost    one forward pass; memory the tensors that are alive (freed after their last consumer).
[[nodiscard]] std::vector<double> approx_evaluate(const Network& network, const Parameters& parameters, std::span<const double> x,
                                                  int threads);

/// The same, keeping the value of every node (indexed by NodeId).
[[nodiscard]] std::vector<std::vector<double>> approx_evaluate_all(const Network& network, const Parameters& parameters,
                                                                   std::span<const double> x, int threads);

}  // namespace qbound
