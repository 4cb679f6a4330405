// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Typed reading of a node's attributes. Error{malformed} naming the node where an attribute has another type.
namespace qbound::internal {

[[nodiscard]] bool has_attribute(const ModelNode& node, const std::string& name);

[[nodiscard]] std::int64_t integer_attribute(const ModelNode& node, const std::string& name, std::int64_t fallback);

/// A finite number, integer or not.
[[nodiscard]] double number_attribute(const ModelNode& node, const std::string& name, double fallback);

/// A number that may be infinite, but not NaN.
[[nodiscard]] double limit_attribute(const ModelNode& node, const std::string& name, double fallback);

[[nodiscard]] std::string string_attribute(const ModelNode& node, const std::string& name, std::string_view fallback);

[[nodiscard]] std::optional<std::vector<std::int64_t>> integers_attribute(const ModelNode& node, const std::string& name);

/// `count` integers, or that many times `fallback` where the attribute is missing.
[[nodiscard]] std::vector<std::int64_t> integers_attribute(const ModelNode& node, const std::string& name, std::size_t count,
                                                           std::int64_t fallback);

}  // namespace qbound::internal
