// SPDX-License-Identifier: Apache-2.0
#include "loader/array_builder.hpp"
#include "loader/element_types.hpp"
#include "loader/json_tree.hpp"
#include "loader/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace qbound::internal {
namespace {

constexpr int kNumberOverflow = 406;  // the id of nlohmann's exception for a number beyond the double range

/// nlohmann's events → JsonValue. Its errors have no place; read_json adds the path of the value being read.
class TreeBuilder {
  public:
    explicit TreeBuilder(std::string_view text) : text_(text) {}

    // The names are nlohmann's SAX interface.
    bool null() { return scalar(JsonValue{JsonValue::Null{}}); }
    bool boolean(bool value) { return scalar(JsonValue{value}); }
    bool string(std::string& value) { return scalar(JsonValue{std::move(value)}); }
    bool number_integer(std::int64_t value) {
        if (value < -kMaxExactInteger || value > kMaxExactInteger) {
            inexact_integer();
        }
        return number(static_cast<double>(value));
    }
    bool number_unsigned(std::uint64_t value) {
        if (std::cmp_greater(value, kMaxExactInteger)) {
            inexact_integer();
        }
        return number(static_cast<double>(value));
    }
    bool number_float(double value, const std::string& literal) {
        if (literal.find_first_of(".eE") == std::string::npos) {
            inexact_integer();  // an integer beyond 64 bits
        }
        return number(value);
    }
    bool binary(nlohmann::json::binary_t& /*value*/) { return false; }  // only binary formats have it

    bool start_object(std::size_t /*unknown*/) {
        leave_blank_array();
        check_depth();
        frames_.push_back({JsonValue::Object{}, {}});
        return true;
    }
    bool key(std::string& name) {
        frames_.back().key = std::move(name);
        return true;
    }
    bool end_object() {
        JsonValue::Object object = std::move(std::get<JsonValue::Object>(frames_.back().value));
        reject_duplicates(object);
        frames_.pop_back();
        append(JsonValue{std::move(object)});
        return true;
    }
    bool start_array(std::size_t /*unknown*/) {
        check_depth();
        array_.open();
        return true;
    }
    bool end_array() {
        if (array_.is_open()) {
            if (array_.close()) {
                append(JsonValue{array_.take()});
            }
            return true;
        }
        JsonValue::List list = std::move(std::get<JsonValue::List>(frames_.back().value));
        frames_.pop_back();
        append(JsonValue{std::move(list)});
        return true;
    }
    bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& error) {
        if (error.id == kNumberOverflow) {
            fail_malformed("", "number " + token.substr(0, 40) + " is infinite as a double");
        }
        // The position counts the bytes read, of which the last one is wrong.
        syntax_error(position == 0 ? 0 : position - 1);
    }

    [[noreturn]] void syntax_error(std::size_t offset) const {
        if (offset >= text_.size()) {
            throw Syntax{"JSON ends at byte " + std::to_string(text_.size()) + " before its value is complete"};
        }
        std::string_view near = text_.substr(offset, 12);
        near = near.substr(0, near.find_first_of(",]}\r\n"));
        if (near.empty()) {
            near = text_.substr(offset, 1);
        }
        throw Syntax{"not JSON at byte " + std::to_string(offset) + ", near " + ascii(near)};
    }

    [[nodiscard]] JsonValue take() { return std::move(root_); }

    /// The path of the value being read: field 'layers[2].weight'.
    [[nodiscard]] std::string place() const {
        std::string path;
        for (const Frame& frame : frames_) {
            if (const auto* list = std::get_if<JsonValue::List>(&frame.value)) {
                path += "[" + std::to_string(list->size()) + "]";
            } else {
                path += (path.empty() || frame.key.empty() ? "" : ".") + frame.key;
            }
        }
        return path.empty() ? path : "field " + in_quotes(path);
    }

    /// What nlohmann's parser found; it carries the offset, so that no path is added.
    struct Syntax {
        std::string reason;
    };

  private:
    struct Frame {
        std::variant<JsonValue::List, JsonValue::Object> value;
        std::string key;  ///< of the member being read
    };

    static std::string ascii(std::string_view near) {
        std::string text;
        for (const char c : near) {
            text += c < 0x20 || c > 0x7E ? '?' : c;
        }
        return in_quotes(text);
    }

    void check_depth() const {
        if (frames_.size() + array_.depth() >= kMaxJsonDepth) {
            fail_malformed("", "JSON nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
        }
    }

    static void reject_duplicates(const JsonValue::Object& object) {
        std::vector<const std::string*> keys;
        keys.reserve(object.size());
        for (const JsonMember& member : object) {
            keys.push_back(&member.key);
        }
        std::ranges::sort(keys, {}, [](const std::string* key) -> const std::string& { return *key; });
        const auto twice = std::ranges::adjacent_find(keys, [](const auto* a, const auto* b) { return *a == *b; });
        if (twice != keys.end()) {
            fail_malformed("", "key " + in_quotes(**twice) + " is twice in one object");
        }
    }

    [[noreturn]] static void inexact_integer() { fail_malformed("", "an integer beyond 2^53, which a double may not hold"); }

    bool number(double value) {
        if (array_.is_open()) {
            array_.number(value);
            return true;
        }
        if (!frames_.empty() && std::holds_alternative<JsonValue::List>(frames_.back().value)) {
            fail_malformed("", "an array that mixes numbers and other values");
        }
        append(JsonValue{value});
        return true;
    }

    bool scalar(JsonValue value) {
        leave_blank_array();
        append(std::move(value));
        return true;
    }

    /// A value that is no number arrives: the array just opened, if any, is a List.
    void leave_blank_array() {
        if (!array_.is_open()) {
            return;
        }
        if (!array_.is_blank()) {
            fail_malformed("", "an array that mixes numbers and other values");
        }
        array_.reset();
        frames_.push_back({JsonValue::List{}, {}});
    }

    void append(JsonValue value) {
        if (++values_ > kMaxJsonValues) {
            fail_malformed("", "more than " + std::to_string(kMaxJsonValues) + " JSON values that are not numbers in arrays");
        }
        if (frames_.empty()) {
            root_ = std::move(value);
        } else if (auto* list = std::get_if<JsonValue::List>(&frames_.back().value)) {
            list->push_back(std::move(value));
        } else {
            std::get<JsonValue::Object>(frames_.back().value).push_back({std::move(frames_.back().key), std::move(value)});
            frames_.back().key.clear();
        }
    }

    std::string_view text_;
    std::vector<Frame> frames_;
    ArrayBuilder array_;
    JsonValue root_;
    std::size_t values_ = 0;
};

}  // namespace

JsonValue read_json(Bytes text) {
    const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
    // nlohmann takes a NUL byte for the end of the text.
    if (const void* nul = text.empty() ? nullptr : std::memchr(text.data(), 0, text.size())) {
        const auto offset = static_cast<const std::byte*>(nul) - text.data();
        fail_malformed("", "NUL byte in JSON at byte " + std::to_string(offset));
    }
    TreeBuilder builder(view);
    try {
        nlohmann::json::sax_parse(view.data(), view.data() + view.size(), &builder);
    } catch (const TreeBuilder::Syntax& syntax) {
        fail_malformed(
            "", syntax.reason,
            syntax.reason.find("near 'NaN'") != std::string::npos || syntax.reason.find("near 'Infinity'") != std::string::npos
                ? "JSON has no NaN and no Infinity"
                : "");
    } catch (const Error& error) {
        throw error.within(builder.place());
    }
    return builder.take();
}

std::string_view kind_of(const JsonValue& value) noexcept {
    static constexpr std::array<std::string_view, 7> kNames{"null",   "a boolean", "a number", "a string", "an array of numbers",
                                                            "a list", "an object"};
    return kNames[value.value.index()];
}

}  // namespace qbound::internal
