// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/allocate.hpp"
#include "qbound/report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace qbound::internal {

/// What `qbound allocate` found for one model: an allocation for a goal, or the frontier.
struct AllocateReport {
    ModelSummary model;
    AllocateOptions options;
    std::vector<std::string> left_out;  ///< methods over the operation budget
    std::vector<std::string> layers;    ///< names
    std::int64_t numbers = 0;           ///< counted_numbers
    AllocationGoal goal;
    std::optional<AllocationResult> result;
    std::vector<Allocation> frontier;  ///< where there is no result
};

/// Schema qbound.allocate/1 in JSON; in CSV and TSV one line per layer, or per point of the frontier. Ends in a newline.
/// `header`: in tables, what stands above the rows.
[[nodiscard]] std::string allocate_report(const AllocateReport& report, Format format, bool header, bool color);

/// {"layer": bits, …} as --bits-map reads it. Ends in a newline.
[[nodiscard]] std::string bits_map_json(const std::vector<std::string>& layers, const std::vector<int>& bits);

/// "1,234 bytes": whole bytes that hold so many bits.
[[nodiscard]] std::string bytes_text(std::int64_t bits);

}  // namespace qbound::internal
