// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"

using namespace qbound;
using namespace qbound::internal;

TEST_CASE("numbers") {
    CHECK(parse_number("0.5", "--x") == 0.5);
    CHECK(parse_number("-1e-3", "--x") == -1e-3);
    CHECK(parse_number("+2", "--x") == 2);
    for (const char* bad : {"", "a", "1a", "1,5", " 1", "nan", "inf", "-inf", "1e999", "0x10", "--1", "+-1"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(parse_number(bad, "--x"), Error);
    }
    CHECK_THROWS_WITH(parse_number("1x", "--eta"), "--eta: '1x' is not a finite number");
}

TEST_CASE("ranges") {
    CHECK(parse_range("0,255", "--x") == std::pair(0.0, 255.0));
    CHECK(parse_range("-1.5,-1.5", "--x") == std::pair(-1.5, -1.5));
    CHECK_THROWS_WITH(parse_range("1", "--clip"), "--clip: '1' is not a range; hint: LO,HI such as 0,255");
    CHECK_THROWS_WITH(parse_range("1,0", "--clip"), "--clip: '1,0' is an empty range; hint: the lower end comes first");
    CHECK_THROWS_AS(parse_range("0,nan", "--x"), Error);
    CHECK_THROWS_AS(parse_range("0,1,2", "--x"), Error);
}

TEST_CASE("bit widths") {
    CHECK(parse_bits("8", "--bits") == std::vector<int>{8});
    CHECK(parse_bits("2,4,8", "--bits") == std::vector<int>{2, 4, 8});
    CHECK(parse_bits("2..5", "--bits") == std::vector<int>{2, 3, 4, 5});
    CHECK(parse_bits("8,2..4,3", "--bits") == std::vector<int>{8, 2, 3, 4});
    for (const char* bad : {"", "0", "33", "8.5", "4..2", "2..", "..4", "2...4", "1..99999999999", "8,", "eight", "-8"}) {
        CAPTURE(bad);
        CHECK_THROWS_WITH(parse_bits(bad, "--bits"), ContainsSubstring("is not a list of bit widths from 1 to 32"));
    }
}

TEST_CASE("shapes, names and words") {
    CHECK(parse_shape("3,224,224", "--x") == Shape{3, 224, 224});
    CHECK(parse_shape("3x224x224", "--x") == Shape{3, 224, 224});
    CHECK_THROWS_AS(parse_shape("3,0", "--x"), Error);
    CHECK_THROWS_AS(parse_shape("3,,2", "--x"), Error);
    CHECK(parse_names("a,b.c", "--order") == std::vector<std::string>{"a", "b.c"});
    CHECK_THROWS_WITH(parse_names("a,,b", "--order"), "--order: 'a,,b' has an empty name in it");
    CHECK(parse_word("floor", "--rounding", {"round", "floor"}) == 1);
    CHECK_THROWS_WITH(parse_word("ceil", "--rounding", {"round", "floor"}),
                      "--rounding: 'ceil' is not known; hint: one of round, floor");
}

TEST_CASE("sizes") {
    constexpr std::int64_t kNumbers = 1000;
    CHECK(parse_size("6", "--budget", kNumbers) == 6000);
    CHECK(parse_size("5.5", "--budget", kNumbers) == 5500);
    CHECK(parse_size("64", "--budget", kNumbers) == 64000);
    CHECK(parse_size("0.0015", "--budget", kNumbers) == 1);
    CHECK(parse_size("1B", "--budget", kNumbers) == 8);
    CHECK(parse_size("120KiB", "--budget", kNumbers) == 120 * 1024 * 8);
    CHECK(parse_size("1.5MB", "--budget", kNumbers) == 12000000);
    CHECK(parse_size("1e3kB", "--budget", kNumbers) == 8000000);
    CHECK(parse_size("2MiB", "--budget", kNumbers) == 2 * 1024 * 1024 * 8);
    CHECK(parse_size("1GB", "--budget", kNumbers) == 8000000000);
    CHECK(parse_size("1GiB", "--budget", kNumbers) == std::int64_t{1} << 33);
    CHECK(parse_size("7200000bit", "--budget", kNumbers) == 7200000);
    for (const char* bad :
         {"", "0", "-1", "B", "65", "1 kB", "1kb", "1bits", "nan", "inf", "1e30B", "1e999B", "0B", "-5MB", "1.2.3B", "KiB6"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(parse_size(bad, "--budget", kNumbers), Error);
    }
    CHECK_THROWS_WITH(
        parse_size("100", "--budget", kNumbers),
        "--budget: '100' is too much for average bits, and has no unit; hint: average bits such as 6, or a size such as 120KiB, "
        "1.5MB or 7200000bit");
}
