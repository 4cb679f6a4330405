// SPDX-License-Identifier: Apache-2.0
#include "loader/chain_builder.hpp"
#include "loader/json_tensor.hpp"
#include "loader/node_fields.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"

#include <optional>
#include <set>
#include <utility>

namespace qbound::internal {
namespace {

/// One entry of "layers": a weight layer and the activation after it.
struct Layer {
    std::string name;
    bool dense = false;
    std::int64_t fan_in = 0;  ///< of a dense layer
    std::vector<std::string> tensors;
    std::map<std::string, Attribute> attributes;
    std::string activation;  ///< operator, empty for none
    std::vector<std::string> activation_tensors;
    std::map<std::string, Attribute> activation_attributes;
};

const OperatorFields& row_of(std::string_view op) {
    const OperatorFields* row = find_operator(op);
    if (row == nullptr) {
        throw Error(ErrorKind::internal, std::string(op), "operator without a row");
    }
    return *row;
}

void read_activation(Fields& fields, TensorTable& tensors, Layer& layer) {
    const std::optional<std::string> written = fields.text("activation");
    if (!written) {
        return;
    }
    const std::optional<std::string_view> op = find_activation(*written);
    if (!op) {
        fail_unsupported(fields.place(), "activation " + in_quotes(*written) + " is not known",
                         "`inspect --operators` lists the operators; 'none' is no activation");
    }
    if (op->empty()) {
        return;
    }
    layer.activation = *op;
    layer.activation_tensors = read_tensor_fields(row_of(*op), fields, tensors, layer.name);
    layer.activation_attributes = read_attribute_fields(row_of(*op), fields);
}

Layer read_layer(JsonValue& value, std::size_t index, const Model& model, TensorTable& tensors) {
    const std::string number = std::to_string(index + 1);
    auto* object = value.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed("layer " + number, "it is " + std::string(kind_of(value)) + ", not an object");
    }
    Fields fields(*object, "layer " + number);
    Layer layer;
    layer.name = fields.text("name").value_or("layer" + number);
    if (layer.name.empty()) {
        fields.fail("name", "is empty");
    }
    fields.rename("layer " + in_quotes(layer.name));
    layer.tensors = read_tensor_fields(row_of("Gemm"), fields, tensors, layer.name);
    const Shape& shape = model.tensors.at(layer.tensors.front())->shape;
    layer.dense = shape.size() == 2;
    if (layer.dense) {
        layer.fan_in = shape[1];
        layer.attributes.emplace("transB", std::int64_t{1});
    } else if (shape.size() == 3 || shape.size() == 4) {
        layer.attributes = read_attribute_fields(row_of("Conv"), fields);
    } else {
        fields.fail("weight", "has shape " + to_string(shape) + "; 2 dimensions are a dense layer, 3 or 4 a convolution");
    }
    read_activation(fields, tensors, layer);
    fields.finish();
    return layer;
}

ModelInput input_of(JsonValue* input, const Layer& first, const FileSource& beside, const LoadOptions& options) {
    if (input != nullptr) {
        return read_input(*input, beside);
    }
    if (options.input_shape) {
        return {"input", with_batch(*options.input_shape, "--input-shape"), nullptr, nullptr};
    }
    if (!first.dense) {
        fail_malformed("layer " + in_quotes(first.name), "a convolution first, and the file does not say the input's shape",
                       "add \"input\": {\"shape\": [3,224,224]}, or give --input-shape 3,224,224");
    }
    return {"input", {1, first.fan_in}, nullptr, nullptr};
}

}  // namespace

Model read_layer_list(JsonValue::Object& document, const FileSource& beside, const LoadOptions& options) {
    Fields fields(document, "");
    Model model;
    model.format = "layer-list";
    model.name = fields.text("name").value_or("");
    (void)fields.take("comment");
    JsonValue* input = fields.take("input");
    JsonValue& entries = fields.need("layers");
    fields.finish();
    auto* list = entries.get_if<JsonValue::List>();
    if (list == nullptr) {
        fields.fail("layers", "is not a list of objects, or is empty");
    }

    TensorTable tensors(model, beside);
    std::vector<Layer> layers;
    std::set<std::string> names;
    for (std::size_t i = 0; i < list->size(); ++i) {
        layers.push_back(read_layer((*list)[i], i, model, tensors));
        if (!names.insert(layers.back().name).second) {
            fail_malformed("layer " + in_quotes(layers.back().name), "another layer has the same name");
        }
    }
    model.inputs.push_back(input_of(input, layers.front(), beside, options));
    if (!options.order.empty() || options.topology) {
        model.notes.emplace_back("--order and --topology are for weight dumps; a layer list has an order");
    }

    ChainBuilder chain(model);
    bool flat = model.inputs.front().shape.size() == 2;
    for (Layer& layer : layers) {
        if (layer.dense && !flat) {
            chain.node(layer.name + ".flatten", "Flatten");
        }
        flat = layer.dense;
        chain.node(layer.name, layer.dense ? "Gemm" : "Conv", layer.tensors, std::move(layer.attributes));
        if (!layer.activation.empty()) {
            std::string suffix = layer.activation;
            for (char& c : suffix) {
                c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            }
            chain.node(layer.name + "." + suffix, layer.activation, layer.activation_tensors,
                       std::move(layer.activation_attributes));
        }
    }
    chain.finish();
    require_unique_names(model);
    return model;
}

}  // namespace qbound::internal
