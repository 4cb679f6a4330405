// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"
#include "report/delimited_fields.hpp"

#include <optional>
#include <string>
#include <vector>

namespace qbound::internal {

/// Reports in long form, one bound (or, with options.layers, one layer) a line. This is the line of column names.
[[nodiscard]] std::string delimited_header(Delimited kind, const RenderOptions& options);

/// The lines of one report.
[[nodiscard]] std::string delimited_rows(Delimited kind, const Report& report, const RenderOptions& options);

/// model, bits, rounding, granularity: the last three are empty where θ' came from a file, the bits also for a given step.
[[nodiscard]] std::vector<std::string> leading_fields(const ModelSummary& model, const std::optional<Quantizer>& quantizer);

}  // namespace qbound::internal
