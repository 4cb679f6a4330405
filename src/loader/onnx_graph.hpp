// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "onnx.pb.h"
#include "qbound/writer.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace qbound::internal {

/// An ONNX message that grows node by node: element types, roundings and names.
class OnnxGraph {
  public:
    /// Reserves the names of the model's nodes and tensors.
    OnnxGraph(const Model& model, RealType type);

    /// A name that the graph does not have yet.
    [[nodiscard]] std::string unused(std::string name);

    /// Adds a node with one output of its own name. The reference is good until the next node.
    onnx::NodeProto& node(const std::string& name, const std::string& op, const std::vector<std::string>& inputs);
    /// Numbers are float32 in ONNX's attributes; a rounded one counts.
    void attribute(onnx::NodeProto& node, const std::string& name, const Attribute& value);

    /// Adds a tensor: int64 if it holds integers, else of the graph's type. `name` is taken as it is, and returned.
    /// Errors: Error{unsupported} for a number beyond float32's range, and when the file would exceed 2 GiB.
    std::string initializer(const std::string& name, const Tensor& tensor);
    /// A list of integers, a scalar of the model, and a scalar of a formula, which does not count as rounded. `name` is made
    /// unique.
    std::string integers(const std::string& name, const std::vector<std::int64_t>& values);
    std::string number(const std::string& name, double value);
    std::string constant(const std::string& name, double value);

    /// The file. Errors: Error{unsupported} beyond 2 GiB.
    [[nodiscard]] OnnxFile finish(const Shape& output_shape, std::int64_t opset);

  private:
    void count_rounded(double value, const std::string& place);
    void value_info(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape) const;

    const Model& model_;
    RealType type_;
    onnx::ModelProto proto_;
    std::unordered_set<std::string> names_;
    std::int64_t rounded_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace qbound::internal
