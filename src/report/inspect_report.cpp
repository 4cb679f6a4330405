// SPDX-License-Identifier: Apache-2.0
#include "report/inspect_report.hpp"

#include "report/facts.hpp"
#include "report/json_report.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"
#include "report/text_table.hpp"

#include <fmt/format.h>

namespace qbound::internal {

namespace {

std::string_view kind_name(const NodeKind& kind) {
    return std::visit(overloaded{
                          [](const Input&) -> std::string_view { return "input"; },
                          [](const WeightLayer&) -> std::string_view { return "weight-layer"; },
                          [](const Diagonal&) -> std::string_view { return "diagonal"; },
                          [](const Activation&) -> std::string_view { return "activation"; },
                          [](const Sum&) -> std::string_view { return "sum"; },
                          [](const Product&) -> std::string_view { return "product"; },
                          [](const Concat&) -> std::string_view { return "concat"; },
                          [](const MaxPool&) -> std::string_view { return "max-pool"; },
                          [](const AveragePool&) -> std::string_view { return "average-pool"; },
                          [](const Select&) -> std::string_view { return "select"; },
                          [](const View&) -> std::string_view { return "view"; },
                      },
                      kind);
}

std::int64_t parameter_count(const NodeKind& kind) {
    if (const auto* layer = std::get_if<WeightLayer>(&kind)) {
        return layer->weight->size() + static_cast<std::int64_t>(layer->bias.size());
    }
    if (const auto* diagonal = std::get_if<Diagonal>(&kind)) {
        return static_cast<std::int64_t>(diagonal->scale.size() + diagonal->shift.size());
    }
    return 0;
}

std::vector<std::string> input_names(const Network& network, const Node& node) {
    std::vector<std::string> names;
    names.reserve(node.inputs.size());
    for (const NodeId id : node.inputs) {
        names.push_back(network.node(id).name);
    }
    return names;
}

std::string weight_text(const NodeKind& kind) {
    const auto* layer = std::get_if<WeightLayer>(&kind);
    if (layer == nullptr) {
        return "";
    }
    Shape shape = layer->weight->shape;
    if (layer->dense) {
        shape.resize(2);
    }
    return to_string(shape) + (layer->groups > 1 ? fmt::format(" / {} groups", layer->groups) : "");
}

}  // namespace

std::string inspect_table(const Inspection& inspection, bool color) {
    using Align = TextTable::Align;
    Facts facts(TableStyle::terminal);
    facts.add_model(inspection.model);
    for (const std::string& fold : inspection.folds) {
        facts.add("fold", fold);
    }
    for (const std::string& note : inspection.model.notes) {
        facts.add("note", note);
    }
    TextTable table({{"node"}, {"op"}, {"kind"}, {"inputs"}, {"shape"}, {"weight"}, {"parameters", Align::right}});
    for (const Node& node : inspection.network.nodes()) {
        const std::int64_t parameters = parameter_count(node.kind);
        table.add_row({{node.name},
                       {node.op},
                       {std::string(kind_name(node.kind))},
                       {join(input_names(inspection.network, node), ", ")},
                       {to_string(node.shape)},
                       {weight_text(node.kind)},
                       {parameters == 0 ? "" : grouped_thousands(parameters)}});
    }
    return facts.str() + '\n' + table.plain(color);
}

std::string inspect_json(const Inspection& inspection) {
    const Network& network = inspection.network;
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    json.key("schema").text("qbound.inspect/1");
    json.key("qbound_version").text(version());
    write_model(json, inspection.model);
    json.key("output").text(network.node(network.output()).name);
    json.key("nodes").begin_array();
    for (const Node& node : network.nodes()) {
        json.begin_object();
        json.key("name").text(node.name);
        json.key("op").text(node.op);
        json.key("kind").text(kind_name(node.kind));
        write_texts(json, "inputs", input_names(network, node));
        write_shape(json, "shape", node.shape);
        json.key("parameters").integer(parameter_count(node.kind));
        if (const auto* layer = std::get_if<WeightLayer>(&node.kind)) {
            write_shape(json, "weight_shape", layer->weight->shape);
            json.key("groups").integer(layer->groups);
            json.key("bias").boolean(!layer->bias.empty());
        }
        json.end_object();
    }
    json.end_array();
    write_texts(json, "folds", inspection.folds);
    json.end_object();
    return json.str();
}

std::string operators_table(const std::vector<std::string>& operators) {
    return join(operators, "\n") + '\n';
}

std::string operators_json(const std::vector<std::string>& operators) {
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    json.key("schema").text("qbound.operators/1");
    json.key("qbound_version").text(version());
    write_texts(json, "operators", operators);
    json.end_object();
    return json.str() + '\n';
}

}  // namespace qbound::internal
