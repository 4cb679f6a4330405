// SPDX-License-Identifier: Apache-2.0
#include "loader/onnx_tensor.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>

namespace qbound::internal {
namespace {

constexpr std::int64_t kNewestOpset = 21;

enum AttributeType { kFloat = 1, kInt, kString, kTensor, kGraph, kFloats, kInts, kStrings, kTensors, kGraphs, kSparse };

/// The attribute's type; files older than its field are typed by what is there.
int type_of(const onnx::AttributeProto& attribute) {
    if (attribute.has_type() && attribute.type() != 0) {
        return attribute.type();
    }
    if (attribute.has_f()) {
        return kFloat;
    }
    if (attribute.has_i()) {
        return kInt;
    }
    if (attribute.has_s()) {
        return kString;
    }
    if (attribute.has_t()) {
        return kTensor;
    }
    if (attribute.floats_size() > 0) {
        return kFloats;
    }
    if (attribute.strings_size() > 0) {
        return kStrings;
    }
    if (attribute.has_g() || attribute.graphs_size() > 0) {
        return kGraph;
    }
    return kInts;
}

/// The value; what Model has no type for (graphs, lists of strings) is there as a text in parentheses, which no operator takes.
Attribute attribute_of(onnx::AttributeProto& attribute, ExternalData& external, const std::string& place) {
    switch (type_of(attribute)) {
        case kFloat:
            return static_cast<double>(attribute.f());
        case kInt:
            return attribute.i();
        case kString:
            return attribute.s();
        case kTensor:
            return onnx_tensor(*attribute.mutable_t(), external, place + ": attribute " + in_quotes(attribute.name()));
        case kFloats:
            return std::vector<double>(attribute.floats().begin(), attribute.floats().end());
        case kInts:
            return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
        case kSparse:
            return onnx_sparse_tensor(*attribute.mutable_sparse_tensor(), external,
                                      place + ": attribute " + in_quotes(attribute.name()));
        case kStrings:
            return std::string("(strings)");
        case kGraph:
        case kGraphs:
            return std::string("(graph)");
        default:
            return std::string("(other)");
    }
}

bool is_default_domain(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
}

ModelNode node_of(onnx::NodeProto& proto, ExternalData& external) {
    ModelNode node{.name = proto.name(),
                   .op = is_default_domain(proto.domain()) ? proto.op_type() : proto.domain() + "." + proto.op_type(),
                   .inputs = {proto.input().begin(), proto.input().end()},
                   .outputs = {proto.output().begin(), proto.output().end()},
                   .attributes = {}};
    const std::string place = "node " + in_quotes(node.name.empty() && !node.outputs.empty() ? node.outputs.front() : node.name);
    for (onnx::AttributeProto& attribute : *proto.mutable_attribute()) {
        if (!node.attributes.emplace(attribute.name(), attribute_of(attribute, external, place)).second) {
            fail_malformed(place, "attribute " + in_quotes(attribute.name()) + " is there twice");
        }
    }
    return node;
}

void add_tensor(Model& model, const std::string& name, TensorPtr tensor) {
    if (name.empty()) {
        fail_malformed("", "an initializer has no name");
    }
    if (!model.tensors.emplace(name, std::move(tensor)).second) {
        fail_malformed("tensor " + in_quotes(name), "it is there twice");
    }
}

/// The shape that the user gives for the input, with the batch axis if `declared` (ONNX's rank, 0 if unknown) has one more axis.
Shape stated_shape(const Shape& given, int declared) {
    Shape shape = given;
    if (declared == static_cast<int>(given.size()) + 1) {
        shape.insert(shape.begin(), 1);
    }
    return shape;
}

const Shape* user_shape(const LoadOptions& options, const std::string& name, bool only_input) {
    const auto named = options.input_shapes.find(name);
    if (named != options.input_shapes.end()) {
        return &named->second;
    }
    return options.input_shape && only_input ? &*options.input_shape : nullptr;
}

/// The input's shape, batch in front. An open or larger batch is read as 1.
Shape input_shape(const onnx::ValueInfoProto& input, const Shape* given, std::vector<std::string>& notes) {
    const std::string place = "input " + in_quotes(input.name());
    const std::string hint = "give --input-shape " + input.name() + ":1,3,224,224";
    const bool known = input.type().tensor_type().has_shape();
    const auto& dims = input.type().tensor_type().shape().dim();
    Shape shape;
    if (given != nullptr) {
        shape = stated_shape(*given, known ? dims.size() : 0);
    } else if (!input.type().has_tensor_type()) {
        fail_unsupported(place, "it is not a tensor");
    } else if (!known) {
        fail_unsupported(place, "the file does not say its shape", hint);
    }
    for (int k = 0; given == nullptr && k < dims.size(); ++k) {
        const auto& dim = dims[k];
        const bool fixed = dim.has_dim_value() && dim.dim_value() > 0;
        const bool batch = k == 0 && dims.size() > 1;
        if (!fixed && !batch) {
            fail_unsupported(place,
                             "axis " + std::to_string(k) + " has no fixed extent" +
                                 (dim.dim_param().empty() ? "" : " (" + in_quotes(dim.dim_param()) + ")"),
                             hint);
        }
        shape.push_back(fixed ? dim.dim_value() : 1);
    }
    if (given == nullptr && shape.size() > 1 && shape.front() != 1) {
        notes.push_back("input " + in_quotes(input.name()) + ": a batch of " + std::to_string(shape.front()) + " is read as 1");
        shape.front() = 1;
    }
    if (checked_size(shape, place) == 0) {
        fail_malformed(place, "shape " + to_string(shape) + " has no entries");
    }
    return shape;
}

void read_opset(const onnx::ModelProto& proto, Model& model) {
    model.opset = 0;
    for (const onnx::OperatorSetIdProto& opset : proto.opset_import()) {
        if (is_default_domain(opset.domain())) {
            model.opset = opset.version();
        }
    }
    if (model.opset == 0) {
        model.opset = 1;
        model.notes.emplace_back("the file names no operator set; read as opset 1");
    }
    if (model.opset < 1 || model.opset > kNewestOpset) {
        fail_unsupported("", "opset " + std::to_string(model.opset),
                         "opsets up to " + std::to_string(kNewestOpset) + " are supported");
    }
}

onnx::ModelProto parse(Bytes file) {
    if (file.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        fail_unsupported("", "an ONNX file beyond 2 GiB", "save it with external data");
    }
    onnx::ModelProto proto;
    if (!proto.ParseFromArray(file.data(), static_cast<int>(file.size()))) {
        fail_malformed("", "not a complete ONNX model: the protobuf message is broken or cut off");
    }
    if (!proto.has_graph()) {
        fail_malformed("", "the ONNX model has no graph");
    }
    return proto;
}

}  // namespace

Model read_onnx_model(Bytes file, const FileSource& beside, const LoadOptions& options) {
    onnx::ModelProto proto = parse(file);
    onnx::GraphProto& graph = *proto.mutable_graph();
    Model model;
    model.name = graph.name();
    model.format = "onnx";
    model.batch_axis_optional = false;
    read_opset(proto, model);
    ExternalData external(beside);
    for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
        const std::string name = tensor.name();
        add_tensor(model, name, onnx_tensor(tensor, external, "tensor " + in_quotes(name)));
    }
    for (onnx::SparseTensorProto& tensor : *graph.mutable_sparse_initializer()) {
        const std::string name = tensor.values().name();
        add_tensor(model, name, onnx_sparse_tensor(tensor, external, "tensor " + in_quotes(name)));
    }
    for (onnx::NodeProto& node : *graph.mutable_node()) {
        model.nodes.push_back(node_of(node, external));
    }
    std::vector<const onnx::ValueInfoProto*> inputs;
    for (const onnx::ValueInfoProto& input : graph.input()) {
        if (!model.tensors.contains(input.name())) {  // older files list initializers as inputs too
            inputs.push_back(&input);
        }
    }
    for (const onnx::ValueInfoProto* input : inputs) {
        const bool chosen = options.input.empty() || options.input == input->name();
        if (chosen) {
            const Shape* given = user_shape(options, input->name(), inputs.size() == 1 || !options.input.empty());
            model.inputs.push_back({input->name(), input_shape(*input, given, model.notes), nullptr, nullptr});
        } else {
            model.inputs.push_back({input->name(), {}, nullptr, nullptr});
        }
    }
    for (const onnx::ValueInfoProto& output : graph.output()) {
        model.outputs.push_back(output.name());
    }
    return model;
}

}  // namespace qbound::internal
