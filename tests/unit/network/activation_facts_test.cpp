// SPDX-License-Identifier: Apache-2.0
// Each fact of the activation table against a hundred digits: that it holds, and that it is no weaker than rounding makes it.
#include "activation_cases.hpp"
#include "activation_reference.hpp"
#include "qbound/activation.hpp"
#include "support/catch.hpp"

#include <functional>

namespace qbound::test {
namespace {

constexpr std::uint64_t kSeed = 20260402;

Real value(const ActivationCase& c, const Real& t) {
    return reference(c.activation, c.slope(), t);
}

/// A difference quotient so narrow that it is the derivative to 10^−50, where there is one.
Real slope_at(const ActivationCase& c, const Real& t) {
    static const Real h("1e-28");
    return (value(c, t + h) - value(c, t - h)) / (2 * h);
}

/// The largest value of `f` on an interval where it has one peak, also at an end.
Real peak(const std::function<Real(const Real&)>& f, Interval range) {
    Real a = range.lower;
    Real b = range.upper;
    while (b - a > 1e-17) {
        const Real third = (b - a) / 3;
        if (f(a + third) < f(b - third)) {
            a += third;
        } else {
            b -= third;
        }
    }
    return f((a + b) / 2);
}

TEST_CASE("difference quotients lie in the slope interval") {
    Random random(kSeed);
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        CHECK(facts.lipschitz == std::max(std::abs(facts.slope_lower), std::abs(facts.slope_upper)));
        for (int i = 0; i < 600; ++i) {
            // Pairs of every distance: near the steepest and flattest points, near 0, and far apart.
            const Interval around = i % 3 == 0 ? c.steepest : i % 3 == 1 ? c.flattest : Interval{-60, 60};
            const double s = random.uniform(around.lower, around.upper);
            const double t = i % 2 == 0 ? random.spread(-30, 12) : s + random.spread(-40, 0);
            if (s == t) continue;
            const Real low = std::min(s, t);
            const Real high = std::max(s, t);
            const Real rise = value(c, high) - value(c, low);
            const Real doubt = kReferenceError * (1 + abs(value(c, high)) + abs(value(c, low)));
            CAPTURE(s, t);
            REQUIRE(rise >= facts.slope_lower * (high - low) - doubt);
            REQUIRE(rise <= facts.slope_upper * (high - low) + doubt);
        }
    }
}

TEST_CASE("slope bounds are the extreme slopes, rounded outward") {
    const Real doubt("1e-50");  // of slope_at
    const Real one_place = ldexp(Real(1), -52);
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        const Real steepest = peak([&c](const Real& t) { return slope_at(c, t); }, c.steepest);
        const Real flattest = -peak([&c](const Real& t) { return Real(-slope_at(c, t)); }, c.flattest);
        CAPTURE(steepest.str(25), flattest.str(25), facts.slope_lower, facts.slope_upper);
        CHECK(steepest <= facts.slope_upper + doubt);
        CHECK(facts.slope_upper <= steepest * (1 + one_place));
        CHECK(facts.slope_lower <= flattest + doubt);
        CHECK(flattest - abs(flattest) * one_place <= facts.slope_lower + Real(1e-14) * (facts.slope_lower == 0));
    }
}

TEST_CASE("growth, value at 0, cap, spread and Clip distance") {
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        const Real at_zero = value(c, 0);
        CHECK(facts.at_zero.lower <= at_zero);
        CHECK(at_zero <= facts.at_zero.upper);
        CHECK(std::nextafter(facts.at_zero.lower, kInf) >= facts.at_zero.upper);
        CHECK(facts.fixes_zero == (at_zero == 0));

        Real steepest_chord = 0;
        Real largest = at_zero;
        Real least = at_zero;
        bool exceeds_argument = false;
        for (const double t : activation_grid(c, kSeed)) {
            const Real y = value(c, t);
            const Real doubt = kReferenceError * abs(y);
            CAPTURE(t, y.str(20));
            // Chords to points much nearer than the reference's own digits say nothing.
            if (std::abs(t) > 1e-80) {
                REQUIRE(abs(y - at_zero) <= facts.growth * abs(Real(t)) + doubt);
                steepest_chord = std::max(steepest_chord, Real(abs(y - at_zero) / abs(Real(t))));
            }
            REQUIRE(abs(y) <= facts.cap);
            REQUIRE(y - least <= facts.spread);
            REQUIRE(largest - y <= facts.spread);
            REQUIRE(abs(y) <= std::max(abs(Real(t)), Real(facts.clip_distance)));
            largest = std::max(largest, y);
            least = std::min(least, y);
            exceeds_argument = exceeds_argument || abs(y) > abs(Real(t)) + doubt;
        }
        const bool starts_saturated = c.row().op == "HardSigmoid" && (c.activation.beta > 1 || c.activation.beta < 0);
        const bool clipped_at_zero = c.row().op == "Clip" && !facts.fixes_zero;
        if (!starts_saturated && !clipped_at_zero) CHECK(facts.growth <= steepest_chord * (1 + 1e-9));
        CHECK((std::isfinite(facts.cap) || facts.lipschitz == 0 || std::max(abs(largest), abs(least)) > 1e300));
        if (std::isfinite(facts.cap)) CHECK(facts.cap <= std::max(abs(largest), abs(least)) * (1 + 1e-14));
        CHECK((std::isfinite(facts.spread) || facts.lipschitz == 0 || largest - least > 1e300));
        if (std::isfinite(facts.spread)) CHECK(facts.spread <= (largest - least) * (1 + 1e-14));
        CHECK(std::isfinite(facts.clip_distance) == (c.row().op == "Clip"));
        CHECK(facts.contracts == (facts.lipschitz <= 1 && !exceeds_argument));
    }
}

TEST_CASE("monotone on either side of the turning point") {
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        const std::vector<double> grid = activation_grid(c, kSeed + 1);
        Real previous = value(c, grid.front());
        for (std::size_t i = 1; i < grid.size(); ++i) {
            const Real next = value(c, grid[i]);
            const Real doubt = kReferenceError * (abs(previous) + abs(next));
            const bool left = grid[i] <= facts.turn_lower;
            const bool right = grid[i - 1] >= facts.turn_upper;
            const bool rises = facts.monotonicity == Monotonicity::rising || (facts.monotonicity == Monotonicity::valley && right);
            const bool falls = facts.monotonicity == Monotonicity::falling || (facts.monotonicity == Monotonicity::valley && left);
            CAPTURE(grid[i - 1], grid[i]);
            if (rises) REQUIRE(next >= previous - doubt);
            if (falls) REQUIRE(next <= previous + doubt);
            previous = next;
        }
    }
}

TEST_CASE("valleys: the bracket holds the turning point, the minimum is rounded down") {
    int valleys = 0;
    for (const ActivationCase& c : activation_cases()) {
        const ActivationFacts facts = c.facts();
        if (facts.monotonicity != Monotonicity::valley) continue;
        ++valleys;
        INFO(c.name);
        CHECK(std::nextafter(facts.turn_lower, kInf) >= facts.turn_upper);
        CHECK(facts.turn_lower <= facts.turn_upper);
        if (facts.turn_lower == facts.turn_upper) {
            CHECK(value(c, facts.turn_lower) == facts.minimum);  // HardSwish and LeakyRelu: exact
            continue;
        }
        // The slope changes its sign within the bracket.
        CHECK(slope_at(c, facts.turn_lower) < 0);
        CHECK(slope_at(c, facts.turn_upper) > 0);
        const Real least =
            -peak([&c](const Real& t) { return Real(-value(c, t)); }, {facts.turn_lower - 0.1, facts.turn_upper + 0.1});
        CAPTURE(least.str(25), facts.minimum);
        CHECK(facts.minimum <= least);
        CHECK(std::nextafter(facts.minimum, 0) > least);
    }
    CHECK(valleys == 8);  // three negative slopes, HardSwish, Silu, two Gelu, Mish
}

TEST_CASE("identity parts shift nothing") {
    int identities = 0;
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        if (!(facts.identity_lower <= facts.identity_upper)) continue;
        ++identities;
        std::vector<double> inside;
        for (const double t : activation_grid(c, kSeed + 2)) {
            if (t >= facts.identity_lower && t <= facts.identity_upper) inside.push_back(t);
        }
        REQUIRE_FALSE(inside.empty());
        for (const double t : inside) {
            const Real shift = (value(c, t) - value(c, inside.front())) - (Real(t) - inside.front());
            REQUIRE(abs(shift) <= kReferenceError * (abs(Real(t)) + abs(Real(inside.front()))));
        }
        // Just outside the slope is another (LeakyRelu 1 and Clip without limits have no outside).
        if (std::isfinite(facts.identity_lower) && facts.slope_upper > facts.slope_lower) {
            CHECK(slope_at(c, facts.identity_lower - 1e-3) != 1);
        }
        if (std::isfinite(facts.identity_upper)) CHECK(slope_at(c, facts.identity_upper + 1e-3) != 1);
    }
    CHECK(identities == 23);
}

}  // namespace
}  // namespace qbound::test
