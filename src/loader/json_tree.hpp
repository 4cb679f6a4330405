// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"
#include "qbound/tensor.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace qbound::internal {

struct JsonMember;

/// A JSON value in which every (nested) array of numbers is one Tensor leaf; an empty array is a Tensor of shape [0].
struct JsonValue {
    using Null = std::monostate;
    using Array = std::shared_ptr<Tensor>;
    using List = std::vector<JsonValue>;     ///< an array of strings, objects, booleans or nulls
    using Object = std::vector<JsonMember>;  ///< in file order, keys unique

    std::variant<Null, bool, double, std::string, Array, List, Object> value;

    template <class T>
    [[nodiscard]] T* get_if() noexcept {
        return std::get_if<T>(&value);
    }
};

struct JsonMember {
    std::string key;
    JsonValue value;
};

inline constexpr std::size_t kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonValues = std::size_t{1} << 20;  ///< values that are not numbers in arrays

/// Parses one JSON document in one pass.
///
/// Errors  Error{malformed} with the byte offset for what is not JSON (NUL bytes and truncation included), with the field's path
/// for
///         duplicate keys, ragged arrays, arrays that mix numbers and other values, nesting beyond kMaxJsonDepth, more than
///         kMaxJsonValues values, numbers that overflow a double and integers beyond ±2^53.
/// Cost    one pass at the speed of nlohmann's SAX parser; memory the doubles, the largest array once more, and the rest of the
/// text.
[[nodiscard]] JsonValue read_json(Bytes text);

/// "an object", "a number", … for messages.
[[nodiscard]] std::string_view kind_of(const JsonValue& value) noexcept;

}  // namespace qbound::internal
