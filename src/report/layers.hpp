// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"

#include <string>
#include <vector>

namespace qbound::internal {

/// The layers of `result` in the order and number that `options` ask for.
[[nodiscard]] std::vector<const LayerReport*> selected_layers(const Result& result, const RenderOptions& options);

/// Error{usage} unless `column` is empty or one of layer_columns().
void check_sort_column(const std::string& column);

/// "0.0123", or "0.0011..0.0123" for several steps; "-" for none.
[[nodiscard]] std::string eta_text(const LayerReport& layer);

}  // namespace qbound::internal
