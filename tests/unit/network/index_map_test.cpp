// SPDX-License-Identifier: Apache-2.0
#include "network/index_map.hpp"

#include "support/catch.hpp"

using namespace qbound;
using namespace qbound::internal;

namespace {

const Spend kFree = [](std::int64_t) {};

Select select(const IndexMap& map, const Shape& in) {
    return std::get<Select>(kind_of(map, in, kFree));
}

}  // namespace

TEST_CASE("strides in C order") {
    CHECK(strides_of({2, 3, 4}) == std::vector<std::int64_t>{12, 4, 1});
    CHECK(strides_of({}).empty());
}

TEST_CASE("a map that moves nothing is a view") {
    CHECK(std::holds_alternative<View>(kind_of({{{0, 3}, {0, 1, 2}}, 0}, {2, 3}, kFree)));
    // Another shape, the same order: 2×1×3 as 1×2×3.
    CHECK(std::holds_alternative<View>(kind_of({{{0}, {0, 3}, {0, 1, 2}}, 0}, {2, 1, 3}, kFree)));
    // Fewer entries are not a view.
    CHECK(std::holds_alternative<Select>(kind_of({{{0}, {0, 1, 2}}, 0}, {2, 3}, kFree)));
}

TEST_CASE("channels, rows and columns selected independently are separable") {
    const Select padded = select({{{0, 12}, {-1, 0, 4, 8}, {1, 2, 3}}, 0.5}, {2, 3, 4});
    CHECK(padded.separable());
    CHECK(padded.maps[0] == std::vector<std::int32_t>{0, 1});
    CHECK(padded.maps[1] == std::vector<std::int32_t>{-1, 0, 1, 2});
    CHECK(padded.maps[2] == std::vector<std::int32_t>{1, 2, 3});
    CHECK(padded.constant == 0.5);
    // Several axes of channels: a shuffle of 2×3 channels to 3×2.
    const Select shuffled = select({{{0, 1, 2}, {0, 3}, {0}, {0}}, 0}, {2, 3, 1, 1});
    CHECK(shuffled.maps[0] == std::vector<std::int32_t>{0, 3, 1, 4, 2, 5});
}

TEST_CASE("rows and columns exchanged are not separable") {
    const Select transposed = select({{{0, 6}, {0, 1, 2}, {0, 3}}, 0}, {2, 2, 3});
    CHECK_FALSE(transposed.separable());
    CHECK(transposed.entries == std::vector<std::int64_t>{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11});
}

TEST_CASE("a constant on one axis wins over the others") {
    const Select general = select({{{0, -1}, {0, 1}, {0, 2}}, 7}, {1, 2, 2});
    CHECK(general.entries == std::vector<std::int64_t>{0, 2, 1, 3, -1, -1, -1, -1});
}

TEST_CASE("tables are announced before they are made") {
    std::vector<std::int64_t> announced;
    (void)kind_of({{{0, 6}, {0, 1, 2}, {0, 3}}, 0}, {2, 2, 3}, [&](std::int64_t entries) { announced.push_back(entries); });
    CHECK(announced == std::vector<std::int64_t>{2, 3, 12});
}
