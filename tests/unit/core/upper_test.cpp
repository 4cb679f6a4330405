// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/random.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

using namespace qbound;
using test::exact;
using test::Rational;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kLeastNormal = std::numeric_limits<double>::min();
constexpr double kLeast = std::numeric_limits<double>::denorm_min();

const Rational kOnePlus = test::power_of_two(-51);

/// Doubles at which arithmetic goes wrong first, and random ones.
std::vector<double> nasty_doubles(test::Random& random) {
    std::vector<double> values{
        kLeast, 2 * kLeast, 0x1.fffffffffffffp-1023, kLeastNormal, 0x1p-600, 1,       1 + 0x1p-52, 1 - 0x1p-53, 0x1.fffffffffffffp0,
        2,      3,          0x1.5555555555555p-2,    1e16,         0x1p53,   kLargest};
    for (int i = 0; i < 40; ++i) {
        values.push_back(std::fabs(random.spread(-2, 2)));
        values.push_back(std::fabs(random.spread(-1074, 1023)));
    }
    return values;
}

}  // namespace

TEST_CASE("next_up and next_down step by one double", "[rounding]") {
    CHECK(next_up(0.0) == kLeast);
    CHECK(next_up(-0.0) == kLeast);
    CHECK(next_down(0.0) == -kLeast);
    CHECK(next_up(-kLeast) == 0);
    CHECK(next_up(1.0) == 1 + 0x1p-52);
    CHECK(next_down(1.0) == 1 - 0x1p-53);
    CHECK(next_up(0x1.fffffffffffffp0) == 2);
    CHECK(next_up(kLargest) == kInfinity);
    CHECK(next_up(kInfinity) == kInfinity);
    CHECK(next_up(-kInfinity) == -kLargest);
    CHECK(next_down(-kLargest) == -kInfinity);
    CHECK(next_up(-2.0) == -0x1.fffffffffffffp0);
}

TEST_CASE("an Upper from a double is that double", "[rounding]") {
    test::Random random(11);
    for (const double v : nasty_doubles(random)) {
        CHECK(Upper::exactly(v).value_up() == v);
        CHECK(Upper::magnitude(-v).value_up() == v);
    }
    CHECK(Upper::exactly(0.0).is_zero());
    CHECK(Upper::exactly(-0.0).is_zero());
    CHECK(Upper().value_up() == 0);
}

TEST_CASE("NaN, negative and infinite values are lost bounds", "[rounding]") {
    for (const double v : {kNaN, -kNaN, -1.0, -kLeast, kInfinity, -kInfinity}) {
        CHECK(Upper::exactly(v).is_infinite());
    }
    CHECK(Upper::magnitude(kNaN).is_infinite());
    CHECK(Upper::magnitude(-kInfinity).is_infinite());
    CHECK(Upper::infinity().value_up() == kInfinity);
    CHECK(Lower::exactly(kNaN).value_down() == 0);
    CHECK(Lower::exactly(-1.0).value_down() == 0);
    CHECK(Lower::exactly(1.5).value_down() == 1.5);
}

TEST_CASE("sums and products of Upper lie within 2^-51 above the exact result", "[rounding]") {
    test::Random random(12);
    const auto values = nasty_doubles(random);
    for (const double a : values) {
        for (const double b : values) {
            INFO(a << " and " << b);
            const Upper ua = Upper::exactly(a);
            const Upper ub = Upper::exactly(b);
            CHECK(test::encloses_from_above(exact(ua + ub), exact(a) + exact(b), kOnePlus));
            CHECK(test::encloses_from_above(exact(ua * ub), exact(a) * exact(b), kOnePlus));
        }
    }
}

TEST_CASE("representable results of Upper are exact", "[rounding]") {
    CHECK(Upper::exactly(3.0) * Upper::exactly(7.0) == Upper::exactly(21.0));
    CHECK(Upper::exactly(0.75) + Upper::exactly(0.5) == Upper::exactly(1.25));
    CHECK(Upper::exactly(0x1p60) + Upper::exactly(0x1p8) == Upper::exactly(0x1p60 + 0x1p8));
    CHECK(sqrt_up(Upper::exactly(2.25)) == Upper::exactly(1.5));
    CHECK(sqrt_up(Upper::exactly(0x1p-1074)) == Upper::exactly(0x1p-537));
    CHECK(divide_up(Upper::exactly(21.0), 7.0) == Upper::exactly(3.0));
    CHECK(pow_up(Upper::exactly(3.0), 20) == Upper::exactly(3486784401.0));
    Upper accumulated = Upper::exactly(1.0);
    accumulated += Upper::exactly(2.0);
    accumulated *= Upper::exactly(4.0);
    CHECK(accumulated == Upper::exactly(12.0));
}

TEST_CASE("an inexact sum moves up even where the addend vanishes", "[rounding]") {
    CHECK(Upper::exactly(1.0) + Upper::exactly(0x1p-53) == Upper::exactly(1 + 0x1p-52));
    CHECK(Upper::exactly(1.0) + Upper::exactly(0x1p-60) == Upper::exactly(1 + 0x1p-52));
    CHECK(Upper::exactly(1.0) + Upper::exactly(0x1p-61) == Upper::exactly(1 + 0x1p-52));
    CHECK(Upper::exactly(1.0) + Upper::exactly(kLeast) == Upper::exactly(1 + 0x1p-52));
    CHECK(Upper::exactly(0x1.fffffffffffffp0) + Upper::exactly(kLeast) == Upper::exactly(2.0));
}

TEST_CASE("quotients, roots and powers of Upper are two-sided", "[rounding]") {
    test::Random random(13);
    for (const double a : nasty_doubles(random)) {
        INFO(a);
        const Upper ua = Upper::exactly(a);
        for (const double d : {kLeast, 0x1.8p-1073, 1.0, 3.0, 0x1.fffffffffffffp0, 1e300, kLargest}) {
            CHECK(test::encloses_from_above(exact(divide_up(ua, d)), exact(a) / exact(d), kOnePlus));
        }
        const Rational root = exact(sqrt_up(ua));
        CHECK(root * root >= exact(a));
        CHECK(root * root <= exact(a) * (1 + kOnePlus) * (1 + kOnePlus));
        for (const std::int64_t n : {1, 2, 3, 7, 18, 50}) {
            CHECK(test::encloses_from_above(exact(pow_up(ua, n)), test::power(exact(a), n), n * kOnePlus));
        }
    }
}

TEST_CASE("zero and infinity in Upper: a lost bound stays lost", "[rounding]") {
    const Upper zero;
    const Upper one = Upper::exactly(1.0);
    const Upper lost = Upper::infinity();
    CHECK((zero * lost).is_infinite());
    CHECK((lost * zero).is_infinite());
    CHECK((zero + lost).is_infinite());
    CHECK((lost * lost).is_infinite());
    CHECK((zero * one).is_zero());
    CHECK((zero + zero).is_zero());
    CHECK(zero + one == one);
    CHECK(sqrt_up(zero).is_zero());
    CHECK(sqrt_up(lost).is_infinite());
    CHECK(pow_up(zero, 0) == one);
    CHECK(pow_up(lost, 0) == one);
    CHECK(pow_up(zero, 3).is_zero());
    CHECK(pow_up(lost, 3).is_infinite());
    CHECK(pow_up(one, -1).is_infinite());
    CHECK(divide_up(zero, 2.0).is_zero());
    for (const double d : {0.0, -1.0, kNaN, kInfinity}) {
        CHECK(divide_up(one, d).is_infinite());
        CHECK(divide_up(zero, d).is_infinite());
    }
    CHECK(divide_up(lost, 2.0).is_infinite());
}

TEST_CASE("Upper is ordered like the numbers that it holds", "[rounding]") {
    test::Random random(14);
    auto values = nasty_doubles(random);
    values.push_back(0);
    values.push_back(kInfinity);
    for (const double a : values) {
        for (const double b : values) {
            const Upper ua = Upper::exactly(a);
            const Upper ub = Upper::exactly(b);
            CHECK((ua < ub) == (a < b));
            CHECK((ua <= ub) == (a <= b));
            CHECK((ua > ub) == (a > b));
            CHECK((ua >= ub) == (a >= b));
            CHECK((ua == ub) == (a == b));
            CHECK(max(ua, ub).value_up() == std::max(a, b));
            CHECK(min(ua, ub).value_up() == std::min(a, b));
        }
    }
    CHECK(pow_up(Upper::exactly(2.0), 5000) < pow_up(Upper::exactly(2.0), 5001));
    CHECK(pow_up(Upper::exactly(0.5), 5000) < Upper::exactly(kLeast));
}

TEST_CASE("Upper beyond double converts upwards", "[rounding]") {
    const Upper huge = pow_up(Upper::exactly(10.0), 1000);
    CHECK_FALSE(huge.is_infinite());
    CHECK(huge.value_up() == kInfinity);
    CHECK(pow_up(Upper::exactly(0.5), 2000).value_up() == kLeast);
    CHECK((Upper::exactly(kLeast) * Upper::exactly(0.5)).value_up() == kLeast);
    CHECK((Upper::exactly(kLeast) * Upper::exactly(1.5)).value_up() == 2 * kLeast);
    CHECK((Upper::exactly(0x1.8p-1074) * Upper::exactly(1.0)).value_up() == 2 * kLeast);
    CHECK((Upper::exactly(kLeastNormal) * Upper::exactly(1 - 0x1p-53)).value_up() == kLeastNormal);
    CHECK((Upper::exactly(kLargest) + Upper::exactly(1.0)).value_up() == kInfinity);
    CHECK((Upper::exactly(kLargest) * Upper::exactly(1.0)).value_up() == kLargest);
}

TEST_CASE("exponents beyond 64 bits saturate and never wrap", "[rounding]") {
    Upper huge = Upper::exactly(2.0);
    Upper tiny = Upper::exactly(0.5);
    for (int i = 0; i < 200; ++i) {
        const Upper before_huge = huge;
        const Upper before_tiny = tiny;
        huge *= huge;
        tiny *= tiny;
        REQUIRE(huge >= before_huge);
        REQUIRE(tiny <= before_tiny);
        REQUIRE_FALSE(tiny.is_zero());
    }
    CHECK(huge.is_infinite());
    CHECK(tiny.value_up() == kLeast);
    CHECK(pow_up(Upper::exactly(1e300), std::numeric_limits<std::int64_t>::max()).is_infinite());
    CHECK(divide_up(tiny, 1e300) <= tiny);
    CHECK_FALSE(divide_up(tiny, 1e300).is_zero());
    CHECK(sqrt_up(tiny) > tiny);
}

TEST_CASE("log10_up is never below the logarithm", "[rounding]") {
    for (int k = 0; k <= 22; ++k) {
        CHECK(pow_up(Upper::exactly(10.0), k).log10_up() == k);
    }
    CHECK(Upper().log10_up() == -kInfinity);
    CHECK(Upper::infinity().log10_up() == kInfinity);
    // log10 2^e ≤ c/100 for c = ⌈100·up⌉, decided in integers: 2^(100e) ≤ 10^c.
    for (const std::int64_t e : {-1074, -333, -7, -1, 1, 2, 10, 1023, 1024, 1500}) {
        const double up = pow_up(Upper::exactly(e < 0 ? 0.5 : 2.0), std::abs(e)).log10_up();
        const auto c = static_cast<std::int64_t>(test::ceiling_of(exact(up) * 100));
        const test::Integer two = test::power(test::Integer{2}, 100 * std::abs(e));
        const test::Integer ten = test::power(test::Integer{10}, std::abs(c));
        INFO(e);
        CHECK((e > 0 ? ten >= two : two >= ten));
        CHECK(std::fabs(up - static_cast<double>(e) * 0.3010299956639812) <= 1e-12 * std::max(1.0, std::fabs(up)));
    }
}

TEST_CASE("log10_up brackets long double logarithms of random values", "[rounding]") {
    test::Random random(15);
    for (int i = 0; i < 2000; ++i) {
        const double v = std::fabs(i % 2 == 0 ? random.spread(-3, 3) : random.spread(-1074, 1023));
        const double up = Upper::exactly(v).log10_up();
        const long double reference = std::log10(static_cast<long double>(v));
        INFO(v);
        CHECK(static_cast<long double>(up) >= reference - 1e-18L * std::fabs(reference));
        CHECK(static_cast<long double>(up) <= reference + 1e-12L * std::max(1.0L, std::fabs(reference)));
    }
}
