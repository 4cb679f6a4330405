// SPDX-License-Identifier: Apache-2.0
#include "loader/node_fields.hpp"

#include "loader/json_tensor.hpp"
#include "loader/text.hpp"

#include <set>
#include <utility>

namespace qbound::internal {
namespace {

std::optional<Attribute> read_attribute(const AttributeField& field, Fields& fields) {
    const auto as_attribute = [](auto&& value) { return value ? std::optional<Attribute>(std::move(*value)) : std::nullopt; };
    switch (field.type) {
        case FieldType::integer:
            return as_attribute(fields.integer(field.name));
        case FieldType::number:
            return as_attribute(fields.number(field.name));
        case FieldType::text:
            return as_attribute(fields.text(field.name));
        case FieldType::integers:
            return as_attribute(fields.integers(field.name));
    }
    return std::nullopt;
}

double as_number(const Attribute& attribute) {
    const auto* integer = std::get_if<std::int64_t>(&attribute);
    return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(attribute);
}

}  // namespace

std::string TensorTable::value_name(Fields& fields, std::string_view field, JsonValue& value, std::string_view node) {
    if (auto* reference = value.get_if<std::string>()) {
        if (!model_.tensors.contains(*reference)) {
            fields.fail(field, "names tensor " + in_quotes(*reference) + ", which the file does not have");
        }
        return std::move(*reference);
    }
    std::string name = std::string(node) + "." + std::string(field);
    while (model_.tensors.contains(name)) {
        name += '_';
    }
    TensorPtr tensor = read_tensor(value, join_place(fields.place(), std::string("field ") + in_quotes(field)), beside_);
    model_.tensors.emplace(name, std::move(tensor));
    return name;
}

std::vector<std::string> read_tensor_fields(const OperatorFields& op, Fields& fields, TensorTable& tensors, std::string_view node) {
    std::vector<std::string> names;
    for (const TensorField& field : op.tensors) {
        JsonValue* value = field.required ? &fields.need(field.name) : fields.take(field.name);
        const bool absent = value == nullptr || value->get_if<JsonValue::Null>() != nullptr;
        if (!absent) {
            names.push_back(tensors.value_name(fields, field.name, *value, node));
        } else if (field.required) {
            fields.fail(field.name, "is null");
        }
    }
    return names;
}

std::map<std::string, Attribute> read_attribute_fields(const OperatorFields& op, Fields& fields) {
    std::map<std::string, Attribute> attributes;
    for (const AttributeField& field : op.attributes) {
        std::optional<Attribute> value = read_attribute(field, fields);
        if (!value) {
            continue;
        }
        if (!field.only) {
            attributes.emplace(field.name, std::move(*value));
        } else if (as_number(*value) != *field.only) {
            fields.fail(field.name, "can only be " + std::to_string(static_cast<int>(*field.only)) + " here");
        }
    }
    if (op.op == "Gemm") {
        attributes.emplace("transB", std::int64_t{1});  // the file's weight is [out, in]
    } else if (op.op == "Concat") {
        attributes.emplace("axis", std::int64_t{1});  // channels, unless the file says otherwise
    }
    return attributes;
}

void require_unique_names(const Model& model) {
    std::set<std::string_view> names;
    for (const ModelInput& input : model.inputs) {
        names.insert(input.name);
    }
    for (const ModelNode& node : model.nodes) {
        if (!names.insert(node.name).second) {
            fail_malformed("node " + in_quotes(node.name), "another node or the input has the same name");
        }
    }
    for (const std::string_view name : names) {
        if (model.tensors.contains(std::string(name))) {
            fail_malformed("tensor " + in_quotes(name), "a node or the input has the same name");
        }
    }
}

}  // namespace qbound::internal
