// SPDX-License-Identifier: Apache-2.0
#include "qbound/rounding.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/random.hpp"

#include <clocale>
#include <limits>
#include <string>

using namespace qbound;
using test::exact;
using test::Integer;
using test::Rational;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The rational that a printed decimal is.
Rational parse(const std::string& text) {
    const auto e = text.find('e');
    std::string mantissa = text.substr(0, e);
    const bool negative = mantissa[0] == '-';
    mantissa = negative ? mantissa.substr(1) : mantissa;
    std::int64_t exponent = e == std::string::npos ? 0 : std::stoll(text.substr(e + 1));
    const auto point = mantissa.find('.');
    if (point != std::string::npos) {
        exponent -= static_cast<std::int64_t>(mantissa.size() - point - 1);
        mantissa.erase(point, 1);
    }
    mantissa.erase(0, std::min(mantissa.find_first_not_of('0'), mantissa.size() - 1));
    Rational value{Integer{mantissa}};
    const Integer ten = test::power(Integer{10}, std::abs(exponent));
    value = exponent < 0 ? value / Rational{ten} : value * Rational{ten};
    return negative ? Rational{-value} : value;
}

}  // namespace

TEST_CASE("decimals are rounded outwards", "[decimal]") {
    CHECK(decimal_up(1.23456, 3) == "1.24");
    CHECK(decimal_down(1.23456, 3) == "1.23");
    CHECK(decimal_up(-1.23456, 3) == "-1.23");
    CHECK(decimal_down(-1.23456, 3) == "-1.24");
    CHECK(decimal_up(0.1, 3) == "0.101");  // the double 0.1 is above one tenth
    CHECK(decimal_down(0.1, 3) == "0.1");
    CHECK(decimal_up(0.3, 3) == "0.3");  // and 0.3 below three tenths
    CHECK(decimal_down(0.3, 3) == "0.299");
}

TEST_CASE("exact decimals stay as they are, without trailing zeros", "[decimal]") {
    CHECK(decimal_up(0.5, 3) == "0.5");
    CHECK(decimal_down(0.5, 3) == "0.5");
    CHECK(decimal_up(100.0, 3) == "100");
    CHECK(decimal_up(0.0, 3) == "0");
    CHECK(decimal_up(-0.0, 3) == "0");
    CHECK(decimal_up(120.0, 4) == "120");
    CHECK(decimal_up(0.1, 60) == "0.1000000000000000055511151231257827021181583404541015625");
    CHECK(decimal_down(0.1, 60) == "0.1000000000000000055511151231257827021181583404541015625");
}

TEST_CASE("decimals turn scientific as %g does", "[decimal]") {
    CHECK(decimal_up(1e10, 3) == "1e+10");
    CHECK(decimal_up(1234.0, 3) == "1.24e+03");
    CHECK(decimal_up(999.0, 3) == "999");
    CHECK(decimal_up(999.5, 3) == "1e+03");
    CHECK(decimal_up(99.99, 3) == "100");
    CHECK(decimal_down(999.5, 3) == "999");
    CHECK(decimal_up(0.00012345, 3) == "0.000124");
    CHECK(decimal_up(0.000012345, 3) == "1.24e-05");
    CHECK(decimal_up(9.9995e-5, 3) == "0.0001");
    CHECK(decimal_up(1e300, 2) == "1.1e+300");
    CHECK(decimal_up(5e-324, 2) == "5e-324");
    CHECK(decimal_down(5e-324, 2) == "4.9e-324");
}

TEST_CASE("digits below one are read as one", "[decimal]") {
    CHECK(decimal_up(1.5, 0) == "2");
    CHECK(decimal_up(95.0, -3) == "1e+02");
    CHECK(fixed_up(1.5, -1) == "2");
}

TEST_CASE("infinities and NaN print as lost bounds", "[decimal]") {
    CHECK(decimal_up(kInfinity, 3) == "inf");
    CHECK(decimal_down(-kInfinity, 3) == "-inf");
    CHECK(decimal_up(kNaN, 3) == "inf");
    CHECK(decimal_up(-kNaN, 3) == "inf");
    CHECK(decimal_down(kNaN, 3) == "-inf");
    CHECK(fixed_up(kNaN, 3) == "inf");
    CHECK(fixed_down(kNaN, 3) == "-inf");
    CHECK(decimal_up(Upper::infinity(), 3) == "inf");
}

TEST_CASE("fixed decimals keep their places", "[decimal]") {
    CHECK(fixed_up(1.005, 2) == "1.01");
    CHECK(fixed_down(1.005, 2) == "1.00");
    CHECK(fixed_up(2.0, 2) == "2.00");
    CHECK(fixed_up(0.0001, 2) == "0.01");
    CHECK(fixed_down(0.0001, 2) == "0.00");
    CHECK(fixed_up(-0.0001, 2) == "0.00");
    CHECK(fixed_down(-0.0001, 2) == "-0.01");
    CHECK(fixed_up(9.999, 2) == "10.00");
    CHECK(fixed_up(99.5, 0) == "100");
    CHECK(fixed_down(99.5, 0) == "99");
    CHECK(fixed_up(0.0, 1) == "0.0");
    CHECK(fixed_up(0.05, 1) == "0.1");
    CHECK(fixed_up(0.1, 1) == "0.2");
    CHECK(fixed_up(1e22, 1) == "10000000000000000000000.0");
}

TEST_CASE("every decimal is on its side and within one unit of its last place", "[decimal]") {
    test::Random random(31);
    for (int i = 0; i < 3000; ++i) {
        const double x = i % 3 == 0 ? random.spread(-1080, 1023) : random.spread(-12, 20);
        const int digits = static_cast<int>(random.integer(1, 20));
        INFO(x << " with " << digits << " digits");
        const std::string up = decimal_up(x, digits);
        const std::string down = decimal_down(x, digits);
        const Rational value = exact(x);
        CHECK(parse(up) >= value);
        CHECK(parse(down) <= value);
        const Rational relative = 1 / Rational{test::power(Integer{10}, digits - 1)};
        CHECK(parse(up) - value <= abs(value) * relative);
        CHECK(value - parse(down) <= abs(value) * relative);
    }
    for (int i = 0; i < 1000; ++i) {
        const double x = random.spread(-30, 30);
        const int places = static_cast<int>(random.integer(0, 8));
        INFO(x << " with " << places << " places");
        const Rational unit = 1 / Rational{test::power(Integer{10}, places)};
        const Rational above = parse(fixed_up(x, places)) - exact(x);
        const Rational below = exact(x) - parse(fixed_down(x, places));
        CHECK((above >= 0 && above < unit));
        CHECK((below >= 0 && below < unit));
    }
}

TEST_CASE("an Upper prints beyond the range of double, rounded up", "[decimal]") {
    CHECK(decimal_up(Upper::exactly(1.23456), 3) == "1.24");
    CHECK(decimal_up(Upper(), 3) == "0");
    CHECK(decimal_up(pow_up(Upper::exactly(10.0), 1513) * Upper::exactly(1.234), 3) == "1.24e+1513");
    CHECK(decimal_up(divide_up(Upper::exactly(1.0), 0x1p1000) * Upper::exactly(0x1p-1000), 3) == "8.71e-603");
    test::Random random(32);
    for (int i = 0; i < 60; ++i) {
        const std::int64_t e = random.integer(-20000, 20000);
        const Upper x = Upper::exactly(1 + random.unit()) * pow_up(Upper::exactly(e < 0 ? 0.5 : 2.0), std::abs(e));
        const Rational value = exact(x);
        const Rational printed = parse(decimal_up(x, 6));
        CHECK(printed >= value);
        CHECK(printed <= value * Rational{Integer{100002}, Integer{100000}});
    }
}

TEST_CASE("an Upper of any exponent prints and ends", "[decimal]") {
    Upper huge = Upper::exactly(2.0);
    Upper tiny = Upper::exactly(0.5);
    for (int i = 0; i < 60; ++i) {
        huge *= huge;
        tiny *= tiny;
        CHECK(decimal_up(huge, 3).find("inf") == std::string::npos);
        CHECK(decimal_up(tiny, 3).find("inf") == std::string::npos);
    }
    CHECK(decimal_up(huge * huge * huge, 3).find("inf") == std::string::npos);
    CHECK(decimal_up(tiny * tiny * tiny, 3).find("e-1") != std::string::npos);
    CHECK(decimal_up(huge * huge * huge * huge, 3) == "inf");
    CHECK(decimal_up(tiny * tiny * tiny * tiny * tiny, 3).find("e-1") != std::string::npos);
}

TEST_CASE("the locale does not reach printed decimals", "[decimal]") {
    const std::string before = std::setlocale(LC_ALL, nullptr);
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8"}) {
        if (std::setlocale(LC_ALL, name) != nullptr) {
            break;
        }
    }
    CHECK(decimal_up(1234.5, 6) == "1234.5");
    CHECK(fixed_up(1234.5, 2) == "1234.50");
    std::setlocale(LC_ALL, before.c_str());
}
