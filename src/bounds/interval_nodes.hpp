// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bounds/differential.hpp"

#include <vector>

namespace qbound::internal {

// The interval domain's functions of single node kinds. Each fills `out`, already of the node's size and classes.

void max_pool_intervals(const MaxPool& pool, const DifferentialIntervals& in, DifferentialIntervals& out);
void average_pool_intervals(const AveragePool& pool, const DifferentialIntervals& in, DifferentialIntervals& out);
void concat_intervals(const Concat& concat, const std::vector<const DifferentialIntervals*>& inputs, DifferentialIntervals& out);
void select_intervals(const Select& select, const DifferentialIntervals& in, DifferentialIntervals& out);
void view_intervals(const DifferentialIntervals& in, DifferentialIntervals& out);

/// The same values on finer classes.
[[nodiscard]] DifferentialIntervals regrid(const DifferentialIntervals& in, const Grid& grid);

}  // namespace qbound::internal
