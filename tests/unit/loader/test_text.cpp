// SPDX-License-Identifier: Apache-2.0
#include "loader/text.hpp"

#include "loader_support.hpp"

#include <algorithm>

using qbound::internal::in_quotes;
using qbound::internal::join_place;
using qbound::internal::natural_less;

TEST_CASE("natural_less: runs of digits compare as numbers") {
    const std::vector<std::string> sorted{
        "", "a", "a2", "a02b", "a2c", "a10", "a10b", "a99999999999999999999", "a100000000000000000000", "aa", "b"};
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        for (std::size_t j = 0; j < sorted.size(); ++j) {
            CAPTURE(sorted[i], sorted[j]);
            CHECK(natural_less(sorted[i], sorted[j]) == (i < j));
        }
    }
    CHECK(natural_less("a01", "a1"));  // equal as numbers: byte order decides
    CHECK_FALSE(natural_less("a1", "a01"));
    CHECK(natural_less("a0", "a1"));
}

TEST_CASE("in_quotes: one line, no control characters, no cut UTF-8 sequence") {
    CHECK(in_quotes("a\n\t\x7f") ==
          "'a?"
          "?"
          "?'");
    CHECK(in_quotes(std::string(80, 'x')) == "'" + std::string(80, 'x') + "'");
    CHECK(in_quotes(std::string(79, 'x') + "éé") == "'" + std::string(79, 'x') + "…'");
    CHECK(join_place("", "b") == "b");
    CHECK(join_place("a", "") == "a");
    CHECK(join_place("a", "b") == "a: b");
}
