// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/guarantee.hpp"
#include "qbound/measurement.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

enum class Direction { nearest, up, down };  ///< how a number is rounded when it is printed

/// One number of a measurement, under a stable name.
struct Quantity {
    std::string_view name;
    Guarantee guarantee;
    double value;
    Direction direction;
    std::string details;
};

/// All numbers of a measurement in a fixed order: what CSV and --print give.
[[nodiscard]] std::vector<Quantity> quantities(const Measurement& measurement);

/// Nodes in the order that --sort asks for ("" is max_abs), at most `top` (0 is all).
[[nodiscard]] std::vector<const NodeError*> selected_nodes(const MeasureReport& report, const Measurement& measurement,
                                                           std::string_view sort, std::size_t top);

}  // namespace qbound::internal
