// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// Names come out of files that anyone may have written: what a terminal or a parser would act on is made visible instead.
namespace qbound::internal {

/// `text` with U+FFFD in place of every byte that is not part of well-formed UTF-8.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// One line, safe for a terminal: valid UTF-8, control characters as \xNN (C1 controls included).
[[nodiscard]] std::string one_line(std::string_view text);

/// Characters, as far as columns of a table are concerned: code points of valid UTF-8.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

}  // namespace qbound::internal
