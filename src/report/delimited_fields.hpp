// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace qbound::internal {

/// CSV quotes as in RFC 4180 with LF line ends; TSV replaces tabs and line ends within a field by \t and \n.
enum class Delimited { csv, tsv };

/// One line, ending in LF. Fields become valid UTF-8.
[[nodiscard]] std::string delimited_line(Delimited kind, const std::vector<std::string>& fields);

}  // namespace qbound::internal
