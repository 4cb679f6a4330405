// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measurement.hpp"
#include "report/document.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// What `measure` says of one model: schema qbound.measure/1 (docs/measure.schema.json), a table with one row per quantizer and what
/// belongs to it below, or lines. RenderOptions::layers adds where the error arises; in CSV and TSV it takes the place of the rest.
class PrintableMeasure : public Printable {
  public:
    PrintableMeasure(const MeasureReport& report, bool outputs) : report_(report), outputs_(outputs) {}
    [[nodiscard]] std::string table(const RenderOptions& options, TableStyle style) const override;
    [[nodiscard]] std::string json(const RenderOptions& options, JsonWriter::Style style) const override;
    [[nodiscard]] std::string header(const RenderOptions& options, Delimited kind) const override;
    [[nodiscard]] std::string rows(const RenderOptions& options, Delimited kind) const override;
    [[nodiscard]] std::string bare(std::string_view number) const override;

  private:
    const MeasureReport& report_;
    bool outputs_;  ///< the errors of single outputs too
};

/// Names that --sort takes for the nodes of `measure`; the order is by max_abs without it.
[[nodiscard]] std::vector<std::string> node_columns();
/// Names that --print takes for `measure`.
[[nodiscard]] std::vector<std::string_view> measured_numbers();

/// "8 bits, round", "step" or "given": how a result is told from the others.
[[nodiscard]] std::string quantizer_label(const std::optional<Quantizer>& quantizer);

}  // namespace qbound::internal
