// SPDX-License-Identifier: Apache-2.0
#include "loader/onnx_graph.hpp"

#include "loader/store_reals.hpp"
#include "loader/text.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace qbound::internal {
namespace {

constexpr std::size_t kMaxFileBytes = static_cast<std::size_t>(std::numeric_limits<int>::max());

// ONNX's codes.
enum TensorType { kFloatTensor = 1, kInt64Tensor = 7, kDoubleTensor = 11 };
enum AttributeType { kFloat = 1, kInt = 2, kString = 3, kFloats = 6, kInts = 7 };

[[noreturn]] void fail_size() {
    fail_unsupported("", "an ONNX file beyond 2 GiB", "--dtype float32 or --to manifest");
}

}  // namespace

OnnxGraph::OnnxGraph(const Model& model, RealType type) : model_(model), type_(type) {
    for (const ModelInput& input : model.inputs) {
        names_.insert(input.name);
    }
    for (const ModelNode& node : model.nodes) {
        names_.insert(node.name);
    }
    for (const auto& [name, tensor] : model.tensors) {
        names_.insert(name);
    }
}

std::string OnnxGraph::unused(std::string name) {
    while (!names_.insert(name).second) {
        name += '_';
    }
    return name;
}

onnx::NodeProto& OnnxGraph::node(const std::string& name, const std::string& op, const std::vector<std::string>& inputs) {
    onnx::NodeProto& node = *proto_.mutable_graph()->add_node();
    node.set_name(name);
    node.set_op_type(op);
    for (const std::string& input : inputs) {
        node.add_input(input);
    }
    node.add_output(name);
    return node;
}

void OnnxGraph::count_rounded(double value, const std::string& place) {
    if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
        fail_unsupported(place, "the number " + short_decimal(value) + " is beyond float32's range", "--dtype float64");
    }
    rounded_ += static_cast<double>(static_cast<float>(value)) == value ? 0 : 1;
}

void OnnxGraph::attribute(onnx::NodeProto& node, const std::string& name, const Attribute& value) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        attribute.set_type(kInt);
        attribute.set_i(*integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
        count_rounded(*number, "node " + in_quotes(node.name()) + ": " + name);
        attribute.set_type(kFloat);
        attribute.set_f(static_cast<float>(*number));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        attribute.set_type(kString);
        attribute.set_s(*text);
    } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
        attribute.set_type(kInts);
        attribute.mutable_ints()->Add(integers->begin(), integers->end());
    } else {
        fail_unsupported("node " + in_quotes(node.name()), "attribute " + in_quotes(name) + " of a type that is not written");
    }
}

std::string OnnxGraph::initializer(const std::string& name, const Tensor& tensor) {
    const std::size_t width = tensor.integral() ? sizeof(std::int64_t) : stored_size(type_);
    if (tensor.data.size() > (kMaxFileBytes - bytes_) / width) {
        fail_size();
    }
    const std::size_t size = tensor.data.size() * width;
    bytes_ += size;
    onnx::TensorProto& proto = *proto_.mutable_graph()->add_initializer();
    proto.set_name(name);
    proto.mutable_dims()->Add(tensor.shape.begin(), tensor.shape.end());
    std::string raw(size, '\0');
    auto* to = reinterpret_cast<std::byte*>(raw.data());
    if (tensor.integral()) {
        proto.set_data_type(kInt64Tensor);
        store_integers(tensor.data, to);
    } else {
        proto.set_data_type(type_ == RealType::float32 ? kFloatTensor : kDoubleTensor);
        if (type_ == RealType::float32) {
            for (const double value : tensor.data) {
                count_rounded(value, "tensor " + in_quotes(name));
            }
        }
        store_reals(tensor.data, type_, to);
    }
    proto.set_raw_data(std::move(raw));
    return name;
}

std::string OnnxGraph::integers(const std::string& name, const std::vector<std::int64_t>& values) {
    Tensor list{.shape = {static_cast<std::int64_t>(values.size())}, .data = {}, .type = ElementType::int64};
    list.data.assign(values.begin(), values.end());
    return initializer(unused(name), list);
}

std::string OnnxGraph::number(const std::string& name, double value) {
    return initializer(unused(name), {.shape = {}, .data = {value}});
}

std::string OnnxGraph::constant(const std::string& name, double value) {
    const std::int64_t before = rounded_;
    std::string added = number(name, value);
    rounded_ = before;
    return added;
}

void OnnxGraph::value_info(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape) const {
    info.set_name(name);
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(type_ == RealType::float32 ? kFloatTensor : kDoubleTensor);
    auto& dims = *type.mutable_shape();
    for (const std::int64_t extent : shape) {
        dims.add_dim()->set_dim_value(extent);
    }
}

OnnxFile OnnxGraph::finish(const Shape& output_shape, std::int64_t opset) {
    constexpr std::int64_t kIrVersion = 8;       // of opsets 15 to 18
    constexpr std::int64_t kLaterIrVersion = 9;  // of opsets 19 and 20
    constexpr std::int64_t kLastOfIrVersion = 18;
    proto_.set_ir_version(opset > kLastOfIrVersion ? kLaterIrVersion : kIrVersion);
    proto_.set_producer_name("qbound");
    proto_.add_opset_import()->set_version(opset);
    proto_.mutable_opset_import(0)->set_domain("");
    onnx::GraphProto& graph = *proto_.mutable_graph();
    graph.set_name(model_.name.empty() ? "network" : model_.name);
    value_info(*graph.add_input(), model_.inputs.front().name, model_.inputs.front().shape);
    value_info(*graph.add_output(), model_.outputs.front(), output_shape);
    if (proto_.ByteSizeLong() > kMaxFileBytes) {
        fail_size();
    }
    OnnxFile file{.bytes = {}, .opset = opset, .rounded = rounded_};
    if (!proto_.SerializeToString(&file.bytes)) {
        fail_size();
    }
    return file;
}

}  // namespace qbound::internal
