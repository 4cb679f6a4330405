// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"
#include "report/delimited_fields.hpp"

#include <string>

namespace qbound::internal {

/// Reports in long form, one bound (or, with options.layers, one layer) a line. This is the line of column names.
[[nodiscard]] std::string delimited_header(Delimited kind, const RenderOptions& options);

/// The lines of one report.
[[nodiscard]] std::string delimited_rows(Delimited kind, const Report& report, const RenderOptions& options);

}  // namespace qbound::internal
