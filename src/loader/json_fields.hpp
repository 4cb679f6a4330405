// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader/json_tree.hpp"
#include "qbound/model.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// The fields of a JSON object, taken by name; what nobody took is an error, so that nothing in a file is ignored.
/// Every error is Error{malformed} at the object's place.
class Fields {
  public:
    Fields(JsonValue::Object& object, std::string place);

    [[nodiscard]] const std::string& place() const noexcept { return place_; }
    void rename(std::string place) { place_ = std::move(place); }

    /// The field's value, from now on known; null if the object has no such field.
    [[nodiscard]] JsonValue* take(std::string_view name);

    /// The same, an error if the field is missing.
    [[nodiscard]] JsonValue& need(std::string_view name);

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::optional<double> number(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name);  ///< also true and false, as 1 and 0
    [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::string_view name);
    [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name);

    /// Error for the first field that was not taken: "unknown field 'x'".
    void finish(std::string_view hint = {}) const;

    /// Fields not taken yet, in file order; they count as taken.
    [[nodiscard]] std::vector<JsonMember*> rest();

    [[noreturn]] void fail(std::string_view name, const std::string& reason) const;

  private:
    JsonValue::Object& object_;
    std::vector<bool> taken_;
    std::string place_;
};

/// `value` as an attribute if an attribute can hold it: a whole number or a boolean as an integer, lists likewise.
[[nodiscard]] std::optional<Attribute> to_attribute(const JsonValue& value);

/// `value` as an integer if it is a whole number.
[[nodiscard]] std::optional<std::int64_t> to_integer(double value) noexcept;

}  // namespace qbound::internal
