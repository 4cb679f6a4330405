// SPDX-License-Identifier: Apache-2.0
#include "loader_support.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

using qbound::ErrorKind;
using qbound::read_npy;
using qbound::Shape;
using qbound::Tensor;

namespace {

/// An NPY file of the given version around a header dictionary and data.
std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
    std::string file = "\x93NUMPY";
    file += version;
    file += '\0';
    const std::string header = dictionary + "\n";
    const auto size = static_cast<unsigned>(header.size());
    file += static_cast<char>(size & 0xFFU);
    file += static_cast<char>(size >> 8U);
    if (version > 1) {
        file += std::string(2, '\0');
    }
    return file + header + data;
}

std::string dictionary(const std::string& descr, const std::string& order, const std::string& shape) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

/// `items` of `width` bytes with the bytes of each item reversed.
std::string swapped(std::string items, std::size_t width) {
    for (std::size_t i = 0; i < items.size(); i += width) {
        std::reverse(items.begin() + static_cast<std::ptrdiff_t>(i), items.begin() + static_cast<std::ptrdiff_t>(i + width));
    }
    return items;
}

Tensor read(const std::string& file) {
    return read_npy(bytes_of(file), "w.npy");
}

void check_npy_malformed(const std::string& file, const std::string& message) {
    check_error([&] { (void)read(file); }, ErrorKind::malformed, message);
}

void check_npy_unsupported(const std::string& file, const std::string& message) {
    check_error([&] { (void)read(file); }, ErrorKind::unsupported, message);
}

using namespace std::string_literals;

/// Six values of a type in little-endian bytes, written out by hand.
struct Row {
    std::string type;
    std::size_t width;
    std::string items;
    std::vector<double> values;
};

const std::vector<Row> kRows{
    {"f2", 2, "\x00\x3c\x00\xc0\x01\x00\xff\x7b\x00\x04\x55\x35"s, {1, -2, 0x1p-24, 65504, 0x1p-14, 0x1.554p-2}},
    {"f4",
     4,
     "\x00\x00\x80\x3f\x00\x00\x00\xc0\x01\x00\x00\x00\xff\xff\x7f\x7f\xcd\xcc\xcc\x3d\x00\x00\x00\x80"s,
     {1, -2, 0x1p-149, 0x1.fffffep127, 0x1.99999ap-4, -0.0}},
    {"f8",
     8,
     "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x01\x00\x00\x00\x00\x00\x00\x00"
     "\xff\xff\xff\xff\xff\xff\xef\x7f\x9a\x99\x99\x99\x99\x99\xb9\x3f\x00\x00\x00\x00\x00\x00\x10\x00"s,
     {1, -2, 0x1p-1074, 0x1.fffffffffffffp1023, 0.1, 0x1p-1022}},
    {"i1", 1, "\x00\x01\x7f\x80\xff\x05"s, {0, 1, 127, -128, -1, 5}},
    {"u1", 1, "\x00\x01\x7f\x80\xff\x05"s, {0, 1, 127, 128, 255, 5}},
    {"b1", 1, "\x00\x01\x01\x00\x00\x01"s, {0, 1, 1, 0, 0, 1}},
    {"i2", 2, "\x00\x00\x01\x00\xff\x7f\x00\x80\xff\xff\x34\x12"s, {0, 1, 32767, -32768, -1, 0x1234}},
    {"u2", 2, "\x00\x00\x01\x00\xff\x7f\x00\x80\xff\xff\x34\x12"s, {0, 1, 32767, 32768, 65535, 0x1234}},
    {"i4",
     4,
     "\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\x7f\x00\x00\x00\x80\xff\xff\xff\xff\x78\x56\x34\x12"s,
     {0, 1, 2147483647, -2147483648.0, -1, 0x12345678}},
    {"u4",
     4,
     "\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\x7f\x00\x00\x00\x80\xff\xff\xff\xff\x78\x56\x34\x12"s,
     {0, 1, 2147483647, 2147483648.0, 4294967295.0, 0x12345678}},
    {"i8",
     8,
     "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
     "\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x00\x00\x00\x00\xe0\xff\x00\x00\x00\x00\x01\x00\x00\x00"s,
     {0, 1, -1, 0x1p53, -0x1p53, 0x1p32}},
    {"u8",
     8,
     "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\x1f\x00"
     "\x00\x00\x00\x00\x00\x00\x20\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"s,
     {0, 1, 0x1p53 - 1, 0x1p53, 2, 0x1p32}},
};

}  // namespace

TEST_CASE("read_npy: every type, byte order, memory order and header version") {
    for (const Row& row : kRows) {
        for (const char order : {'<', '>', '|'}) {
            if (order == '|' && row.width > 1) {
                continue;
            }
            for (const char version : {'\1', '\2', '\3'}) {
                CAPTURE(row.type, order, int{version});
                const std::string data = order == '>' ? swapped(row.items, row.width) : row.items;
                const Tensor c = read(npy(dictionary(order + row.type, "False", "(2, 3)"), data, version));
                CHECK(c.shape == Shape{2, 3});
                CHECK(c.data == row.values);

                // In Fortran order the file has the columns one after the other.
                const Tensor f = read(npy(dictionary(order + row.type, "True", "(2, 3)"), data, version));
                const std::vector<double>& v = row.values;
                CHECK(f.shape == Shape{2, 3});
                CHECK(f.data == std::vector<double>{v[0], v[2], v[4], v[1], v[3], v[5]});
            }
        }
    }
}

TEST_CASE("read_npy: signs of zero, infinities and NaN are kept") {
    const Tensor half = read(npy(dictionary("<f2", "False", "(4,)"), "\x00\x80\x00\x7c\x00\xfc\x01\x7e"s));
    CHECK(std::signbit(half.data[0]));
    CHECK(half.data[1] == std::numeric_limits<double>::infinity());
    CHECK(half.data[2] == -std::numeric_limits<double>::infinity());
    CHECK(std::isnan(half.data[3]));
}

TEST_CASE("read_npy: Fortran order in three dimensions") {
    std::string items;
    for (int i = 0; i < 12; ++i) {
        items += static_cast<char>(i);
    }
    // Entry (i,j,k) of a 2×3×2 array in Fortran order stands at i + 2j + 6k.
    const Tensor tensor = read(npy(dictionary("|u1", "True", "(2, 3, 2)"), items));
    CHECK(tensor.data == std::vector<double>{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11});
}

TEST_CASE("read_npy: scalars, empty arrays and the dictionary's spellings") {
    CHECK(read(npy(dictionary("|u1", "False", "()"), "\x07")).data == std::vector<double>{7});
    CHECK(read(npy(dictionary("|u1", "False", "()"), "\x07")).shape.empty());
    CHECK(read(npy(dictionary("|u1", "False", "(0, 3)"), "")).data.empty());
    CHECK(read(npy(R"({"shape":(1L,),"descr":"<u1",'fortran_order':True})", "\x07")).shape == Shape{1});
    CHECK(read(npy("{ 'descr' : '|i1' , 'fortran_order' : False , 'shape' : ( 2 , ) }    ", "\x07\x08")).data ==
          std::vector<double>{7, 8});
}

TEST_CASE("write_npy and read_npy are inverse to each other") {
    for (const Shape& shape : {Shape{}, Shape{4}, Shape{2, 3}, Shape{1, 2, 2, 1}, Shape{0, 5}}) {
        Tensor tensor{shape, {}};
        const auto size = static_cast<std::size_t>(qbound::checked_size(shape, ""));
        for (std::size_t i = 0; i < size; ++i) {
            tensor.data.push_back(i % 2 == 0 ? std::ldexp(1.1, static_cast<int>(i) * 200) : -0.0);
        }
        const std::vector<std::byte> file = qbound::write_npy(tensor);
        CHECK((file.size() - size * 8) % 64 == 0);
        const Tensor back = read_npy(file, "x");
        CHECK(back.shape == shape);
        REQUIRE(back.data.size() == size);
        for (std::size_t i = 0; i < size; ++i) {
            CHECK(std::bit_cast<std::uint64_t>(back.data[i]) == std::bit_cast<std::uint64_t>(tensor.data[i]));
        }
    }
    const std::string file = text_of(qbound::write_npy({{2}, {1, 2}}));
    CHECK(file.substr(0, 10) == "\x93NUMPY\x01\x00\x76\x00"s);
    CHECK(file.substr(10, 58) == "{'descr': '<f8', 'fortran_order': False, 'shape': (2, ), }");
}

TEST_CASE("read_npy: broken headers are refused with the byte") {
    check_npy_malformed("", "w.npy: NPY file is empty");
    check_npy_malformed("NUMPY", "w.npy: not an NPY file: it does not begin with \\x93NUMPY");
    check_npy_malformed("\x93NUMPY\x01", "w.npy: NPY file ends at byte 7 within its header");
    check_npy_malformed("\x93NUMPY\x02\x00\x05\x00"s, "w.npy: NPY file ends at byte 10 within its header");
    check_npy_malformed("\x93NUMPY\x01\x00\xff\xff{"s, "w.npy: NPY header of 65535 bytes in a file of 11");
    check_npy_malformed("\x93NUMPY\x02\x00\xff\xff\xff\xff{"s, "w.npy: NPY header of 4294967295 bytes in a file of 13");
    check_npy_unsupported("\x93NUMPY\x04\x00\x01\x00{"s, "w.npy: NPY version 4 is not known (1 to 3 are)");
    check_npy_malformed(npy("", ""), "w.npy: NPY header is broken at byte 11: '{' expected");
    check_npy_malformed(npy("{'descr': '<f4', 'fortran_order': False}", ""),
                        "w.npy: NPY header is broken at byte 51: no key 'shape'");
    check_npy_malformed(npy("{'descr': '<f4', 'shape': (1,)}", "1234"),
                        "w.npy: NPY header is broken at byte 42: no key 'fortran_order'");
    check_npy_malformed(npy("{}", ""), "w.npy: NPY header is broken at byte 13: no key 'descr'");
    check_npy_malformed(npy("{'descr': '<f4', 'descr': '<f4'}", ""), "w.npy: NPY header is broken at byte 27: key 'descr' twice");
    check_npy_malformed(npy("{'order': 'C'}", ""), "w.npy: NPY header is broken at byte 11: unknown key 'order'");
    check_npy_malformed(npy("{'descr", ""), "w.npy: NPY header is broken at byte 11: a string without an end");
    check_npy_malformed(npy("{'fortran_order': 0}", ""), "w.npy: NPY header is broken at byte 28: True or False expected");
    check_npy_malformed(npy(dictionary("<f4", "False", "(x,)"), ""), "w.npy: NPY header is broken at byte 61: an integer expected");
    check_npy_malformed(npy(dictionary("<f4", "False", "(1 2)"), ""), "w.npy: NPY header is broken at byte 63: ')' expected");
    check_npy_malformed(npy(dictionary("<f4", "False", "3"), ""), "w.npy: NPY header is broken at byte 60: '(' expected");
    check_npy_malformed(npy(dictionary("<f4", "False", "(1,)") + "x", "1234"),
                        "w.npy: NPY header is broken at byte 67: text after the dictionary");
    check_npy_malformed(npy(dictionary("f4", "False", "(1,)"), "1234"),
                        "w.npy: NPY header is broken at byte 20: dtype 'f4' is not a numpy type code");
    check_npy_malformed(npy(dictionary("|f4", "False", "(1,)"), "1234"),
                        "w.npy: NPY header is broken at byte 20: dtype '|f4' has no byte order");
}

TEST_CASE("read_npy: hostile shapes and sizes are refused before anything is allocated") {
    check_npy_malformed(npy(dictionary("<f4", "False", "(-1,)"), ""), "w.npy: shape -1 has a negative extent");
    check_npy_malformed(npy(dictionary("<f4", "False", "(99999999999999999999,)"), ""),
                        "w.npy: NPY header is broken at byte 79: an extent beyond 64 bits");
    check_npy_malformed(npy(dictionary("<f8", "False", "(4294967296, 4294967296)"), ""),
                        "w.npy: shape 4294967296x4294967296 has more than 1099511627776 entries");
    check_npy_malformed(npy(dictionary("<f8", "False", "(1099511627776,)"), "12345678"),
                        "w.npy: NPY data of 8 bytes where shape 1099511627776 takes 8796093022208");
    check_npy_malformed(npy(dictionary("<f4", "False", "(3,)"), std::string(11, 'x')),
                        "w.npy: NPY data of 11 bytes where shape 3 takes 12");
    check_npy_malformed(npy(dictionary("<f4", "False", "(3,)"), std::string(13, 'x')),
                        "w.npy: NPY data of 13 bytes where shape 3 takes 12");
    std::string many = "(";
    for (int i = 0; i < 65; ++i) {
        many += "1,";
    }
    check_npy_malformed(npy(dictionary("|u1", "False", many + ")"), "x"),
                        "w.npy: NPY header is broken at byte 189: more than 64 dimensions");
}

TEST_CASE("read_npy: types that are not real numbers are refused by name") {
    const std::string hint = "; hint: save it as float32 or float64";
    const auto with = [](const std::string& descr) { return npy(dictionary(descr, "False", "(1,)"), std::string(16, 'x')); };
    check_npy_unsupported(with("|O"), "w.npy: an array of Python objects is not an array of real numbers" + hint);
    check_npy_unsupported(with("<c8"), "w.npy: dtype '<c8' (complex) is not an array of real numbers" + hint);
    check_npy_unsupported(with("<U4"), "w.npy: dtype '<U4' (text) is not an array of real numbers" + hint);
    check_npy_unsupported(with("|S4"), "w.npy: dtype '|S4' (text) is not an array of real numbers" + hint);
    check_npy_unsupported(with("|V2"), "w.npy: dtype '|V2' (raw bytes) is not an array of real numbers" + hint);
    check_npy_unsupported(with("<M8[s]"), "w.npy: dtype '<M8[s]' (time) is not an array of real numbers" + hint);
    check_npy_unsupported(with("<f16"), "w.npy: dtype '<f16' is not an array of real numbers" + hint);
    check_npy_unsupported(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234"),
                          "w.npy: a structured dtype is not an array of real numbers" + hint);
}

TEST_CASE("read_npy: integers beyond 2^53 and booleans beyond 1 are refused") {
    check_npy_malformed(npy(dictionary("<i8", "False", "(1,)"), "\x01\x00\x00\x00\x00\x00\x20\x00"s),
                        "w.npy: integer 9007199254740993 is beyond 2^53");
    check_npy_malformed(npy(dictionary("<i8", "False", "(1,)"), "\xff\xff\xff\xff\xff\xff\xdf\xff"s),
                        "w.npy: integer -9007199254740993 is beyond 2^53");
    check_npy_malformed(npy(dictionary("<u8", "False", "(1,)"), std::string(8, '\xff')),
                        "w.npy: integer 18446744073709551615 is beyond 2^53");
    check_npy_malformed(npy(dictionary("|b1", "False", "(1,)"), "\x02"), "w.npy: a boolean of value 2");
}
