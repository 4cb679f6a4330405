// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/activation.hpp"
#include "qbound/tensor.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace qbound {

/// Index of a node in Network::nodes(). Inputs of a node always have smaller indices than the node.
using NodeId = std::int32_t;

/// Every value is seen as channels × height × width, in C order. Rank 1 [n] is n×1×1, rank 2 [c,l] is c×1×l, higher ranks keep
/// their last two axes as height and width and flatten the others into channels; so a reshape never moves an entry.
struct Dims {
    std::int64_t channels = 1;
    std::int64_t height = 1;
    std::int64_t width = 1;

    [[nodiscard]] std::int64_t positions() const noexcept { return height * width; }
    [[nodiscard]] std::int64_t size() const noexcept { return channels * positions(); }
    friend bool operator==(const Dims&, const Dims&) = default;
};

/// One sample's shape of a value whose full shape (ONNX's, with a batch axis of 1 in front unless the graph took it away) is
/// `full`: a leading 1 of two axes or more is the batch; a scalar is one entry.
[[nodiscard]] Shape sample_shape(const Shape& full);

/// The canonical view of a per-sample shape.
[[nodiscard]] Dims dims_of(const Shape& shape) noexcept;

/// One spatial axis of a sliding window: output o reads inputs o·stride − pad_begin + t·dilation, t = 0..kernel−1.
/// Positions outside [0, in) are padding.
struct Axis {
    std::int64_t in = 1;
    std::int64_t out = 1;
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
    std::int64_t pad_begin = 0;
    std::int64_t pad_end = 0;

    /// Input index of tap t of output o; outside [0, in) it is padding.
    [[nodiscard]] std::int64_t source(std::int64_t o, std::int64_t t) const noexcept {
        return o * stride - pad_begin + t * dilation;
    }
    friend bool operator==(const Axis&, const Axis&) = default;
};

/// Height and width. A 1-D operator has a trivial height axis.
using Axes = std::array<Axis, 2>;

struct Input {
    friend bool operator==(const Input&, const Input&) = default;
};

/// z = W u + b: a convolution (OIHW weight m × c/groups × kh × kw) or a dense layer (m × n × 1 × 1 on n×1×1).
/// Padding is zero padding. `bias` has m entries, or none.
struct WeightLayer {
    TensorPtr weight;
    std::vector<double> bias;
    std::int64_t groups = 1;
    Axes axes;
    bool dense = false;  ///< came from Gemm or MatMul

    [[nodiscard]] std::int64_t out_channels() const noexcept { return weight->shape[0]; }
    /// Weights that feed one output: c/groups·kh·kw.
    [[nodiscard]] std::int64_t fan_in() const noexcept { return weight->shape[1] * weight->shape[2] * weight->shape[3]; }
};

/// y = scale·x + shift, one pair per channel.
struct Diagonal {
    std::vector<double> scale;
    std::vector<double> shift;
    friend bool operator==(const Diagonal&, const Diagonal&) = default;
};

/// Signed sum of inputs of equal shape; the same node may be an input twice.
struct Sum {
    std::vector<int> signs;  ///< +1 or −1, one per input
    friend bool operator==(const Sum&, const Sum&) = default;
};

/// Entrywise product of two inputs of equal shape; both may be the same node.
struct Product {
    friend bool operator==(const Product&, const Product&) = default;
};

/// Concatenation along the canonical axis: 0 channels, 1 height, 2 width.
struct Concat {
    int axis = 0;
    friend bool operator==(const Concat&, const Concat&) = default;
};

/// Largest entry of each window. Padding is outside the window, not zero; every window has at least one real entry.
struct MaxPool {
    Axes axes;
    friend bool operator==(const MaxPool&, const MaxPool&) = default;
};

/// Sum of each window's real entries divided by divisors[0][row]·divisors[1][column] (ONNX's divisor is always such a product,
/// whatever count_include_pad and ceil_mode say). GlobalAveragePool is the window of the whole image.
struct AveragePool {
    Axes axes;
    std::array<std::vector<std::int64_t>, 2> divisors;
    friend bool operator==(const AveragePool&, const AveragePool&) = default;
};

/// Output entry = an input entry or a constant (Pad, Slice, Gather, Expand, Transpose, channel shuffles, nearest Resize).
///
/// Either separable: out(c,h,w) = in(maps[0][c], maps[1][h], maps[2][w]), constant where one of the three is −1;
/// or general: out[i] = in[entries[i]], constant where entries[i] = −1 (then the maps are empty).
struct Select {
    std::array<std::vector<std::int32_t>, 3> maps;
    std::vector<std::int64_t> entries;
    double constant = 0;

    [[nodiscard]] bool separable() const noexcept { return entries.empty(); }
    friend bool operator==(const Select&, const Select&) = default;
};

/// Flatten, Reshape, Squeeze, Unsqueeze: same entries in the same order, another shape.
struct View {
    friend bool operator==(const View&, const View&) = default;
};

/// The closed set of node kinds. Domains visit it exhaustively, without a default.
using NodeKind = std::variant<Input, WeightLayer, Diagonal, Activation, Sum, Product, Concat, MaxPool, AveragePool, Select, View>;

struct Node {
    std::string name;  ///< unique
    std::string op;    ///< the file's operator, for messages and reports
    NodeKind kind;
    std::vector<NodeId> inputs;
    Shape shape;  ///< without batch
    Dims dims;    ///< dims_of(shape)
};

/// The box Ω: one interval per channel of the input, or one per entry.
struct Box {
    std::vector<double> lower;
    std::vector<double> upper;

    /// D = max_i max(|lo_i|, |hi_i|).
    [[nodiscard]] double radius() const noexcept;
};

/// A checked, immutable network: one input, one output, every node reaches the output, shapes and tensors fit, all weights finite.
class Network {
  public:
    /// Checks everything that downstream code relies on.
    /// Preconditions that the caller cannot guarantee are errors: Error{malformed} naming the node (shapes that do not fit, empty
    /// or infinite boxes, NaN or infinite parameters, a pool window without a real entry, …).
    Network(std::string name, std::vector<Node> nodes, NodeId output, Box box);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }
    [[nodiscard]] const Node& node(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
    [[nodiscard]] NodeId input() const noexcept { return 0; }
    [[nodiscard]] NodeId output() const noexcept { return output_; }
    [[nodiscard]] const Box& box() const noexcept { return box_; }
    /// The same network on another box. Errors as the constructor.
    [[nodiscard]] Network with_box(Box box) const;

    /// Nodes whose kind is WeightLayer, in topological order; the position in this list is the layer's index everywhere else.
    [[nodiscard]] const std::vector<NodeId>& weight_layers() const noexcept { return weight_layers_; }
    [[nodiscard]] const WeightLayer& layer(std::size_t index) const;
    /// Consumers of each node, one entry per edge (a node that feeds a Sum twice is listed twice).
    [[nodiscard]] const std::vector<std::vector<NodeId>>& consumers() const noexcept { return consumers_; }
    /// Weights and biases of all weight layers, plus scales and shifts.
    [[nodiscard]] std::int64_t parameters() const noexcept { return parameters_; }

  private:
    std::string name_;
    std::vector<Node> nodes_;
    NodeId output_;
    Box box_;
    std::vector<NodeId> weight_layers_;
    std::vector<std::vector<NodeId>> consumers_;
    std::int64_t parameters_ = 0;
};

/// A longest path in weight layers from the input to the output, as node ids from the input to the output. On a tie the first
/// input listed wins.
[[nodiscard]] std::vector<NodeId> main_path(const Network& network);

/// True if every node has one input (the input node none) and one consumer: the whole network is its main path.
[[nodiscard]] bool is_chain(const Network& network);

/// Helper to visit a NodeKind with one function per kind.
template <class... F>
struct overloaded : F... {
    using F::operator()...;
};
template <class... F>
overloaded(F...) -> overloaded<F...>;

}  // namespace qbound
