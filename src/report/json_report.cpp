// SPDX-License-Identifier: Apache-2.0
#include "report/json_report.hpp"

#include "report/layers.hpp"
#include "report/numbers.hpp"
#include "report/words.hpp"

namespace qbound::internal {

void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
    json.key(key).begin_array();
    for (const std::string& text : texts) {
        json.text(text);
    }
    json.end_array();
}

void write_shape(JsonWriter& json, std::string_view key, const Shape& shape) {
    json.key(key).begin_row();
    for (const std::int64_t extent : shape) {
        json.integer(extent);
    }
    json.end_array();
}

void write_model(JsonWriter& json, const ModelSummary& model) {
    json.key("model").begin_object();
    json.key("name").text(model.name);
    json.key("file").text(model.file);
    json.key("format").text(model.format);
    json.key("sha256").text(model.sha256);
    json.key("parameters").integer(model.parameters);
    json.key("weight_layers").integer(model.weight_layers);
    json.key("depth").integer(model.depth);
    json.key("max_width").integer(model.max_width);
    write_shape(json, "input_shape", model.input_shape);
    json.key("input_box").text(model.input_box);
    json.key("D").upper(model.D);
    json.key("topology").text(model.topology);
    write_texts(json, "notes", model.notes);
    json.end_object();
}

void write_value(JsonWriter& json, Upper value) {
    json.key("value").upper(value.value_up());
    json.key("value_hex").text(hexadecimal(value.value_up()));
    json.key("log10").upper(value.log10_up());
}

void write_rule(JsonWriter& json, const Quantizer& quantizer) {
    json.key("rounding").text(word(quantizer.rounding));
    json.key("granularity").text(word(quantizer.granularity));
    json.key("symmetric").boolean(quantizer.symmetric);
    json.key("ties").text(word(quantizer.ties));
    json.key("quantize_biases").boolean(quantizer.quantize_biases);
}

void write_quantizer(JsonWriter& json, const std::optional<Quantizer>& quantizer) {
    json.key("bits");
    if (quantizer && !quantizer->eta) {
        json.integer(quantizer->bits);
    } else {
        json.null();
    }
    json.key("quantizer");
    if (!quantizer) {
        json.null();
        return;
    }
    json.begin_object();
    write_rule(json, *quantizer);
    if (quantizer->eta) {
        json.key("eta").exact(*quantizer->eta);
    }
    if (!quantizer->bits_by_layer.empty()) {
        json.key("bits_by_layer").begin_object();
        for (const auto& [layer, bits] : quantizer->bits_by_layer) {
            json.key(layer).integer(bits);
        }
        json.end_object();
    }
    json.end_object();
}

void write_reached(JsonWriter& json, const Reached& reached) {
    json.begin_object();
    json.key("value").lower(reached.value);
    json.key("value_hex").text(hexadecimal(reached.value));
    json.key("log10").lower(reached.log10_down());
    json.key("guarantee").text(to_string(reached.guarantee));
    json.key("enclosure_width").upper(reached.width);
    json.key("output").integer(static_cast<std::int64_t>(reached.witness.output));
    json.key("evaluations").integer(reached.witness.evaluations);
    json.end_object();
}

namespace {

void write_root(JsonWriter& json, std::string_view key, Upper power, std::int64_t depth) {
    json.key(key);
    if (const auto root = root_up(power, depth - 1)) {
        json.upper(*root);
    } else {
        json.null();
    }
}

void write_constants(JsonWriter& json, const PathConstants& constants) {
    json.key("constants").begin_object();
    json.key("L").integer(constants.L);
    json.key("N").integer(constants.N);
    json.key("D").upper(constants.D);
    json.key("delta").upper(constants.delta);
    json.key("r").upper(constants.r.value_up());
    write_root(json, "r_mean", constants.r_mean_power, constants.L);
    write_root(json, "r_conv", constants.r_conv_power, constants.L);
    json.key("width_sum").integer(constants.width_sum);
    json.key("fan_in_sum").integer(constants.fan_in_sum);
    json.key("fan_in_max").integer(constants.fan_in_max);
    json.key("fan_in_sum_paper").integer(constants.fan_in_sum_paper);
    json.key("fan_in_max_paper").integer(constants.fan_in_max_paper);
    json.end_object();
}

void write_bound(JsonWriter& json, const Bound& bound) {
    json.begin_object();
    json.key("method").text(bound.method);
    write_value(json, bound.value);
    json.key("guarantee").text(to_string(bound.guarantee));
    write_texts(json, "reasons", bound.reasons);
    json.end_object();
}

void write_best(JsonWriter& json, const Result& result) {
    json.key("best");
    if (!result.best) {
        json.null();
        return;
    }
    const Bound& bound = result.bounds[*result.best];
    json.begin_object();
    json.key("method").text(bound.method);
    write_value(json, bound.value);
    json.end_object();
}

/// One step as a number, one per channel as an array, none (θ' from a file) as null.
void write_etas(JsonWriter& json, const std::vector<double>& etas) {
    json.key("eta");
    if (etas.empty()) {
        json.null();
        return;
    }
    if (etas.size() == 1) {
        json.exact(etas.front());
        return;
    }
    json.begin_row();
    for (const double eta : etas) {
        json.exact(eta);
    }
    json.end_array();
}

void write_layer(JsonWriter& json, const LayerReport& layer) {
    json.begin_object();
    json.key("name").text(layer.name);
    json.key("op").text(layer.op);
    write_shape(json, "shape", layer.shape);
    json.key("fan_in").integer(layer.fan_in);
    json.key("fan_in_paper").integer(layer.fan_in_paper);
    json.key("norm_inf").upper(layer.norm_inf.value_up());
    json.key("norm_inf_quantized").upper(layer.norm_inf_quantized.value_up());
    json.key("delta_norm_inf").upper(layer.delta_norm_inf.value_up());
    if (layer.norm_2) {
        json.key("norm_2").upper(layer.norm_2->value_up());
        json.key("delta_norm_2").upper(layer.delta_norm_2->value_up());
    }
    write_etas(json, layer.etas);
    json.key("bits");
    if (layer.bits == 0) {
        json.null();
    } else {
        json.integer(layer.bits);
    }
    json.key("max_abs_delta").upper(layer.max_abs_delta);
    json.key("max_abs_bias_delta").upper(layer.max_abs_bias_delta);
    if (layer.share) {
        json.key("share").exact(*layer.share);
    }
    json.end_object();
}

void write_result(JsonWriter& json, const Result& result, const RenderOptions& options) {
    json.begin_object();
    write_quantizer(json, result.quantizer);
    json.key("convention").text(word(result.convention));
    json.key("delta").upper(result.delta);
    write_constants(json, result.constants);
    json.key("bounds").begin_array();
    for (const Bound& bound : result.bounds) {
        write_bound(json, bound);
    }
    json.end_array();
    write_best(json, result);
    if (result.reached) {
        json.key("measured");
        write_reached(json, *result.reached);
        json.key("gap_decades").upper(result.gap_up());
    }
    write_texts(json, "left_out", result.left_out);
    json.key("layers").begin_array();
    for (const LayerReport* layer : selected_layers(result, options)) {
        write_layer(json, *layer);
    }
    json.end_array();
    json.end_object();
}

}  // namespace

std::string json_report(const Report& report, const RenderOptions& options, JsonWriter::Style style) {
    JsonWriter json(style);
    json.begin_object();
    json.key("schema").text("qbound.report/1");
    json.key("qbound_version").text(version());
    write_model(json, report.model);
    json.key("results").begin_array();
    for (const Result& result : report.results) {
        write_result(json, result, options);
    }
    json.end_array();
    json.end_object();
    return json.str();
}

}  // namespace qbound::internal
