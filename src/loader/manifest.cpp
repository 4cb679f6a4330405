// SPDX-License-Identifier: Apache-2.0
#include "loader/json_tensor.hpp"
#include "loader/node_fields.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"

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

void read_tensors(Fields& fields, const FileSource& beside, Model& model) {
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
        model.tensors.emplace(member.key, read_tensor(member.value, place, beside));
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

}  // namespace

Model read_manifest(JsonValue::Object& document, const FileSource& beside, const LoadOptions& options) {
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
    read_tensors(fields, beside, model);
    read_nodes(fields, beside, model);
    fields.finish();
    if (!options.order.empty() || options.input_shape) {
        model.notes.emplace_back("--order and --input-shape are for weight dumps; this manifest says both itself");
    }
    return model;
}

}  // namespace qbound::internal
