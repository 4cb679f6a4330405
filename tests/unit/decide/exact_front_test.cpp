// SPDX-License-Identifier: Apache-2.0
#include "decide/exact_front.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <limits>

using namespace qbound;
using internal::Combine;
using internal::ExactFront;
using internal::Option;

namespace {

using Options = std::vector<std::vector<Option>>;
using Point = ExactFront::Point;

constexpr std::size_t kAny = std::numeric_limits<std::uint32_t>::max();

/// Whole numbers, so that sums are exact in any order and ties occur.
Options random_options(test::Random& random) {
    Options units(static_cast<std::size_t>(random.integer(1, 5)));
    for (auto& unit : units) {
        unit.resize(static_cast<std::size_t>(random.integer(1, 4)));
        for (Option& option : unit) {
            option = {random.integer(0, 12), static_cast<double>(random.integer(-3, 20))};
        }
    }
    return units;
}

Point total(const Options& units, const std::vector<int>& choice, Combine combine) {
    Point sum{0, combine == Combine::sum ? 0 : -std::numeric_limits<double>::infinity()};
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        const Option& option = units[unit][static_cast<std::size_t>(choice[unit])];
        sum.size += option.size;
        sum.cost = combine == Combine::sum ? sum.cost + option.cost : std::max(sum.cost, option.cost);
    }
    return sum;
}

/// The undominated totals of all choices, one by one.
std::vector<Point> enumerated(const Options& units, Combine combine) {
    std::vector<Point> all;
    std::vector<int> choice(units.size());
    for (bool more = true; more;) {
        all.push_back(total(units, choice, combine));
        more = false;
        for (std::size_t unit = 0; unit < units.size() && !more; ++unit) {
            more = ++choice[unit] < static_cast<int>(units[unit].size());
            choice[unit] = more ? choice[unit] : 0;
        }
    }
    std::sort(all.begin(), all.end(), [](Point a, Point b) { return a.size != b.size ? a.size < b.size : a.cost < b.cost; });
    std::vector<Point> front;
    for (const Point& point : all) {
        if (front.empty() || point.cost < front.back().cost) {
            front.push_back(point);
        }
    }
    return front;
}

}  // namespace

TEST_CASE("exact front: the undominated choices of an enumeration", "[decide]") {
    test::Random random(11);
    for (int round = 0; round < 600; ++round) {
        const Combine combine = round % 2 == 0 ? Combine::sum : Combine::largest;
        const Options units = random_options(random);
        CAPTURE(round);
        const ExactFront front(units, combine, kAny);
        const std::vector<Point> expected = enumerated(units, combine);
        REQUIRE(front.exact());
        REQUIRE(front.points().size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(front.points()[i].size == expected[i].size);
            CHECK(front.points()[i].cost == expected[i].cost);
            const Point chosen = total(units, front.choice(i), combine);
            CHECK(chosen.size == expected[i].size);
            CHECK(chosen.cost == expected[i].cost);
        }
    }
}

TEST_CASE("exact front: a thinned list says so, keeps its ends, and every point is a choice", "[decide]") {
    Options units;
    for (int unit = 0; unit < 10; ++unit) {
        units.push_back({{0, static_cast<double>(1 << unit)}, {1 << unit, 0}});  // 1024 undominated choices
    }
    CHECK(ExactFront(units, Combine::sum, 1024).exact());
    const ExactFront thinned(units, Combine::sum, 100);
    CHECK_FALSE(thinned.exact());
    REQUIRE(thinned.points().size() == 100);
    CHECK(thinned.points().front().size == 0);
    CHECK(thinned.points().back().cost == 0);
    for (std::size_t i = 0; i < thinned.points().size(); ++i) {
        CHECK(total(units, thinned.choice(i), Combine::sum).size == thinned.points()[i].size);
    }
}
