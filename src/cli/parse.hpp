// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/tensor.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Values of options, from their text. Every function throws Error{usage} at `option` ("--bits") for anything else than what it
/// says.
namespace qbound::internal {

/// A finite decimal number, read as the double nearest to it, whatever the locale.
[[nodiscard]] double parse_number(std::string_view text, std::string_view option);

/// "LO,HI" with LO ≤ HI.
[[nodiscard]] std::pair<double, double> parse_range(std::string_view text, std::string_view option);

/// "8", "2,4,8", "2..8" or a mixture, in the order given, each once; 1 to 32.
[[nodiscard]] std::vector<int> parse_bits(std::string_view text, std::string_view option);

/// A size in bits: "120KiB", "1.5MB", "900000B", "7200000bit" (k, M and G are powers of 1000, Ki, Mi and Gi of 1024); or a number
/// up to 64 without a unit, which is the average bits of each of `numbers`. Rounded down to whole bits.
[[nodiscard]] std::int64_t parse_size(std::string_view text, std::string_view option, std::int64_t numbers);

/// A whole number from 1 to `most`.
[[nodiscard]] int parse_count(std::string_view text, std::string_view option, int most);

/// "3,224,224" or "3x224x224": extents of at least 1.
[[nodiscard]] Shape parse_shape(std::string_view text, std::string_view option);

/// "a,b,c": names without empty ones.
[[nodiscard]] std::vector<std::string> parse_names(std::string_view text, std::string_view option);

/// One of `words`, as its position.
[[nodiscard]] std::size_t parse_word(std::string_view text, std::string_view option, const std::vector<std::string_view>& words);

}  // namespace qbound::internal
