// SPDX-License-Identifier: Apache-2.0
#include "loader/json_fields.hpp"

#include "loader/text.hpp"

#include <cmath>
#include <utility>

namespace qbound::internal {
namespace {

std::optional<std::vector<std::int64_t>> to_integers(const Tensor& array) {
    if (array.shape.size() != 1) {
        return std::nullopt;
    }
    std::vector<std::int64_t> integers;
    integers.reserve(array.data.size());
    for (const double entry : array.data) {
        const auto integer = to_integer(entry);
        if (!integer) {
            return std::nullopt;
        }
        integers.push_back(*integer);
    }
    return integers;
}

}  // namespace

std::optional<std::int64_t> to_integer(double value) noexcept {
    // The bound keeps the conversion defined, and integers exact.
    return std::abs(value) <= 0x1p53 && std::trunc(value) == value ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
}

Fields::Fields(JsonValue::Object& object, std::string place)
    : object_(object), taken_(object.size(), false), place_(std::move(place)) {}

JsonValue* Fields::take(std::string_view name) {
    for (std::size_t i = 0; i < object_.size(); ++i) {
        if (object_[i].key == name) {
            taken_[i] = true;
            return &object_[i].value;
        }
    }
    return nullptr;
}

JsonValue& Fields::need(std::string_view name) {
    JsonValue* value = take(name);
    if (value == nullptr) {
        fail_malformed(place_, "field " + in_quotes(name) + " is missing");
    }
    return *value;
}

void Fields::fail(std::string_view name, const std::string& reason) const {
    fail_malformed(place_, "field " + in_quotes(name) + " " + reason);
}

std::optional<std::string> Fields::text(std::string_view name) {
    JsonValue* value = take(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    auto* text = value->get_if<std::string>();
    if (text == nullptr) {
        fail(name, "is " + std::string(kind_of(*value)) + ", not a string");
    }
    return std::move(*text);
}

std::optional<double> Fields::number(std::string_view name) {
    JsonValue* value = take(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto* number = value->get_if<double>();
    if (number == nullptr) {
        fail(name, "is " + std::string(kind_of(*value)) + ", not a number");
    }
    return *number;
}

std::optional<std::int64_t> Fields::integer(std::string_view name) {
    JsonValue* value = take(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (const auto* flag = value->get_if<bool>()) {
        return *flag ? 1 : 0;
    }
    const auto* number = value->get_if<double>();
    const auto integer = number != nullptr ? to_integer(*number) : std::nullopt;
    if (!integer) {
        fail(name, "is not an integer");
    }
    return integer;
}

std::optional<std::vector<std::int64_t>> Fields::integers(std::string_view name) {
    JsonValue* value = take(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto* array = value->get_if<JsonValue::Array>();
    auto integers = array != nullptr ? to_integers(**array) : std::nullopt;
    if (!integers) {
        fail(name, "is not a list of integers");
    }
    return integers;
}

std::optional<std::vector<std::string>> Fields::texts(std::string_view name) {
    JsonValue* value = take(name);
    if (value == nullptr) {
        return std::nullopt;
    }
    std::vector<std::string> texts;
    if (const auto* empty = value->get_if<JsonValue::Array>(); empty != nullptr && (*empty)->data.empty()) {
        return texts;
    }
    auto* list = value->get_if<JsonValue::List>();
    if (list == nullptr) {
        fail(name, "is not a list of strings");
    }
    for (JsonValue& entry : *list) {
        auto* text = entry.get_if<std::string>();
        if (text == nullptr) {
            fail(name, "is not a list of strings");
        }
        texts.push_back(std::move(*text));
    }
    return texts;
}

void Fields::finish(std::string_view hint) const {
    for (std::size_t i = 0; i < object_.size(); ++i) {
        if (!taken_[i]) {
            fail_malformed(place_, "unknown field " + in_quotes(object_[i].key), std::string(hint));
        }
    }
}

std::vector<JsonMember*> Fields::rest() {
    std::vector<JsonMember*> members;
    for (std::size_t i = 0; i < object_.size(); ++i) {
        if (!taken_[i]) {
            taken_[i] = true;
            members.push_back(&object_[i]);
        }
    }
    return members;
}

std::optional<Attribute> to_attribute(const JsonValue& value) {
    if (const auto* flag = std::get_if<bool>(&value.value)) {
        return std::int64_t{*flag};
    }
    if (const auto* number = std::get_if<double>(&value.value)) {
        const auto integer = to_integer(*number);
        return integer ? Attribute(*integer) : Attribute(*number);
    }
    if (const auto* text = std::get_if<std::string>(&value.value)) {
        return *text;
    }
    if (const auto* array = std::get_if<JsonValue::Array>(&value.value)) {
        if (auto integers = to_integers(**array)) {
            return std::move(*integers);
        }
        return (*array)->shape.size() == 1 ? Attribute((*array)->data) : Attribute(TensorPtr(*array));
    }
    return std::nullopt;
}

}  // namespace qbound::internal
