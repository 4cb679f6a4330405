// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"
#include "qbound/network.hpp"

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace qbound::internal {

/// A value of the model that is being built: its name, and one sample's shape.
struct Value {
    std::string name;
    Shape shape;
};

using Attributes = std::map<std::string, Attribute>;

/// Builds the Model of a Network: keeps the names unique and all shapes in ONNX's form, a batch of 1 in front.
class ModelBuilder {
  public:
    /// The names of the network's nodes are reserved for them.
    explicit ModelBuilder(const Network& network);

    /// Appends a node and returns its value. `tensors` are inputs after `inputs`; `name` is taken as it is.
    Value emit(const std::string& name, std::string op, const std::vector<Value>& inputs, std::vector<std::string> tensors,
               Attributes attributes, Shape shape);
    /// A name for a node or value that the network does not have: "conv" and "view" give "conv.view".
    [[nodiscard]] std::string helper(const std::string& node, std::string_view suffix);

    /// Stores a tensor under a name like "conv.weight" and returns the name.
    std::string tensor(const std::string& node, std::string_view suffix, TensorPtr tensor);
    std::string tensor(const std::string& node, std::string_view suffix, Shape shape, std::vector<double> values);
    /// Integers, as a list.
    std::string integers(const std::string& node, std::string_view suffix, const std::vector<std::int64_t>& values);

    /// The value in another shape: itself where that is its shape, else a Reshape called like `node` and `suffix`.
    Value reshaped(const Value& value, const Shape& shape, const std::string& node, std::string_view suffix);
    /// The value as channels × height × width.
    Value canonical(const Value& value, const std::string& node);

    [[nodiscard]] Model take() { return std::move(model_); }
    [[nodiscard]] Model& model() { return model_; }

  private:
    [[nodiscard]] std::string unused(std::string name);

    Model model_;
    std::unordered_set<std::string> names_;
};

/// Shape with the batch in front.
[[nodiscard]] Shape with_batch_axis(const Shape& sample);

/// The nodes for a pool or a Select (to_model_pool.cpp, to_model_select.cpp). The last one that is no Reshape has the node's name.
/// Errors: Error{unsupported} for divisors that no AveragePool of ONNX has.
[[nodiscard]] Value raise_max_pool(ModelBuilder& builder, const Node& node, const MaxPool& pool, const Value& in);
[[nodiscard]] Value raise_average_pool(ModelBuilder& builder, const Node& node, const AveragePool& pool, const Value& in);
[[nodiscard]] Value raise_select(ModelBuilder& builder, const Node& node, const Select& select, const Value& in);

/// A value that a window slides over: as it is where the window is 1-D on channels × length or 2-D on channels × height × width,
/// else seen as channels × height × width.
struct Windowed {
    Value in;
    bool one_dimensional = false;

    /// The attributes of the window: kernel_shape, strides, pads, dilations.
    [[nodiscard]] Attributes attributes(const Axes& axes) const;
    [[nodiscard]] Shape out(std::int64_t channels, const Axes& axes) const;
};
[[nodiscard]] Windowed windowed(ModelBuilder& builder, const std::string& node, const Axes& axes, const Value& in);

}  // namespace qbound::internal
