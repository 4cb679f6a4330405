// SPDX-License-Identifier: Apache-2.0
#include "bounds/norm_recursion.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/networks.hpp"

using namespace qbound;
using internal::NodeNorms;

namespace {

const Axis kTrivial{1, 1, 1, 1, 1, 0, 0};

/// The 2-norm gain of the last node of a network on one row of `entries` values.
double two_gain(std::int64_t entries, const char* op, NodeKind kind, std::int64_t outputs) {
    const Network network = test::NetworkBuilder({1, 1, entries}).add("n", op, std::move(kind), {1, 1, outputs}).build();
    const Upper large = Upper::exactly(100.0);
    const NodeNorms in{large, large, Upper::exactly(1.0)};
    return internal::propagate_two(network, network.nodes().back(), {&in}).d.value_up();
}

}  // namespace

TEST_CASE("max pool enlarges a 2-norm by the root of the windows that share an entry") {
    CHECK(two_gain(5, "MaxPool", MaxPool{{kTrivial, Axis{5, 2, 3, 2, 1, 0, 0}}}, 2) == Approx(std::sqrt(2.0)));  // ⌈3/2⌉
    CHECK(two_gain(9, "MaxPool", MaxPool{{kTrivial, Axis{9, 3, 3, 2, 2, 0, 0}}}, 3) ==
          Approx(std::sqrt(3.0)));                                                                    // dilation 2: ⌈3·2/2⌉
    CHECK(two_gain(6, "MaxPool", MaxPool{{kTrivial, Axis{6, 3, 2, 2, 1, 0, 0}}}, 3) == Approx(1.0));  // disjoint
    CHECK(two_gain(3, "MaxPool", MaxPool{{kTrivial, Axis{3, 1, 3, 1, 1, 0, 0}}}, 1) == Approx(1.0));  // one window
}

TEST_CASE("average pool: the root of the largest row sum times the largest column sum") {
    const std::vector<std::int64_t> one{1};
    CHECK(two_gain(4, "AveragePool", AveragePool{{kTrivial, Axis{4, 2, 2, 2, 1, 0, 0}}, {one, {2, 2}}}, 2) ==
          Approx(std::sqrt(0.5)));
    // Without counting its padding the middle entry has the weights 1/2 + 1/3 + 1/2: a gain above 1.
    CHECK(two_gain(3, "AveragePool", AveragePool{{kTrivial, Axis{3, 3, 3, 1, 1, 1, 1}}, {one, {2, 3, 2}}}, 3) ==
          Approx(std::sqrt(4.0 / 3.0)));
}
