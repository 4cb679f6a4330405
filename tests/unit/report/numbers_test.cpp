// SPDX-License-Identifier: Apache-2.0
#include "report/numbers.hpp"

#include "support/catch.hpp"
#include "support/exact.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

using namespace qbound;
using namespace qbound::internal;

namespace {

double read(const std::string& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// "1.25e-3" as a rational.
qbound::test::Rational exact_decimal(const std::string& text) {
    const std::size_t exponent_at = std::min(text.find('e'), text.size());
    const std::size_t point = std::min(text.find('.'), exponent_at);
    std::string digits = text.substr(0, exponent_at);
    int exponent = exponent_at == text.size() ? 0 : std::stoi(text.substr(exponent_at + 1));
    if (point < exponent_at) {
        digits.erase(point, 1);
        exponent -= static_cast<int>(exponent_at - point - 1);
    }
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    qbound::test::Rational value{qbound::test::Integer(digits)};
    const qbound::test::Rational power{
        boost::multiprecision::pow(qbound::test::Integer(10), static_cast<unsigned>(std::abs(exponent)))};
    return exponent < 0 ? qbound::test::Rational(value / power) : qbound::test::Rational(value * power);
}

}  // namespace

TEST_CASE("round_trip_up: decimals are never below the double and read back as it") {
    // 0.1 as a double is 0.1000000000000000055…, so the decimal 0.1 would be too small.
    CHECK(round_trip_up(0.1) == "0.10000000000000001");
    // 0.3 as a double is 0.2999999999999999888….
    CHECK(round_trip_up(0.3) == "0.3");
    CHECK(round_trip_up(8.5) == "8.5");
    CHECK(round_trip_up(0) == "0");
    CHECK(round_trip_up(std::numeric_limits<double>::infinity()) == "inf");

    std::mt19937_64 generator(20240917);  // seed
    std::uniform_real_distribution<double> exponent(-300, 300);
    for (int i = 0; i < 20000; ++i) {
        const double x = std::pow(10.0, exponent(generator));
        const std::string text = round_trip_up(x);
        CAPTURE(x, text);
        REQUIRE(read(text) == x);
        REQUIRE(exact_decimal(text) >= qbound::test::exact(x));
    }
}

TEST_CASE("shortest and hexadecimal") {
    CHECK(shortest(0.1) == "0.1");
    CHECK(shortest(1e300) == "1e+300");
    CHECK(hexadecimal(12.5) == "0x1.9p+3");
    CHECK(hexadecimal(1) == "0x1p+0");
    CHECK(hexadecimal(-0.375) == "-0x1.8p-2");
    CHECK(hexadecimal(0) == "0x0p+0");
    CHECK(hexadecimal(std::numeric_limits<double>::infinity()) == "inf");
}

TEST_CASE("thousands") {
    CHECK(grouped_thousands(0) == "0");
    CHECK(grouped_thousands(999) == "999");
    CHECK(grouped_thousands(1000) == "1,000");
    CHECK(grouped_thousands(-1234567) == "-1,234,567");
    CHECK(grouped_thousands(123456) == "123,456");
}

TEST_CASE("log10 is rounded up to two places") {
    CHECK(log10_text(Upper::exactly(100.0)) == "2.00");
    CHECK(log10_text(Upper::exactly(next_up(100.0))) == "2.01");
    CHECK(log10_text(Upper::exactly(0.0)) == "-inf");
    CHECK(log10_text(Upper::infinity()) == "inf");
    CHECK(log10_text(Upper::exactly(2.0)) == "0.31");
}

TEST_CASE("gain is the difference of the printed logarithms") {
    CHECK(gain_text(Upper::exactly(2000.0), Upper::exactly(2.0)) == "3.00");
    CHECK(gain_text(Upper::infinity(), Upper::exactly(2.0)).empty());
    CHECK(gain_text(Upper::exactly(2.0), Upper::exactly(0.0)).empty());
}

TEST_CASE("roots for display are rounded up") {
    CHECK_FALSE(root_up(Upper::exactly(8.0), 0));
    const auto root = root_up(Upper::exactly(8.0), 3);
    REQUIRE(root);
    CHECK(*root >= 2);
    CHECK(*root == Approx(2).epsilon(1e-10));
    CHECK(root_up(Upper::exactly(0.0), 3) == 0.0);
    CHECK(std::isinf(*root_up(Upper::infinity(), 3)));
}
