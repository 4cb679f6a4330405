// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace qbound::internal {

/// The JSON object {"layer": bits, …} in the file `path`. Errors: Error{malformed} naming the file.
[[nodiscard]] std::map<std::string, int> read_bits_map(const std::string& path);

}  // namespace qbound::internal
