// SPDX-License-Identifier: Apache-2.0
#include "loader/json_tensor.hpp"
#include "loader/node_fields.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"
#include "loader/topology.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace qbound::internal {
namespace {

constexpr std::string_view kFormat = "qbound-network";
constexpr std::int64_t kVersion = 1;

void check_version(Fields& fields) {
    const std::optional<std::string> format = fields.text("format");
    if (!format) {
        (void)fields.need("format");
    }
    if (*format != kFormat) {
        fields.fail("format", "is " + in_quotes(*format) + ", not '" + std::string(kFormat) + "'");
    }
    const std::optional<std::int64_t> version = fields.integer("version");
    if (!version) {
        (void)fields.need("version");
    }
    if (*version != kVersion) {
        fields.fail("version", "is " + std::to_string(*version) + "; this qbound reads version " + std::to_string(kVersion));
    }
}

using ExpectedTensors = std::map<std::string, ExpectedTensor>;

/// A tensor of a topology: {"shape": […]}, with "fill" or without; or one with data, of which the shape counts.
ExpectedTensor read_expected(JsonValue& value, const std::string& place, const FileSource& beside) {
    const auto is_given = [](const JsonMember& member) { return member.key == "data" || member.key == "npy"; };
    auto* object = value.get_if<JsonValue::Object>();
    if (object == nullptr || std::ranges::any_of(*object, is_given)) {
        return {read_tensor(value, place, beside)->shape, std::nullopt};
    }
    Fields fields(*object, place);
    const std::optional<Shape> shape = fields.integers("shape");
    if (!shape) {
        (void)fields.need("shape");
    }
    const std::optional<double> fill = fields.number("fill");
    fields.finish();
    Shape least = *shape;
    for (std::int64_t& extent : least) {
        if (extent == 0 || extent < -1) {
            fields.fail("shape", "is " + to_string(*shape) + "; extents are positive, or -1 where any is welcome");
        }
        extent = extent < 0 ? 1 : extent;
    }
    constexpr std::int64_t kMaxFilled = std::int64_t{1} << 20;
    if (checked_size(least, place) > kMaxFilled && fill) {
        fields.fail("fill", "is for tensors of at most " + std::to_string(kMaxFilled) + " entries");
    }
    if (fill && least != *shape) {
        fields.fail("fill", "needs a shape without -1");
    }
    return {*shape, fill};
}

/// With `expected` the tensors are those of a topology: the model gets stand-ins for them that have a shape and no data.
void read_tensors(Fields& fields, const FileSource& beside, Model& model, ExpectedTensors* expected) {
    JsonValue* tensors = fields.take("tensors");
    if (tensors == nullptr) {
        return;
    }
    auto* object = tensors->get_if<JsonValue::Object>();
    if (object == nullptr) {
        fields.fail("tensors", "is " + std::string(kind_of(*tensors)) + ", not an object");
    }
    for (JsonMember& member : *object) {
        const std::string place = "tensor " + in_quotes(member.key);
        if (member.key.empty()) {
            fail_malformed(place, "a tensor without a name");
        }
        if (expected != nullptr) {
            ExpectedTensor tensor = read_expected(member.value, place, beside);
            model.tensors.emplace(member.key, std::make_shared<const Tensor>(Tensor{tensor.shape, {}}));
            expected->emplace(member.key, std::move(tensor));
        } else {
            model.tensors.emplace(member.key, read_tensor(member.value, place, beside));
        }
        member.value = {};
    }
}

/// An operator that qbound does not know: kept for `lower`, which lists all of them at once.
void read_unknown(Fields& fields, ModelNode& node) {
    for (const JsonMember* member : fields.rest()) {
        if (auto attribute = to_attribute(member->value)) {
            node.attributes.emplace(member->key, std::move(*attribute));
        }
    }
}

ModelNode read_node(JsonValue& value, std::size_t index, TensorTable& tensors) {
    std::string place = "node " + std::to_string(index);
    auto* object = value.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed(place, "it is " + std::string(kind_of(value)) + ", not an object");
    }
    Fields fields(*object, std::move(place));
    ModelNode node;
    node.name = fields.text("name").value_or("");
    if (node.name.empty()) {
        fail_malformed(fields.place(), "it has no name");
    }
    fields.rename("node " + in_quotes(node.name));
    node.op = fields.text("op").value_or("");
    if (node.op.empty()) {
        fail_malformed(fields.place(), "it has no operator (field 'op')");
    }
    node.inputs = fields.texts("inputs").value_or(std::vector<std::string>{});
    node.outputs = {node.name};
    const OperatorFields* op = find_operator(node.op);
    if (op == nullptr) {
        read_unknown(fields, node);
        return node;
    }
    if (node.inputs.size() < op->min_inputs || node.inputs.size() > op->max_inputs) {
        fail_malformed(fields.place(),
                       node.op + " takes " + std::to_string(op->min_inputs) + (op->max_inputs > op->min_inputs ? " or more" : "") +
                           (op->max_inputs == 1 ? " input" : " inputs") + ", not " + std::to_string(node.inputs.size()));
    }
    for (std::string& tensor : read_tensor_fields(*op, fields, tensors, node.name)) {
        node.inputs.push_back(std::move(tensor));
    }
    node.attributes = read_attribute_fields(*op, fields);
    fields.finish(node.op + " does not have it");
    return node;
}

void read_nodes(Fields& fields, const FileSource& beside, Model& model) {
    JsonValue& nodes = fields.need("nodes");
    auto* list = nodes.get_if<JsonValue::List>();
    if (list == nullptr) {
        fields.fail("nodes", "is not a list of objects, or is empty");
    }
    TensorTable tensors(model, beside);
    for (std::size_t i = 0; i < list->size(); ++i) {
        model.nodes.push_back(read_node((*list)[i], i, tensors));
    }
    require_unique_names(model);
}

Model read_graph(JsonValue::Object& document, const FileSource& beside, ExpectedTensors* expected) {
    Fields fields(document, "");
    Model model;
    model.format = "manifest";
    check_version(fields);
    model.name = fields.text("name").value_or("");
    model.inputs.push_back(read_input(fields.need("input"), beside));
    const std::optional<std::string> output = fields.text("output");
    if (!output) {
        (void)fields.need("output");
    }
    model.outputs = {*output};
    (void)fields.take("comment");
    read_tensors(fields, beside, model, expected);
    read_nodes(fields, beside, model);
    fields.finish();
    return model;
}

}  // namespace

Model read_manifest(JsonValue::Object& document, const FileSource& beside, const LoadOptions& options) {
    Model model = read_graph(document, beside, nullptr);
    if (!options.order.empty() || options.input_shape || options.topology) {
        model.notes.emplace_back("--order, --input-shape and --topology are for weight dumps; this manifest says all that itself");
    }
    return model;
}

Topology read_topology(JsonValue::Object& document, const FileSource& beside) {
    Topology topology;
    topology.graph = read_graph(document, beside, &topology.tensors);
    for (const auto& [name, expected] : topology.tensors) {
        topology.graph.tensors.erase(name);
    }
    return topology;
}

}  // namespace qbound::internal
