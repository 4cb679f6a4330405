// SPDX-License-Identifier: Apache-2.0
#include "loader/endpoints.hpp"
#include "loader/onnx_tensor.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_set>

namespace qbound::internal {
namespace {

constexpr std::int64_t kNewestOpset = 21;

enum AttributeType { kFloat = 1, kInt, kString, kTensor, kGraph, kFloats, kInts, kStrings, kTensors, kGraphs, kSparse, kOther };

/// The types whose fields are there.
std::vector<int> present_types(const onnx::AttributeProto& attribute) {
    std::vector<int> types;
    const auto add = [&types](bool present, int type) {
        if (present) {
            types.push_back(type);
        }
    };
    add(attribute.has_f(), kFloat);
    add(attribute.has_i(), kInt);
    add(attribute.has_s(), kString);
    add(attribute.has_t(), kTensor);
    add(attribute.has_g(), kGraph);
    add(attribute.floats_size() > 0, kFloats);
    add(attribute.ints_size() > 0, kInts);
    add(attribute.strings_size() > 0, kStrings);
    add(attribute.tensors_size() > 0, kTensors);
    add(attribute.graphs_size() > 0, kGraphs);
    add(attribute.has_sparse_tensor(), kSparse);
    add(attribute.sparse_tensors_size() > 0 || attribute.has_tp() || attribute.type_protos_size() > 0, kOther);
    return types;
}

/// The attribute's type; files older than its field are typed by what is there. A field may be missing where it is 0 or empty.
/// Errors: Error{malformed} where the type and the fields disagree; Error{unsupported} for a reference to a function's attribute.
int type_of(const onnx::AttributeProto& attribute, const std::string& place) {
    const std::string what = place + ": attribute " + in_quotes(attribute.name());
    if (!attribute.ref_attr_name().empty()) {
        fail_unsupported(what, "a reference to an attribute of a function");
    }
    const std::vector<int> present = present_types(attribute);
    const bool typed = attribute.has_type() && attribute.type() != 0;
    const int type = typed ? attribute.type() : (present.empty() ? kInts : present.front());
    if (present.size() > 1 || (!present.empty() && present.front() != std::min(type, static_cast<int>(kOther)))) {
        fail_malformed(what, "its type and its value disagree");
    }
    return type;
}

/// The value; what Model has no type for (graphs, lists of strings) is there as a text in parentheses, which no operator takes.
Attribute attribute_of(onnx::AttributeProto& attribute, ExternalData& external, const std::string& place) {
    switch (type_of(attribute, place)) {
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

/// Operators that the file defines itself, as "domain.name". They take precedence over the standard ones of that name.
using Functions = std::unordered_set<std::string>;

std::string domain_and_name(const std::string& domain, const std::string& name) {
    return (is_default_domain(domain) ? "" : domain) + "." + name;
}

ModelNode node_of(onnx::NodeProto& proto, const Functions& functions, ExternalData& external) {
    ModelNode node{.name = proto.name(),
                   .op = is_default_domain(proto.domain()) ? proto.op_type() : proto.domain() + "." + proto.op_type(),
                   .inputs = {proto.input().begin(), proto.input().end()},
                   .outputs = {proto.output().begin(), proto.output().end()},
                   .attributes = {}};
    if (functions.contains(domain_and_name(proto.domain(), proto.op_type()))) {
        node.op = "function " + node.op;  // no operator is named so: lowering refuses it by name
    }
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
            if (model.opset != 0 && model.opset != opset.version()) {
                fail_malformed("", "the file imports two versions of ONNX's operators");
            }
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
    Functions functions;
    for (const onnx::FunctionProto& function : proto.functions()) {
        functions.insert(domain_and_name(function.domain(), function.name()));
    }
    for (onnx::NodeProto& node : *graph.mutable_node()) {
        model.nodes.push_back(node_of(node, functions, external));
    }
    std::map<std::string, const onnx::ValueInfoProto*> inputs;
    for (const onnx::ValueInfoProto& input : graph.input()) {
        if (!model.tensors.contains(input.name())) {  // older files list initializers as inputs too
            inputs.emplace(input.name(), &input);
            model.inputs.push_back({input.name(), {}, nullptr, nullptr});
        }
    }
    for (const auto& [name, shape] : options.input_shapes) {
        if (!inputs.contains(name)) {
            throw Error(ErrorKind::usage, "--input-shape", "no input is named " + in_quotes(name));
        }
    }
    for (const onnx::ValueInfoProto& output : graph.output()) {
        model.outputs.push_back(output.name());
    }
    choose_endpoints(model, options);  // what is not chosen may have a shape that is open
    for (ModelInput& input : model.inputs) {
        const Shape* given = user_shape(options, input.name, model.inputs.size() == 1);
        input.shape = input_shape(*inputs.at(input.name), given, model.notes);
    }
    return model;
}

}  // namespace qbound::internal
