// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/lower.hpp"

#include <optional>
#include <string>

namespace qbound::test {

/// The folder that the environment variable QBOUND_SHARED_MODELS names: real trained networks, which the project does not ship.
[[nodiscard]] std::optional<std::string> shared_models();

/// The network of a manifest in that folder.
[[nodiscard]] Network load_shared_model(const std::string& folder, const std::string& name);

}  // namespace qbound::test
