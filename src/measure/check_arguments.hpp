// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measure.hpp"

#include <cstdint>
#include <span>

namespace qbound::internal {

/// Error{malformed} unless x is `batch` finite inputs of the network.
void check_input(const Network& network, std::span<const double> x, std::int64_t batch);

/// Error{usage} unless the parameters are those of the network; Error{unsupported} if a value of `batch` samples is too large.
void check_parameters(const Network& network, const Parameters& parameters, std::int64_t batch);

}  // namespace qbound::internal
