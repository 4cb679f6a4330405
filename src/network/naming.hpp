// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace qbound::internal {

/// 'name', as messages show it: control characters escaped, so that a message stays one line, and very long names cut.
[[nodiscard]] std::string quoted(std::string_view name);

/// node 'name': the place of an error.
[[nodiscard]] std::string node_place(std::string_view name);

}  // namespace qbound::internal
