// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measure.hpp"

#include <span>

namespace qbound::internal {

/// Errors: those of approx_evaluate for arguments that do not fit the network, inputs that are not finite, and values that are too
/// large.
void check_arguments(const Network& network, const Parameters& parameters, std::span<const double> x);

}  // namespace qbound::internal
