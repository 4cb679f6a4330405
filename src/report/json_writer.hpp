// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/rounding.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// Builds a JSON text in the order of the calls. Numbers are written as the decimals that the caller's rounding asks for, which a
/// document tree of doubles could not keep. Text that is not UTF-8 gets U+FFFD in place of each wrong byte.
class JsonWriter {
  public:
    enum class Style { indented, compact };
    explicit JsonWriter(Style style) : style_(style) {}

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    /// An array whose elements stand on one line, for lists of numbers.
    JsonWriter& begin_row();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);

    JsonWriter& text(std::string_view value);
    JsonWriter& integer(std::int64_t value);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    /// An upper bound: a decimal ≥ x that reads back as x; "inf" and "-inf" are strings, JSON has no other way.
    JsonWriter& upper(double x);
    /// A lower bound likewise.
    JsonWriter& lower(double x);
    /// An exact number: the shortest decimal that reads back as x.
    JsonWriter& exact(double x);

    [[nodiscard]] const std::string& str() const noexcept { return out_; }

  private:
    struct Level {
        bool row;
        bool empty;
    };
    void before_value();
    void open(char bracket, bool row);
    void close(char bracket);
    void newline();
    void quote(std::string_view value);

    Style style_;
    std::string out_;
    std::vector<Level> levels_;
    bool after_key_ = false;
};

}  // namespace qbound::internal
