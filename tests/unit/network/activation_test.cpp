// SPDX-License-Identifier: Apache-2.0
#include "qbound/activation.hpp"

#include "activation_cases.hpp"
#include "support/catch.hpp"

#include <limits>

namespace qbound::test {
namespace {

std::string defect(const Activation& a) {
    return activation_defect(a).value_or("none");
}

TEST_CASE("the table has one row per function, in order") {
    const std::vector<ActivationRow>& table = activation_table();
    REQUIRE(table.size() == 17);
    for (std::size_t i = 0; i < table.size(); ++i) {
        CHECK(static_cast<std::size_t>(table[i].function) == i);
        CHECK(&activation_row(table[i].function) == &table[i]);
    }
    CHECK(activation_row(ActivationFunction::hard_swish).op == "HardSwish");
    CHECK(activation_row(ActivationFunction::gelu).op == "Gelu");
    CHECK(activation_row(ActivationFunction::gelu_tanh).op == "Gelu");
    CHECK(activation_row(ActivationFunction::mish).op == "Mish");
    for (const ActivationRow& row : table) {
        const auto& cases = activation_cases();
        CHECK(std::any_of(cases.begin(), cases.end(), [&row](const auto& c) { return c.activation.function == row.function; }));
    }
}

TEST_CASE("slope of a channel") {
    const Activation shared{.function = ActivationFunction::prelu, .slopes = {0.25}};
    CHECK(activation_slope(shared, 0) == 0.25);
    CHECK(activation_slope(shared, 7) == 0.25);
    const Activation per_channel{.function = ActivationFunction::prelu, .slopes = {0.25, -1, 2}};
    CHECK(activation_slope(per_channel, 1) == -1);
    CHECK(activation_slope(per_channel, 2) == 2);
    CHECK(activation_slope({.function = ActivationFunction::leaky_relu, .alpha = 0.01}, 3) == 0.01);
}

TEST_CASE("parameters without defects are accepted") {
    for (const ActivationCase& c : activation_cases()) {
        INFO(c.name);
        CHECK(defect(c.activation) == "none");
    }
}

TEST_CASE("refused parameters") {
    const double nan = std::nan("");
    using enum ActivationFunction;
    CHECK(defect({.function = clip, .lower = nan}) == "a Clip limit is NaN or excludes every number");
    CHECK(defect({.function = clip, .upper = nan}) == "a Clip limit is NaN or excludes every number");
    CHECK(defect({.function = clip, .lower = kInf}) == "a Clip limit is NaN or excludes every number");
    CHECK(defect({.function = clip, .upper = -kInf}) == "a Clip limit is NaN or excludes every number");
    CHECK(defect({.function = clip, .lower = 1, .upper = 0}) == "the lower Clip limit exceeds the upper one");
    CHECK(defect({.function = leaky_relu, .alpha = nan}) == "alpha is NaN or infinite");
    CHECK(defect({.function = leaky_relu, .alpha = -kInf}) == "alpha is NaN or infinite");
    CHECK(defect({.function = prelu}) == "PRelu has no slopes");
    CHECK(defect({.function = prelu, .slopes = {0, nan}}) == "a PRelu slope is NaN or infinite");
    CHECK(defect({.function = hard_sigmoid, .alpha = kInf, .beta = 0.5}) == "alpha or beta is NaN or infinite");
    CHECK(defect({.function = hard_sigmoid, .alpha = 0.2, .beta = nan}) == "alpha or beta is NaN or infinite");
    CHECK(defect({.function = elu, .alpha = nan}) == "alpha is NaN or infinite");
    CHECK(defect({.function = elu, .alpha = -0.5}) == "Elu needs alpha >= 0");
    CHECK(defect({.function = selu, .alpha = 1, .beta = kInf}) == "alpha or gamma is NaN or infinite");
    CHECK(defect({.function = selu, .alpha = -1, .beta = 1}) == "Selu needs alpha >= 0 and gamma >= 0");
    CHECK(defect({.function = selu, .alpha = 1, .beta = -1}) == "Selu needs alpha >= 0 and gamma >= 0");
    CHECK(defect({.function = selu, .alpha = 1e200, .beta = 1e200}) == "gamma * alpha overflows");
    CHECK(defect({.function = relu, .alpha = nan}) == "none");  // Relu has no parameters
}

TEST_CASE("facts by hand") {
    const auto facts = [](const Activation& a) { return activation_row(a.function).facts(a, activation_slope(a, 0)); };
    using enum ActivationFunction;

    const ActivationFacts relu6 = facts({.function = clip, .lower = 0, .upper = 6});
    CHECK(relu6.lipschitz == 1);
    CHECK(relu6.cap == 6);
    CHECK(relu6.spread == 6);
    CHECK(relu6.clip_distance == 0);
    CHECK(relu6.contracts);

    const ActivationFacts away = facts({.function = clip, .lower = 1, .upper = 3});
    CHECK(away.at_zero.lower == 1);
    CHECK(away.cap == 3);
    CHECK(away.spread == 2);
    CHECK(away.clip_distance == 1);
    CHECK_FALSE(away.fixes_zero);
    CHECK_FALSE(away.contracts);

    // 1 + 2^−60 is no double, and the nearest one is too small: the spread is rounded up.
    const ActivationFacts inexact = facts({.function = clip, .lower = -0x1p-60, .upper = 1});
    CHECK(inexact.spread == 1 + 0x1p-52);
    const ActivationFacts wide = facts({.function = clip, .lower = -1e308, .upper = 1e308});
    CHECK(wide.spread == kInf);
    CHECK(wide.cap == 1e308);

    const ActivationFacts steep = facts({.function = leaky_relu, .alpha = -2.5});
    CHECK(steep.lipschitz == 2.5);
    CHECK(steep.slope_lower == -2.5);
    CHECK(steep.slope_upper == 1);
    CHECK(steep.growth == 2.5);
    CHECK(steep.monotonicity == Monotonicity::valley);
    CHECK(steep.minimum == 0);

    const ActivationFacts falling = facts({.function = hard_sigmoid, .alpha = -0.3, .beta = 0.4});
    CHECK(falling.monotonicity == Monotonicity::falling);
    CHECK(falling.slope_lower == -0.3);
    CHECK(falling.slope_upper == 0);

    const ActivationFacts ones = facts({.function = hard_sigmoid, .alpha = 1, .beta = -0.1});
    CHECK(ones.identity_lower == 0.1);
    CHECK(ones.identity_upper <= 1.1);
    CHECK(ones.contracts);

    // Exact in double: the defaults are single precision numbers.
    const ActivationFacts selu_defaults =
        facts({.function = selu, .alpha = 1.67326319217681884765625, .beta = 1.05070102214813232421875});
    CHECK(selu_defaults.lipschitz == 0x1.c212cc7ba98c0p+0);
    CHECK_FALSE(selu_defaults.contracts);
    CHECK(facts({.function = selu, .alpha = 1.5, .beta = 0.5}).contracts);
    CHECK(facts({.function = elu, .alpha = 1}).contracts);
    CHECK_FALSE(facts({.function = elu, .alpha = 1.1}).contracts);
    CHECK_FALSE(facts({.function = ActivationFunction::erf}).contracts);
    CHECK_FALSE(facts({.function = sigmoid}).contracts);
    CHECK_FALSE(facts({.function = gelu}).contracts);
}

}  // namespace
}  // namespace qbound::test
