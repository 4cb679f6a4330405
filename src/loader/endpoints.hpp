// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"

namespace qbound::internal {

/// Applies LoadOptions::input and LoadOptions::output to a model of several: the chosen ones stay. Where there are several inputs,
/// those that the output does not need are left out with the nodes that read them. Errors: Error{usage} for a name that does not
/// exist, or an input that the output does not need.
void choose_endpoints(Model& model, const LoadOptions& options);

}  // namespace qbound::internal
