// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measure.hpp"
#include "qbound/network.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace qbound::internal {

/// The domain of values: a network on a batch of inputs in double, one node after the other, so that two networks can be compared
/// node by node without keeping all values.
///
/// Keeps references to both arguments. A value is freed after its last consumer, or all are kept. Errors as approx_evaluate's.
class Evaluator {
  public:
    using Values = std::vector<double>;  ///< the samples' values one after the other

    Evaluator(const Network& network, const Parameters& parameters, std::int64_t batch, int threads, bool keep);

    /// Begins anew with the inputs x, batch × the input's size.
    void start(std::span<const double> x);
    [[nodiscard]] bool finished() const noexcept { return next_ == values_.size(); }
    /// Computes the next node in the network's order.
    void step();
    /// The node computed last (the input after start), and its values.
    [[nodiscard]] NodeId last() const noexcept { return static_cast<NodeId>(next_ - 1); }
    [[nodiscard]] const Values& last_values() const noexcept { return values_[next_ - 1]; }
    /// All values that are still there, by node; the output's is.
    [[nodiscard]] std::vector<Values>& values() noexcept { return values_; }

  private:
    class Step;

    [[nodiscard]] bool last_use(NodeId id) const noexcept;
    void release(NodeId id);

    const Network& network_;
    const Parameters& parameters_;
    std::int64_t batch_;
    int threads_;
    bool keep_;
    std::vector<Values> values_;
    std::vector<std::size_t> uses_;  ///< consumers that are still to come, by node
    std::size_t next_ = 0;           ///< the node to compute
    std::size_t layer_of_next_ = 0;  ///< weight layers before it
};

}  // namespace qbound::internal
