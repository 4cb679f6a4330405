// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"

#include <string>

namespace qbound::internal {

/// SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256(Bytes bytes);

}  // namespace qbound::internal
