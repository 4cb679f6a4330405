// SPDX-License-Identifier: Apache-2.0
#include "loader/npy_header.hpp"

#include "loader/text.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace qbound::internal {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxRank = 64;  // numpy's own limit

std::uint64_t little_endian(Bytes bytes) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
    }
    return value;
}

/// Reads the header dictionary, the small part of Python's literals that numpy writes.
class DictionaryParser {
  public:
    DictionaryParser(std::string_view text, std::size_t offset, std::string_view place)
        : text_(text), offset_(offset), place_(place) {}

    void parse(NpyHeader& header) {
        bool has_descr = false;
        bool has_order = false;
        bool has_shape = false;
        expect('{');
        while (!accept('}')) {
            const std::size_t key_position = position_;
            const std::string_view key = string();
            expect(':');
            bool& seen = key == "descr" ? has_descr : key == "fortran_order" ? has_order : has_shape;
            if (key != "descr" && key != "fortran_order" && key != "shape") {
                fail_at(key_position, "unknown key " + in_quotes(key));
            }
            if (seen) {
                fail_at(key_position, "key " + in_quotes(key) + " twice");
            }
            seen = true;
            if (key == "descr") {
                descr(header);
            } else if (key == "fortran_order") {
                header.fortran_order = boolean();
            } else {
                header.shape = shape();
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skip_space();
        if (position_ != text_.size()) {
            fail("text after the dictionary");
        }
        if (!has_descr || !has_order || !has_shape) {
            fail(std::string("no key '") + (!has_descr ? "descr" : !has_order ? "fortran_order" : "shape") + "'");
        }
    }

  private:
    [[noreturn]] void fail_at(std::size_t position, const std::string& reason) const {
        fail_malformed(std::string(place_), "NPY header is broken at byte " + std::to_string(offset_ + position) + ": " + reason);
    }
    [[noreturn]] void fail(const std::string& reason) const { fail_at(position_, reason); }

    void skip_space() {
        while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n' || text_[position_] == '\t')) {
            ++position_;
        }
    }

    bool accept(char c) {
        skip_space();
        if (position_ < text_.size() && text_[position_] == c) {
            ++position_;
            return true;
        }
        return false;
    }

    void expect(char c) {
        if (!accept(c)) {
            fail(std::string("'") + c + "' expected");
        }
    }

    bool accept_word(std::string_view word) {
        skip_space();
        if (text_.substr(position_, word.size()) == word) {
            position_ += word.size();
            return true;
        }
        return false;
    }

    std::string_view string() {
        skip_space();
        const char quote = position_ < text_.size() ? text_[position_] : '\0';
        if (quote != '\'' && quote != '"') {
            fail("a string expected");
        }
        const std::size_t end = text_.find(quote, position_ + 1);
        if (end == std::string_view::npos) {
            fail("a string without an end");
        }
        const std::string_view value = text_.substr(position_ + 1, end - position_ - 1);
        position_ = end + 1;
        return value;
    }

    bool boolean() {
        if (accept_word("True")) {
            return true;
        }
        if (!accept_word("False")) {
            fail("True or False expected");
        }
        return false;
    }

    std::int64_t integer() {
        skip_space();
        const bool negative = accept('-');
        const std::size_t begin = position_;
        std::int64_t value = 0;
        for (; position_ < text_.size() && text_[position_] >= '0' && text_[position_] <= '9'; ++position_) {
            const std::int64_t digit = text_[position_] - '0';
            if (value > (std::numeric_limits<std::int64_t>::max() - digit) / 10) {
                fail("an extent beyond 64 bits");
            }
            value = value * 10 + digit;
        }
        if (position_ == begin) {
            fail("an integer expected");
        }
        accept('L');  // written by numpy under Python 2
        return negative ? -value : value;
    }

    Shape shape() {
        Shape extents;
        expect('(');
        while (!accept(')')) {
            if (extents.size() == kMaxRank) {
                fail("more than " + std::to_string(kMaxRank) + " dimensions");
            }
            extents.push_back(integer());
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return extents;
    }

    void descr(NpyHeader& header) {
        skip_space();
        if (position_ < text_.size() && text_[position_] == '[') {
            unsupported("a structured dtype");
        }
        const std::size_t begin = position_;
        const std::string_view code = string();
        const char order = code.empty() ? '\0' : code.front();
        if (code.size() < 2 || (order != '<' && order != '>' && order != '|')) {
            fail_at(begin, "dtype " + in_quotes(code) + " is not a numpy type code");
        }
        header.big_endian = order == '>';
        const std::string_view type = code.substr(1);
        struct Row {
            std::string_view type;
            NpyKind kind;
            std::size_t bytes;
        };
        static constexpr std::array<Row, 12> kTypes{{{"f2", NpyKind::floating, 2},
                                                     {"f4", NpyKind::floating, 4},
                                                     {"f8", NpyKind::floating, 8},
                                                     {"b1", NpyKind::boolean, 1},
                                                     {"i1", NpyKind::signed_integer, 1},
                                                     {"i2", NpyKind::signed_integer, 2},
                                                     {"i4", NpyKind::signed_integer, 4},
                                                     {"i8", NpyKind::signed_integer, 8},
                                                     {"u1", NpyKind::unsigned_integer, 1},
                                                     {"u2", NpyKind::unsigned_integer, 2},
                                                     {"u4", NpyKind::unsigned_integer, 4},
                                                     {"u8", NpyKind::unsigned_integer, 8}}};
        for (const Row& row : kTypes) {
            if (row.type == type) {
                if (order == '|' && row.bytes > 1) {
                    fail_at(begin, "dtype " + in_quotes(code) + " has no byte order");
                }
                header.kind = row.kind;
                header.item_bytes = row.bytes;
                return;
            }
        }
        switch (type.front()) {
            case 'O':
                unsupported("an array of Python objects");
            case 'c':
                unsupported("dtype " + in_quotes(code) + " (complex)");
            case 'S':
            case 'a':
            case 'U':
                unsupported("dtype " + in_quotes(code) + " (text)");
            case 'V':
                unsupported("dtype " + in_quotes(code) + " (raw bytes)");
            case 'm':
            case 'M':
                unsupported("dtype " + in_quotes(code) + " (time)");
            default:
                unsupported("dtype " + in_quotes(code));
        }
    }

    [[noreturn]] void unsupported(const std::string& what) const {
        fail_unsupported(std::string(place_), what + " is not an array of real numbers", "save it as float32 or float64");
    }

    std::string_view text_;
    std::size_t offset_;
    std::string_view place_;
    std::size_t position_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(Bytes file, std::string_view place) {
    const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
    if (text.substr(0, kMagic.size()) != kMagic) {
        fail_malformed(std::string(place),
                       file.empty() ? "NPY file is empty" : "not an NPY file: it does not begin with \\x93NUMPY");
    }
    if (file.size() < 10) {
        fail_malformed(std::string(place), "NPY file ends at byte " + std::to_string(file.size()) + " within its header");
    }
    const auto major = std::to_integer<unsigned>(file[6]);
    if (major < 1 || major > 3) {
        fail_unsupported(std::string(place), "NPY version " + std::to_string(major) + " is not known (1 to 3 are)");
    }
    const std::size_t length_bytes = major == 1 ? 2 : 4;
    const std::size_t header_begin = 8 + length_bytes;
    if (file.size() < header_begin) {
        fail_malformed(std::string(place), "NPY file ends at byte " + std::to_string(file.size()) + " within its header");
    }
    const auto header_bytes = static_cast<std::size_t>(little_endian(file.subspan(8, length_bytes)));
    if (header_bytes > file.size() - header_begin) {
        fail_malformed(std::string(place),
                       "NPY header of " + std::to_string(header_bytes) + " bytes in a file of " + std::to_string(file.size()));
    }
    NpyHeader header;
    DictionaryParser(text.substr(header_begin, header_bytes), header_begin, place).parse(header);
    header.data_offset = header_begin + header_bytes;
    return header;
}

}  // namespace qbound::internal
