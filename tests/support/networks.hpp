// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small networks, built by hand.

#include "qbound/network.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace qbound::test {

using Matrix = std::vector<std::vector<double>>;

inline TensorPtr tensor(Shape shape, std::vector<double> data) {
    return std::make_shared<const Tensor>(Tensor{std::move(shape), std::move(data)});
}

/// Weights of a dense layer from its rows.
inline TensorPtr dense_weight(const Matrix& rows) {
    std::vector<double> data;
    for (const auto& row : rows) {
        data.insert(data.end(), row.begin(), row.end());
    }
    return tensor({static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(rows.front().size()), 1, 1}, std::move(data));
}

/// Collects nodes; each takes the one before it as its input unless others are named.
class NetworkBuilder {
  public:
    explicit NetworkBuilder(Shape input, double lower = -1, double upper = 1) : lower_(lower), upper_(upper) {
        add("x", "Input", Input{}, std::move(input), {});
    }

    NetworkBuilder& add(std::string name, std::string op, NodeKind kind, Shape shape, std::vector<NodeId> inputs) {
        const Dims dims = dims_of(shape);
        nodes_.push_back({std::move(name), std::move(op), std::move(kind), std::move(inputs), std::move(shape), dims});
        return *this;
    }
    NetworkBuilder& add(std::string name, std::string op, NodeKind kind, Shape shape) {
        return add(std::move(name), std::move(op), std::move(kind), std::move(shape), {last()});
    }
    /// Same shape as the node before.
    NetworkBuilder& add(std::string name, std::string op, NodeKind kind) {
        return add(std::move(name), std::move(op), std::move(kind), nodes_.back().shape);
    }

    NetworkBuilder& dense(std::string name, const Matrix& rows, std::vector<double> bias = {}) {
        WeightLayer layer;
        layer.weight = dense_weight(rows);
        layer.bias = std::move(bias);
        layer.dense = true;
        return add(std::move(name), "Gemm", std::move(layer), {static_cast<std::int64_t>(rows.size())});
    }
    /// A convolution with stride 1 and the same padding on all sides; weight m × c/groups × kh × kw.
    NetworkBuilder& conv(std::string name, TensorPtr weight, std::vector<double> bias = {}, std::int64_t padding = 0,
                         std::int64_t groups = 1) {
        const Dims in = nodes_.back().dims;
        WeightLayer layer;
        layer.groups = groups;
        layer.bias = std::move(bias);
        const auto axis = [padding](std::int64_t size, std::int64_t kernel) {
            return Axis{size, size + 2 * padding - kernel + 1, kernel, 1, 1, padding, padding};
        };
        layer.axes = {axis(in.height, weight->shape[2]), axis(in.width, weight->shape[3])};
        Shape shape{weight->shape[0], layer.axes[0].out, layer.axes[1].out};
        layer.weight = std::move(weight);
        return add(std::move(name), "Conv", std::move(layer), std::move(shape));
    }
    NetworkBuilder& relu(std::string name) { return add(std::move(name), "Relu", Activation{}); }

    [[nodiscard]] NodeId last() const { return static_cast<NodeId>(nodes_.size()) - 1; }
    [[nodiscard]] Network build(std::string name = "net") const {
        const auto channels = static_cast<std::size_t>(nodes_.front().dims.channels);
        return {std::move(name), nodes_, last(), {std::vector<double>(channels, lower_), std::vector<double>(channels, upper_)}};
    }

  private:
    double lower_;
    double upper_;
    std::vector<Node> nodes_;
};

}  // namespace qbound::test
