// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measure.hpp"
#include "qbound/network.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace qbound::internal {

/// Reverse mode through a network with fixed parameters, in double: for ascent, never for a certified bound.
///
/// Keeps references to both arguments and a transposed copy of the convolutions' weights.
class ReverseMode {
  public:
    ReverseMode(const Network& network, const Parameters& parameters);

    /// Gradient with respect to x of Σ_i c_i·R(x)_i.
    ///
    ///   values   of every node at x, as approx_evaluate_all gives them
    ///   c        one weight per output entry
    ///   result   of the input's size
    ///
    /// At a kink one subgradient of the node is taken: the activation table's, and in a MaxPool the first largest entry of the
    /// window. Cost: one pass of the multiply-adds of a forward evaluation; memory the adjoints that are alive. Same bits for any
    /// number of threads.
    [[nodiscard]] std::vector<double> gradient(std::span<const std::vector<double>> values, std::span<const double> c,
                                               int threads) const;

  private:
    class Pass;

    const Network& network_;
    const Parameters& parameters_;
    std::vector<std::size_t> layer_of_;            ///< by node: index among the weight layers
    std::vector<std::vector<double>> transposed_;  ///< by layer: each group's kernel as fan_in × outputs; empty if not needed
};

}  // namespace qbound::internal
