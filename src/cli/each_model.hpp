// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "cli/exit_code.hpp"

#include <functional>
#include <string>
#include <vector>

namespace qbound::internal {

/// Runs `work` on every model. One that cannot be read or expressed is reported on standard error, and the rest still run; the exit
/// code is that of the first failure. Wrong usage ends the whole run.
[[nodiscard]] ExitCode for_each_model(const std::vector<std::string>& models, Console& console,
                                      const std::function<ExitCode(const std::string&)>& work);

}  // namespace qbound::internal
