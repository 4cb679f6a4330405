// SPDX-License-Identifier: Apache-2.0
#include "report/delimited.hpp"

#include "report/layers.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"
#include "report/words.hpp"

#include <fmt/format.h>

namespace qbound::internal {

namespace {

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string tsv_field(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '\t':
                escaped += "\\t";
                break;
            case '\n':
                escaped += "\\n";
                break;
            case '\r':
                escaped += "\\r";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

/// model, bits, rounding, granularity: the last three are empty where θ' came from a file, the bits also for a given step.
std::vector<std::string> leading_fields(const Report& report, const Result& result) {
    std::vector<std::string> fields{report.model.file, "", "", ""};
    if (const auto& quantizer = result.quantizer) {
        if (!quantizer->eta) {
            fields[1] = fmt::format("{}", quantizer->bits);
        }
        fields[2] = word(quantizer->rounding);
        fields[3] = word(quantizer->granularity);
    }
    return fields;
}

std::string eta_fields(const LayerReport& layer) {
    std::vector<std::string> etas;
    etas.reserve(layer.etas.size());
    for (const double eta : layer.etas) {
        etas.push_back(shortest(eta));
    }
    return join(etas, " ");
}

}  // namespace

std::string delimited_line(Delimited kind, const std::vector<std::string>& fields) {
    std::string out;
    for (const std::string& field : fields) {
        if (!out.empty() || &field != &fields.front()) {
            out += kind == Delimited::csv ? ',' : '\t';
        }
        out += kind == Delimited::csv ? csv_field(valid_utf8(field)) : tsv_field(valid_utf8(field));
    }
    return out + '\n';
}

std::string delimited_header(Delimited kind, const RenderOptions& options) {
    std::vector<std::string> names{"model", "bits", "rounding", "granularity"};
    if (options.layers) {
        names.insert(names.end(), {"name", "op", "shape", "fan_in", "fan_in_paper", "norm_inf", "norm_inf_quantized",
                                   "delta_norm_inf", "norm_2", "delta_norm_2", "eta", "layer_bits", "max_abs_delta", "max_abs_bias_delta", "share"});
    } else {
        names.insert(names.end(), {"method", "guarantee", "value", "log10", "reasons"});
    }
    return delimited_line(kind, names);
}

std::string delimited_rows(Delimited kind, const Report& report, const RenderOptions& options) {
    std::string out;
    for (const Result& result : report.results) {
        const std::vector<std::string> leading = leading_fields(report, result);
        if (options.layers) {
            for (const LayerReport* layer : selected_layers(result, options)) {
                std::vector<std::string> fields = leading;
                fields.insert(fields.end(),
                              {layer->name, layer->op, to_string(layer->shape), fmt::format("{}", layer->fan_in),
                               fmt::format("{}", layer->fan_in_paper), round_trip_up(layer->norm_inf.value_up()),
                               round_trip_up(layer->norm_inf_quantized.value_up()), round_trip_up(layer->delta_norm_inf.value_up()),
                               layer->norm_2 ? round_trip_up(layer->norm_2->value_up()) : "",
                               layer->delta_norm_2 ? round_trip_up(layer->delta_norm_2->value_up()) : "", eta_fields(*layer), layer->bits == 0 ? "" : fmt::format("{}", layer->bits),
                               round_trip_up(layer->max_abs_delta), round_trip_up(layer->max_abs_bias_delta),
                               layer->share ? shortest(*layer->share) : ""});
                out += delimited_line(kind, fields);
            }
            continue;
        }
        for (const Bound& bound : result.bounds) {
            std::vector<std::string> fields = leading;
            fields.insert(fields.end(),
                          {bound.method, std::string(to_string(bound.guarantee)), round_trip_up(bound.value.value_up()),
                           round_trip_up(bound.value.log10_up()), join(bound.reasons, "; ")});
            out += delimited_line(kind, fields);
        }
    }
    return out;
}

}  // namespace qbound::internal
