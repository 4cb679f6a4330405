// SPDX-License-Identifier: Apache-2.0
#include "network/attributes.hpp"

#include "network/naming.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <cmath>

namespace qbound::internal {

namespace {

[[noreturn]] void wrong(const ModelNode& node, const std::string& name, std::string_view what) {
    throw Error(ErrorKind::malformed, node_place(node.name), fmt::format("attribute {} is not {}", quoted(name), what));
}

const Attribute* find(const ModelNode& node, const std::string& name) {
    const auto found = node.attributes.find(name);
    return found == node.attributes.end() ? nullptr : &found->second;
}

}  // namespace

bool has_attribute(const ModelNode& node, const std::string& name) {
    return find(node, name) != nullptr;
}

std::int64_t integer_attribute(const ModelNode& node, const std::string& name, std::int64_t fallback) {
    const Attribute* attribute = find(node, name);
    if (attribute == nullptr) {
        return fallback;
    }
    if (const auto* value = std::get_if<std::int64_t>(attribute)) {
        return *value;
    }
    wrong(node, name, "an integer");
}

double limit_attribute(const ModelNode& node, const std::string& name, double fallback) {
    const Attribute* attribute = find(node, name);
    if (attribute == nullptr) {
        return fallback;
    }
    if (const auto* value = std::get_if<std::int64_t>(attribute)) {
        return static_cast<double>(*value);
    }
    if (const auto* value = std::get_if<double>(attribute); value != nullptr && !std::isnan(*value)) {
        return *value;
    }
    wrong(node, name, "a number");
}

double number_attribute(const ModelNode& node, const std::string& name, double fallback) {
    const double value = limit_attribute(node, name, fallback);
    if (!std::isfinite(value)) {
        wrong(node, name, "a finite number");
    }
    return value;
}

std::string string_attribute(const ModelNode& node, const std::string& name, std::string_view fallback) {
    const Attribute* attribute = find(node, name);
    if (attribute == nullptr) {
        return std::string(fallback);
    }
    if (const auto* value = std::get_if<std::string>(attribute)) {
        return *value;
    }
    wrong(node, name, "a string");
}

std::optional<std::vector<std::int64_t>> integers_attribute(const ModelNode& node, const std::string& name) {
    const Attribute* attribute = find(node, name);
    if (attribute == nullptr) {
        return std::nullopt;
    }
    if (const auto* value = std::get_if<std::vector<std::int64_t>>(attribute)) {
        return *value;
    }
    if (const auto* value = std::get_if<std::vector<double>>(attribute); value != nullptr && value->empty()) {
        return std::vector<std::int64_t>{};  // an empty list has no type of its own
    }
    wrong(node, name, "a list of integers");
}

std::vector<std::int64_t> integers_attribute(const ModelNode& node, const std::string& name, std::size_t count,
                                             std::int64_t fallback) {
    auto values = integers_attribute(node, name);
    if (!values) {
        return std::vector<std::int64_t>(count, fallback);
    }
    if (values->size() != count) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("attribute {} has {} integers instead of {}", quoted(name), values->size(), count));
    }
    return *std::move(values);
}

}  // namespace qbound::internal
