// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

#include <optional>
#include <vector>

namespace qbound::internal {

/// A tensor read as values per channel of a per-sample shape [C, …]: one value for all (result of size 1), or C values, as [C],
/// [C,1,…,1] or [1,C,1,…,1]. Where the canonical view has more channels than C (rank above 3), each value is repeated. Nothing if
/// the tensor has another shape.
[[nodiscard]] std::optional<std::vector<double>> channel_values(const Tensor& tensor, const Shape& shape);

/// Entries that channel_values makes at most.
[[nodiscard]] std::int64_t channel_values_cost(const Tensor& tensor, const Shape& shape);

}  // namespace qbound::internal
