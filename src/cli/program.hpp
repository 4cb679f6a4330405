// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace qbound::internal {

/// The whole program: finds the command, runs it, and turns every failure into one line on standard error and an exit status.
/// `arguments` come without the program's name.
[[nodiscard]] int run_program(const std::vector<std::string>& arguments);

}  // namespace qbound::internal
