// SPDX-License-Identifier: Apache-2.0
#pragma once
// Grows a random graph node by node; random_graph.hpp is what tests use.

#include "qbound/network.hpp"
#include "support/random_graph.hpp"

#include <set>
#include <string>
#include <vector>

namespace qbound::test {

class GraphGrower {
  public:
    GraphGrower(Random& random, const GraphOptions& options);

    /// Adds nodes until there are about `steps`, and at least one weight layer; the last node is the output. What does not reach it
    /// is dropped.
    [[nodiscard]] std::vector<Node> grow(int steps);

    [[nodiscard]] const std::set<std::string>& features() const { return features_; }

    /// Weights of a layer in the network's style: ordinary, integers, extreme exponents, rows that cancel, dead rows.
    [[nodiscard]] std::vector<double> weights(std::int64_t rows, std::int64_t columns);

  private:
    enum class Style { ordinary, integers, extreme };

    NodeId add(std::string op, NodeKind kind, Shape shape, std::vector<NodeId> inputs);
    [[nodiscard]] const Node& node(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
    [[nodiscard]] bool chance(double probability) { return random_.unit() < probability; }
    template <class T>
    [[nodiscard]] const T& pick(const std::vector<T>& of) {
        return of[static_cast<std::size_t>(random_.integer(0, static_cast<std::int64_t>(of.size()) - 1))];
    }
    [[nodiscard]] double number(double scale);

    void step();
    NodeId source();
    NodeId dense(NodeId in);
    NodeId convolution(NodeId in);
    NodeId activation(NodeId in);
    NodeId diagonal(NodeId in);
    NodeId max_pool(NodeId in);
    NodeId average_pool(NodeId in);
    NodeId sum(NodeId in);
    NodeId product(NodeId in);
    NodeId gate(NodeId in);
    NodeId concat(NodeId in);
    NodeId pad(NodeId in);
    NodeId rearrange(NodeId in);
    NodeId permute(NodeId in);
    NodeId view(NodeId in);
    NodeId residual(NodeId in);

    Axis random_axis(std::int64_t in, bool pool, bool allow_padding);
    Axes random_axes(const Node& in, bool pool, bool allow_padding);
    static Shape window_shape(const Node& in, std::int64_t channels, const Axes& axes);
    std::vector<double> biases(std::int64_t rows);
    std::vector<std::int32_t> padded_map(std::int64_t extent, int mode);

    Random& random_;
    const GraphOptions& options_;
    Style style_ = Style::ordinary;
    int named_ = 0;  ///< nodes may be dropped again, their names are not reused
    std::vector<Node> nodes_;
    std::set<std::string> features_;
};

/// Nodes that `output` does not need are dropped, the others renumbered.
[[nodiscard]] std::vector<Node> only_needed(const std::vector<Node>& nodes, NodeId output);

/// A random activation with random parameters; PRelu gets slopes for `channels`.
[[nodiscard]] Activation random_activation(Random& random, const GraphOptions& options, std::int64_t channels);

}  // namespace qbound::test
