// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/error.hpp"

#include <string>
#include <string_view>

namespace qbound::internal {

/// `name` in single quotes, fit for one line of a message: control characters become '?', and long names are cut.
[[nodiscard]] std::string in_quotes(std::string_view name);

/// "outer: inner", or the one that is not empty.
[[nodiscard]] std::string join_place(std::string_view outer, std::string_view inner);

/// True if `a` stands before `b` when runs of digits compare as numbers (conv2 before conv10).
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b) noexcept;

/// The shortest decimal that denotes `value`: "1e-05".
[[nodiscard]] std::string short_decimal(double value);

[[noreturn]] void fail_malformed(std::string place, std::string reason, std::string hint = {});
[[noreturn]] void fail_unsupported(std::string place, std::string reason, std::string hint = {});

}  // namespace qbound::internal
