// SPDX-License-Identifier: Apache-2.0
#include "bounds/classes.hpp"

#include "support/catch.hpp"
#include "support/networks.hpp"

using namespace qbound;
using internal::AxisClasses;
using internal::Grid;
using internal::position_classes;

namespace {

TensorPtr ones(std::int64_t m, std::int64_t c, std::int64_t k) {
    return test::tensor({m, c, k, k}, std::vector<double>(static_cast<std::size_t>(m * c * k * k), 1.0));
}

/// max pool with ceil_mode-like overhang: 2 wide, stride 2, on 5 positions gives 3 windows, the last with one real entry.
Axes overhanging_pool() {
    const Axis axis{5, 3, 2, 2, 1, 0, 1};
    return {axis, axis};
}

}  // namespace

TEST_CASE("a padded 3x3 convolution of a box constant per channel has borders and one interior class") {
    const Network network = test::NetworkBuilder({2, 8, 8}).conv("c", ones(3, 2, 3), {}, 1).build();
    const Grid grid = position_classes(network).back();
    CHECK(grid.rows.of == std::vector<std::int32_t>{0, 1, 1, 1, 1, 1, 1, 2});
    CHECK(grid.rows.first == std::vector<std::int32_t>{0, 1, 7});
    CHECK(grid.rows.count == std::vector<std::int64_t>{1, 6, 1});
    CHECK(grid.columns == grid.rows);
    CHECK(grid.plane() == 9);
    CHECK(grid.multiplicity(1, 1) == 36);
    CHECK(grid.multiplicity(0, 2) == 1);
}

TEST_CASE("each further padded convolution moves the interior one position inwards") {
    const Network network =
        test::NetworkBuilder({1, 9, 9}).conv("a", ones(1, 1, 3), {}, 1).relu("r").conv("b", ones(1, 1, 3), {}, 1).build();
    CHECK(position_classes(network).back().rows.of == std::vector<std::int32_t>{0, 1, 2, 2, 2, 2, 2, 3, 4});
}

TEST_CASE("a convolution without padding keeps one class") {
    const Network network = test::NetworkBuilder({1, 9, 9}).conv("a", ones(1, 1, 3)).build();
    CHECK(position_classes(network).back().rows.of == std::vector<std::int32_t>(7, 0));
}

TEST_CASE("windows that hang over the edge are classes of their own") {
    const Network network = test::NetworkBuilder({1, 5, 5}).add("p", "MaxPool", MaxPool{overhanging_pool()}, {1, 3, 3}).build();
    CHECK(position_classes(network).back().rows.of == std::vector<std::int32_t>{0, 0, 1});
}

TEST_CASE("a sum takes the common refinement") {
    auto builder = test::NetworkBuilder({1, 6, 6}).conv("a", ones(1, 1, 3), {}, 1);
    builder.add("s", "Add", Sum{{1, 1}}, {1, 6, 6}, {0, builder.last()});
    CHECK(position_classes(builder.build()).back().rows.of == std::vector<std::int32_t>{0, 1, 1, 1, 1, 2});
}

TEST_CASE("an index map has the classes of what it reads, and one for its constant") {
    Select pad;
    pad.maps = {std::vector<std::int32_t>{0}, std::vector<std::int32_t>{-1, 0, 1, 2, -1}, std::vector<std::int32_t>{2, 1, 0}};
    const Network network = test::NetworkBuilder({1, 3, 3}).add("p", "Pad", pad, {1, 5, 3}).build();
    const Grid grid = position_classes(network).back();
    CHECK(grid.rows.of == std::vector<std::int32_t>{0, 1, 1, 1, 0});
    CHECK(grid.columns.of == std::vector<std::int32_t>{0, 0, 0});
}

TEST_CASE("a box that varies by entry, and a change of shape, make every position its own class") {
    const Network constant = test::NetworkBuilder({2, 2, 3}).add("v", "Flatten", View{}, {12}).build();
    CHECK(position_classes(constant).back().rows.of == std::vector<std::int32_t>{0});  // 12 channels at one position
    const Network reshaped = test::NetworkBuilder({2, 2, 3}).add("v", "Reshape", View{}, {2, 3, 2}).build();
    CHECK(position_classes(reshaped).back().plane() == 6);
    const Network by_entry = constant.with_box({std::vector<double>(12, -1.0), std::vector<double>(12, 1.0)});
    CHECK(position_classes(by_entry).front().plane() == 6);
}
