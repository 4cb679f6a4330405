// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/report.hpp"
#include "report/json_writer.hpp"

#include <string>
#include <vector>

namespace qbound::internal {

/// What was understood of a model: no weights, no bounds.
struct Inspection {
    ModelSummary model;
    const Network& network;
    std::vector<std::string> folds;
};

[[nodiscard]] std::string inspect_table(const Inspection& inspection, bool color);
/// Schema qbound.inspect/1, without a final newline.
[[nodiscard]] std::string inspect_json(const Inspection& inspection);

/// The operators that models may use.
[[nodiscard]] std::string operators_table(const std::vector<std::string>& operators);
[[nodiscard]] std::string operators_json(const std::vector<std::string>& operators);

}  // namespace qbound::internal
