// SPDX-License-Identifier: Apache-2.0
// Enclosures of values and ranges, and the values used for evaluation, against a hundred digits.
#include "activation_cases.hpp"
#include "activation_reference.hpp"
#include "qbound/activation.hpp"
#include "support/catch.hpp"

namespace qbound::test {
namespace {

constexpr std::uint64_t kSeed = 20260401;

bool contains(Interval interval, const Real& value) {
    return interval.lower <= value && value <= interval.upper;
}

/// upper − lower, where what lies beyond the largest double counts as it.
Real width(Interval interval) {
    const double max = std::numeric_limits<double>::max();
    return Real(std::min(interval.upper, max)) - std::max(interval.lower, -max);
}

TEST_CASE("enclosures contain the value and are tight") {
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        for (const double t : activation_grid(c, kSeed)) {
            const Real truth = reference(c.activation, c.slope(), t);
            const Interval interval = c.row().enclose(c.activation, c.slope(), t);
            // The reference's own error counts only where it is not exact.
            const Real doubt = abs(truth) * kReferenceError;
            const bool sound = interval.lower <= truth + doubt && truth - doubt <= interval.upper;
            const bool tight = width(interval) <= ldexp(abs(truth), -40) + ldexp(Real(1), -1050);
            if (!sound || !tight) {
                CAPTURE(t, interval.lower, interval.upper, truth.str(25));
                CHECK(sound);
                CHECK(tight);
            }
        }
    }
}

TEST_CASE("enclosures keep within the function's range") {
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        for (const double t : activation_grid(c, kSeed + 1)) {
            const Interval interval = c.row().enclose(c.activation, c.slope(), t);
            CAPTURE(t, interval.lower, interval.upper);
            REQUIRE(interval.lower <= interval.upper);
            REQUIRE(interval.lower >= facts.minimum);
            REQUIRE(interval.lower >= -facts.cap);
            REQUIRE(interval.upper <= facts.cap);
        }
    }
}

TEST_CASE("piecewise linear activations are enclosed without slack where no rounding happens") {
    for (const ActivationCase& c : activation_cases()) {
        const ActivationFacts facts = c.facts();
        if (!(facts.identity_lower <= facts.identity_upper) || c.activation.function == ActivationFunction::hard_sigmoid) continue;
        INFO(c.name);
        for (const double t : activation_grid(c, kSeed + 2)) {
            if (t < facts.identity_lower || t > facts.identity_upper) continue;
            const Interval interval = c.row().enclose(c.activation, c.slope(), t);
            REQUIRE(interval.lower == t);
            REQUIRE(interval.upper == t);
        }
    }
    const Activation leaky{.function = ActivationFunction::leaky_relu, .alpha = 0.25};
    const auto enclose = activation_row(leaky.function).enclose;
    CHECK(enclose(leaky, 0.25, -3).lower == -0.75);
    CHECK(enclose(leaky, 0.25, -3).upper == -0.75);
    // The double 0.1 is above 1/10, the double 0.3 below 3/10: the product lies between two neighbours.
    CHECK(enclose(leaky, 0.1, -3).lower == -0.30000000000000004);
    CHECK(enclose(leaky, 0.1, -3).upper == -0.3);
}

TEST_CASE("limits at infinity, and NaN") {
    struct Expected {
        Activation activation;
        double at_minus;
        double at_plus;
    };
    using enum ActivationFunction;
    const std::vector<Expected> table = {
        {{.function = relu}, 0, kInf},
        {{.function = clip}, -kInf, kInf},
        {{.function = clip, .lower = -1, .upper = 6}, -1, 6},
        {{.function = leaky_relu, .alpha = 0.1}, -kInf, kInf},
        {{.function = leaky_relu, .alpha = 0}, 0, kInf},
        {{.function = leaky_relu, .alpha = -0.1}, kInf, kInf},
        {{.function = prelu, .slopes = {0}}, 0, kInf},
        {{.function = sigmoid}, 0, 1},
        {{.function = ActivationFunction::tanh}, -1, 1},
        {{.function = hard_sigmoid, .alpha = 0.2, .beta = 0.5}, 0, 1},
        {{.function = hard_sigmoid, .alpha = -0.2, .beta = 0.5}, 1, 0},
        {{.function = hard_sigmoid, .alpha = 0, .beta = 0.5}, 0.5, 0.5},
        {{.function = softplus}, 0, kInf},
        {{.function = softsign}, -1, 1},
        {{.function = elu, .alpha = 0.5}, -0.5, kInf},
        {{.function = selu, .alpha = 2, .beta = 1.5}, -3, kInf},
        {{.function = selu, .alpha = 2, .beta = 0}, 0, 0},
        {{.function = ActivationFunction::erf}, -1, 1},
        {{.function = hard_swish}, 0, kInf},
        {{.function = silu}, 0, kInf},
        {{.function = gelu}, 0, kInf},
        {{.function = gelu_tanh}, 0, kInf},
        {{.function = mish}, 0, kInf},
    };
    for (const Expected& e : table) {
        const ActivationRow& row = activation_row(e.activation.function);
        const double slope = activation_slope(e.activation, 0);
        INFO(row.op);
        const Interval at_plus = row.enclose(e.activation, slope, kInf);
        CHECK(at_plus.lower == e.at_plus);
        CHECK(at_plus.upper == e.at_plus);
        CHECK(row.approx_value(e.activation, slope, kInf) == e.at_plus);
        const Interval at_minus = row.enclose(e.activation, slope, -kInf);
        CHECK(at_minus.upper == e.at_minus);
        CHECK(at_minus.lower <= e.at_minus);
        CHECK((at_minus.lower == e.at_minus || (e.at_minus == 0 && at_minus.lower > -1e-300)));
        CHECK(row.approx_value(e.activation, slope, -kInf) == e.at_minus);
        const Interval of_nan = row.enclose(e.activation, slope, std::nan(""));
        CHECK(of_nan.lower == -kInf);
        CHECK(of_nan.upper == kInf);
        const bool constant = row.facts(e.activation, slope).lipschitz == 0;
        CHECK(std::isnan(row.approx_value(e.activation, slope, std::nan(""))) == !constant);
    }
}

TEST_CASE("range enclosures contain every value and are tight") {
    Random random(kSeed);
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        for (int trial = 0; trial < 60; ++trial) {
            const double scale = std::exp(random.uniform(-5, 4));
            const double a = random.uniform(-scale, scale);
            const double b = trial % 4 == 0 ? std::nextafter(a, kInf) : random.uniform(-scale, scale);
            const Interval range = {std::min(a, b), std::max(a, b)};
            const Interval image = enclose_range(c.activation, c.slope(), facts, range);
            CAPTURE(range.lower, range.upper, image.lower, image.upper);

            Real least = reference(c.activation, c.slope(), range.lower);
            Real largest = least;
            std::vector<double> inside = {range.upper, std::clamp(facts.turn_lower, range.lower, range.upper)};
            for (int i = 0; i < 20; ++i)
                inside.push_back(std::clamp(random.uniform(range.lower, range.upper), range.lower, range.upper));
            for (const double t : inside) {
                const Real value = reference(c.activation, c.slope(), t);
                REQUIRE(contains(image, value));
                least = std::min(least, value);
                largest = std::max(largest, value);
            }
            // The largest value is taken at an end, the least at an end or at the turning point: both were sampled.
            REQUIRE(least - image.lower <= ldexp(abs(least), -40) + ldexp(Real(1), -1050));
            REQUIRE(image.upper - largest <= ldexp(abs(largest), -40) + ldexp(Real(1), -1050));
        }
    }
}

TEST_CASE("range rules by hand") {
    const auto image = [](const Activation& a, double lower, double upper) {
        const double slope = activation_slope(a, 0);
        return enclose_range(a, slope, activation_row(a.function).facts(a, slope), {lower, upper});
    };
    const auto is = [](Interval i, double lower, double upper) { return i.lower == lower && i.upper == upper; };
    using enum ActivationFunction;
    CHECK(is(image({.function = relu}, -2, 3), 0, 3));
    CHECK(is(image({.function = relu}, -kInf, kInf), 0, kInf));
    CHECK(is(image({.function = clip, .lower = 0, .upper = 6}, -kInf, 4), 0, 4));
    CHECK(is(image({.function = leaky_relu, .alpha = -0.5}, -4, 1), 0, 2));   // the valley at 0 is inside
    CHECK(is(image({.function = leaky_relu, .alpha = -0.5}, -4, -2), 1, 2));  // left of it
    CHECK(is(image({.function = leaky_relu, .alpha = -0.5}, 1, 4), 1, 4));    // right of it
    CHECK(is(image({.function = leaky_relu, .alpha = 0.5}, -4, 1), -2, 1));
    CHECK(is(image({.function = hard_sigmoid, .alpha = -0.25, .beta = 0.5}, -8, 8), 0, 1));
    CHECK(is(image({.function = hard_sigmoid, .alpha = 0, .beta = 0.5}, -kInf, kInf), 0.5, 0.5));
    CHECK(is(image({.function = hard_swish}, -2, 4), -0.375, 4));
    CHECK(is(image({.function = hard_swish}, -kInf, kInf), -0.375, kInf));
    CHECK(is(image({.function = hard_swish}, -9, -4), 0, 0));
    CHECK(is(image({.function = sigmoid}, -kInf, kInf), 0, 1));
    CHECK(is(image({.function = silu}, -kInf, kInf), -0x1.1d25cf210482ep-2, kInf));
    CHECK(image({.function = silu}, -1, 0).lower > -0.26895);  // −1·σ(−1) = −0.268941…: the turning point is outside
    CHECK(image({.function = silu}, -1, 0).lower < -0.26894);
    CHECK(is(image({.function = silu}, std::nan(""), 1), -kInf, kInf));
    CHECK(is(image({.function = silu}, 0, std::nan("")), -kInf, kInf));
    CHECK(is(image({.function = silu}, 1, 0), -kInf, kInf));
}

TEST_CASE("values for evaluation are accurate") {
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        for (const double t : activation_grid(c, kSeed + 3)) {
            const Real truth = reference(c.activation, c.slope(), t);
            const double value = c.row().approx_value(c.activation, c.slope(), t);
            const bool overflows = abs(truth) > std::numeric_limits<double>::max();
            // HardSigmoid cancels next to its zero; the others do not.
            const Real allowed =
                ldexp(abs(truth), -40) + ldexp(Real(1), -1000) + (c.row().op == "HardSigmoid" ? Real(1e-15) : Real(0));
            if (!(overflows ? std::isinf(value) : Real(value) >= truth - allowed && Real(value) <= truth + allowed)) {
                CAPTURE(t, value, truth.str(25));
                FAIL_CHECK("inaccurate");
            }
        }
    }
}

TEST_CASE("derivatives for ascent are the slopes") {
    Random random(kSeed);
    const Real h("1e-30");
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        const ActivationFacts facts = c.facts();
        for (int i = 0; i < 300; ++i) {
            const double t = random.uniform(-10, 10);  // never at a kink
            const Real slope = (reference(c.activation, c.slope(), t + h) - reference(c.activation, c.slope(), t - h)) / (2 * h);
            const double derivative = c.row().approx_derivative(c.activation, c.slope(), t);
            CAPTURE(t, derivative, slope.str(20));
            REQUIRE(abs(slope - derivative) <= 1e-14);
            REQUIRE(derivative >= facts.slope_lower - 1e-14);
            REQUIRE(derivative <= facts.slope_upper + 1e-14);
        }
        for (const double t : {-1e308, -1e3, 1e3, 1e308}) {
            REQUIRE(std::isfinite(c.row().approx_derivative(c.activation, c.slope(), t)));
        }
    }
}

}  // namespace
}  // namespace qbound::test
