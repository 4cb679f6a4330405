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

TEST_CASE("the norms of a product, by hand") {
    const auto norms = [](double x, double y, double d) {
        return NodeNorms{Upper::exactly(x), Upper::exactly(y), Upper::exactly(d)};
    };
    const internal::NormPair u{norms(3, 2, 1), norms(5, 4, 2)};
    const internal::NormPair v{norms(2, 1, 0.5), norms(4, 3, 1)};
    const internal::NormPair p = internal::product_norms(u, v);
    CHECK(p.inf.x.value_up() == 6);
    CHECK(p.inf.y.value_up() == 2);
    CHECK(p.inf.d.value_up() == 2.5);  // 3·0.5 + 1·1, the other telescoping is 2·0.5 + 1·2
    CHECK(p.two.x.value_up() == 10);   // 5·2 < 3·4
    CHECK(p.two.y.value_up() == 4);    // 4·1 < 2·3
    CHECK(p.two.d.value_up() == 4.5);  // min(5·0.5, 3·1) + min(2·1, 1·3)
    const internal::NormPair mirrored = internal::product_norms(v, u);
    CHECK(mirrored.inf.d.value_up() == 2.5);
    CHECK(mirrored.two.d.value_up() == 4.5);
    // The second telescoping where it is the smaller, and the triangle inequality where both are larger.
    CHECK(internal::product_norms({norms(9, 1, 1), u.two}, v).inf.d.value_up() == 2.5);  // 1·0.5 + 1·2
    CHECK(internal::product_norms({norms(1, 1, 2), u.two}, {norms(1, 1, 2), v.two}).inf.d.value_up() == 2);
    // A lost factor loses the product.
    const internal::NormPair lost{{Upper::infinity(), Upper::infinity(), Upper::infinity()},
                                  {Upper::infinity(), Upper::infinity(), Upper::infinity()}};
    CHECK(internal::product_norms(lost, v).inf.d.is_infinite());
    CHECK(internal::product_norms(v, lost).two.x.is_infinite());
}
