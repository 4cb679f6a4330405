// SPDX-License-Identifier: Apache-2.0
#include "report/json_writer.hpp"

#include "report/numbers.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <cmath>

namespace qbound::internal {

JsonWriter& JsonWriter::begin_object() {
    open('{', false);
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    close('}');
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    open('[', false);
    return *this;
}

JsonWriter& JsonWriter::begin_row() {
    open('[', true);
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    close(']');
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    quote(name);
    out_ += style_ == Style::indented ? ": " : ":";
    after_key_ = true;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    before_value();
    quote(value);
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
    before_value();
    out_ += fmt::format("{}", value);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
    before_value();
    out_ += value ? "true" : "false";
    return *this;
}

JsonWriter& JsonWriter::null() {
    before_value();
    out_ += "null";
    return *this;
}

JsonWriter& JsonWriter::upper(double x) {
    if (!std::isfinite(x)) {
        return text(x < 0 ? "-inf" : "inf");
    }
    before_value();
    out_ += round_trip_up(x);
    return *this;
}

JsonWriter& JsonWriter::lower(double x) {
    if (!std::isfinite(x)) {
        return text(x < 0 ? "-inf" : "inf");
    }
    before_value();
    out_ += round_trip_down(x);
    return *this;
}

JsonWriter& JsonWriter::exact(double x) {
    if (!std::isfinite(x)) {
        return text(x < 0 ? "-inf" : "inf");
    }
    before_value();
    out_ += shortest(x);
    return *this;
}

void JsonWriter::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (levels_.empty()) {
        return;
    }
    Level& level = levels_.back();
    if (!level.empty) {
        out_ += level.row && style_ == Style::indented ? ", " : ",";
    }
    level.empty = false;
    newline();
}

void JsonWriter::open(char bracket, bool row) {
    before_value();
    out_ += bracket;
    levels_.push_back({row, true});
}

void JsonWriter::close(char bracket) {
    if (!levels_.back().empty) {
        const Level closing = levels_.back();
        levels_.pop_back();
        if (!closing.row) {
            newline();
        }
    } else {
        levels_.pop_back();
    }
    out_ += bracket;
}

void JsonWriter::newline() {
    if (style_ == Style::compact || (!levels_.empty() && levels_.back().row)) {
        return;
    }
    out_ += '\n';
    out_.append(2 * levels_.size(), ' ');
}

void JsonWriter::quote(std::string_view value) {
    out_ += '"';
    for (const char c : valid_utf8(value)) {
        switch (c) {
            case '"':
                out_ += "\\\"";
                break;
            case '\\':
                out_ += "\\\\";
                break;
            case '\n':
                out_ += "\\n";
                break;
            case '\t':
                out_ += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                    out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
                } else {
                    out_ += c;
                }
        }
    }
    out_ += '"';
}

}  // namespace qbound::internal
