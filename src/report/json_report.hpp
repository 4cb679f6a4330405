// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"
#include "report/json_writer.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// `report` as an object of schema qbound.report/1 (docs/report.schema.json), without a final newline.
[[nodiscard]] std::string json_report(const Report& report, const RenderOptions& options, JsonWriter::Style style);

/// Parts that other documents share: the member `key`, and the member "model".
void write_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts);
void write_shape(JsonWriter& json, std::string_view key, const Shape& shape);
void write_model(JsonWriter& json, const ModelSummary& model);
/// The members "bits" and "quantizer", null where there is none.
void write_quantizer(JsonWriter& json, const std::optional<Quantizer>& quantizer);
/// The value of "measured": what was reached, rounded down.
void write_reached(JsonWriter& json, const Reached& reached);
/// The members value, value_hex and log10 of a bound.
void write_value(JsonWriter& json, Upper value);
/// The members of a quantizer that say how it rounds, without its bits or step.
void write_rule(JsonWriter& json, const Quantizer& quantizer);

}  // namespace qbound::internal
