// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"
#include "report/facts.hpp"

#include <string>

namespace qbound::internal {

/// One report for people: what was bounded, the table of methods, the best bound, and what `options` add.
[[nodiscard]] std::string table_report(const Report& report, const RenderOptions& options, TableStyle style);

}  // namespace qbound::internal
