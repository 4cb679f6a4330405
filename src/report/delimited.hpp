// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"

#include <string>
#include <vector>

namespace qbound::internal {

/// Rows in long form, one bound (or, with options.layers, one layer) each. CSV quotes as in RFC 4180 with LF line ends; TSV
/// replaces tabs and line ends within a field by \t and \n.
enum class Delimited { csv, tsv };

/// One line of these fields.
[[nodiscard]] std::string delimited_line(Delimited kind, const std::vector<std::string>& fields);

/// The line of column names.
[[nodiscard]] std::string delimited_header(Delimited kind, const RenderOptions& options);

/// The lines of one report.
[[nodiscard]] std::string delimited_rows(Delimited kind, const Report& report, const RenderOptions& options);

}  // namespace qbound::internal
