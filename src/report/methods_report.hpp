// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// The registry of methods, for people and for programs.
namespace qbound::internal {

[[nodiscard]] std::string methods_table();
[[nodiscard]] std::string methods_json();
/// The table of the README.
[[nodiscard]] std::string methods_markdown();

}  // namespace qbound::internal
