// SPDX-License-Identifier: Apache-2.0
// Arithmetic in words against exact rationals.
#include "measure/word_nodes.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/networks.hpp"
#include "support/random.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace qbound;
using namespace qbound::internal;
using test::exact;
using test::power_of_two;
using test::Rational;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kLeastSubnormal = std::numeric_limits<double>::denorm_min();

Rational middle(const Words& words, std::size_t i, int bits) {
    Rational value = 0;
    for (std::size_t k = 0; k < words.digits.size(); ++k) {
        const std::int64_t digit = words.digits[k][i];
        REQUIRE(digit >= -(std::int64_t{1} << (bits - 1)));
        REQUIRE(digit < std::int64_t{1} << (bits - 1));
        value += Rational(digit) * power_of_two(bits * (words.top - static_cast<std::int64_t>(k)));
    }
    return value;
}

Rational radius(const Words& words, std::size_t i) {
    return words.radii.value(i) == 0 ? Rational{0} : exact(words.radii.value(i)) * power_of_two(words.radii.exponent());
}

bool contains(const Words& words, std::size_t i, int bits, const Rational& value) {
    return abs(middle(words, i, bits) - value) <= radius(words, i);
}

/// One entry whose digits are given from the top.
Words one_entry(std::int64_t top, const std::vector<std::int32_t>& digits, double radius = 0, std::int64_t exponent = 0) {
    Words words;
    words.top = top;
    for (const std::int32_t digit : digits) {
        words.digits.push_back({digit});
    }
    words.radii = Radii(std::vector<double>{radius}, exponent);
    return words;
}

const std::vector<double> kOddDoubles = {0.0,
                                         -0.0,
                                         1.0,
                                         -1.0,
                                         0.5,
                                         -0.5,
                                         3.0,
                                         0x1p63,
                                         -0x1p63,
                                         1e300,
                                         -1e300,
                                         1e-300,
                                         -1e-300,
                                         0.1,
                                         -0.1,
                                         kLargest,
                                         -kLargest,
                                         kLeastSubnormal,
                                         -kLeastSubnormal,
                                         0x1.8p-1030,
                                         0x1.fffffffffffffp0,
                                         -0x1.fffffffffffffp-1,
                                         0x1p21,
                                         0x1.8p21,
                                         0x1p-22,
                                         -0x1p43,
                                         0x1.000002p20,
                                         0x1p-1022};

}  // namespace

TEST_CASE("a double is the sum of its digits") {
    test::Random random(1);
    std::vector<double> values = kOddDoubles;
    for (int i = 0; i < 2000; ++i) {
        values.push_back(random.spread(-1074, 1023));
        values.push_back(std::ldexp(static_cast<double>(random.integer(-70, 70)), static_cast<int>(random.integer(-40, 40))));
    }
    for (const int bits : {7, 8, 20, 21, 22, 26}) {
        for (const double v : values) {
            const DoubleDigits digits = split(v, bits);
            Rational sum = 0;
            bool in_range = true;
            for (int k = 0; k < digits.count; ++k) {
                const std::int64_t digit = digits.digit[static_cast<std::size_t>(k)];
                in_range = in_range && digit >= -(std::int64_t{1} << (bits - 1)) && digit < std::int64_t{1} << (bits - 1);
                sum += Rational(digit) * power_of_two(bits * (digits.position + k));
            }
            REQUIRE(in_range);
            REQUIRE(sum == exact(v));
            REQUIRE(digits.count <= (53 + bits - 1) / bits + 2);
            if (v != 0) {  // no zero at either end
                REQUIRE(digits.digit[0] != 0);
                REQUIRE(digits.digit[static_cast<std::size_t>(digits.count - 1)] != 0);
            }
        }
    }
}

TEST_CASE("doubles of all magnitudes in one tensor, exactly or with what is missing in the radius") {
    for (const int bits : {7, 22, 26}) {
        const Words all = from_doubles(kOddDoubles, bits, 1000);
        for (const int words : {1, 2, 3, 10}) {
            const Words few = from_doubles(kOddDoubles, bits, words);
            CHECK(few.digits.size() <= static_cast<std::size_t>(words));
            for (std::size_t i = 0; i < kOddDoubles.size(); ++i) {
                CHECK(middle(all, i, bits) == exact(kOddDoubles[i]));
                CHECK(radius(all, i) == 0);
                CHECK(contains(few, i, bits, exact(kOddDoubles[i])));
                CHECK(radius(few, i) <= Rational(101) / 100 * power_of_two(bits * few.bottom()));
            }
        }
    }
    CHECK(from_doubles(std::vector<double>{0, 0}, 22, 3).digits.empty());
}

TEST_CASE("carries keep the value, at the limits too") {
    test::Random random(2);
    const std::int64_t limit = std::int64_t{1} << 62;
    for (const int bits : {7, 13, 22, 26}) {
        const std::int64_t half = std::int64_t{1} << (bits - 1);
        const std::vector<std::int64_t> odd{0,     1,      -1,        half,      -half,    half - 1, -half - 1,
                                            limit, -limit, limit - 1, 1 - limit, 3 * half, -3 * half};
        const WordFormat format{bits, 100, 1};
        for (int round = 0; round < 300; ++round) {
            const std::int64_t rows = random.integer(1, 6);
            Sums sums(format, 1, {-3, rows - 4});
            Rational truth = 0;
            for (std::int64_t position = -3; position < rows - 3; ++position) {
                const std::int64_t value =
                    random.coin() ? odd[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(odd.size()) - 1))]
                                  : random.integer(-limit, limit - 1);
                sums.row(position)[0] = value;
                truth += Rational(value) * power_of_two(bits * position);
            }
            Sums again = sums;
            const Words full = std::move(sums).finish();
            REQUIRE(middle(full, 0, bits) == truth);
            REQUIRE(radius(full, 0) == 0);
            const Words short_words = std::move(again).finish(2);
            REQUIRE(short_words.digits.size() <= 2);
            REQUIRE(contains(short_words, 0, bits, truth));
            REQUIRE(radius(short_words, 0) <= Rational(101) / 100 * power_of_two(bits * short_words.bottom()));
            REQUIRE((truth == 0 || abs(middle(short_words, 0, bits)) >= power_of_two(bits * short_words.bottom())));
        }
    }
}

TEST_CASE("words far below a radius are not kept, and only there") {
    const WordFormat format{20, 100, 1};
    const auto rounded = [&](std::int64_t exponent) {
        Sums sums(format, 1, {-10, 0});
        for (std::int64_t position = -10; position <= 0; ++position) {
            sums.row(position)[0] = 12345;
        }
        sums.radii().raise_exponent(exponent);
        sums.radii().add(0, 1.0, exponent);
        return std::move(sums).finish();
    };
    CHECK(rounded(-300).digits.size() == 11);
    const Words few = rounded(-50);
    CHECK(few.digits.size() == 4);  // 2^−60 is kept, being more than 2^−58 less a word
    CHECK(radius(few, 0) >= power_of_two(-50));
    CHECK(radius(few, 0) <= power_of_two(-50) * Rational(101) / 100);
    CHECK(rounded(100).digits.empty());
}

TEST_CASE("products of extreme digits are exact at the largest fan-in") {
    // fan-in·2^(2β−2) = 2^53 exactly: every digit −2^(β−1), some of them one more, so that sums are odd near 2^53.
    test::Random random(3);
    for (const auto& [bits, fan_in] : std::vector<std::pair<int, std::int64_t>>{{22, 2048}, {24, 128}, {26, 8}}) {
        const auto half = static_cast<std::int32_t>(std::int64_t{1} << (bits - 1));
        const auto n = static_cast<std::size_t>(fan_in);
        for (const bool odd : {false, true}) {
            std::vector<double> weight(3 * n);
            Words u;
            u.top = 2;
            u.digits.assign(5, std::vector<std::int32_t>(n));
            u.radii = Radii(n);
            for (double& w : weight) {
                w = -half + static_cast<double>(odd ? random.integer(0, 1) : 0);
                w = w * 0x1p26 * (odd ? 1 : 2) + w;  // two words or more
            }
            for (auto& word : u.digits) {
                for (std::int32_t& d : word) {
                    d = -half + static_cast<std::int32_t>(odd ? random.integer(0, 1) : 0);
                }
            }
            WeightLayer layer;
            layer.weight = test::tensor({3, fan_in, 1, 1}, weight);
            const Words y = layer_words(layer, weight, {}, {fan_in, 1, 1}, {3, 1, 1}, u, {bits, 40, 1});
            for (std::size_t o = 0; o < 3; ++o) {
                Rational truth = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    truth += exact(weight[o * n + i]) * middle(u, i, bits);
                }
                CHECK(middle(y, o, bits) == truth);
                CHECK(radius(y, o) == 0);
            }
        }
    }
}

TEST_CASE("a layer's radius covers every point of its input's balls") {
    test::Random random(4);
    const WordFormat format{21, 3, 1};
    for (int round = 0; round < 60; ++round) {
        const int low = round % 3 == 0 ? -1000 : -20;
        const int high = round % 3 == 0 ? 1000 : 3;
        std::vector<double> weight(12);
        for (double& w : weight) {
            w = random.unit() < 0.2 ? 0 : random.spread(low, high);
        }
        std::vector<double> bias{random.spread(low, high), 0, random.spread(-5, 5)};
        std::vector<double> x(4);
        std::vector<double> r(4);
        for (std::size_t i = 0; i < 4; ++i) {
            x[i] = random.spread(low / 2, high / 2);
            r[i] = random.unit() < 0.3 ? 0 : std::abs(random.spread(low, high));
        }
        Words u = from_doubles(x, format.bits, 200);
        u.radii = Radii(r, 0);
        WeightLayer layer;
        layer.weight = test::tensor({3, 4, 1, 1}, weight);
        const Words y = layer_words(layer, weight, bias, {4, 1, 1}, {3, 1, 1}, u, format);
        for (std::size_t o = 0; o < 3; ++o) {
            Rational centre = exact(bias[o]);
            Rational spread = 0;
            for (std::size_t i = 0; i < 4; ++i) {
                centre += exact(weight[o * 4 + i]) * exact(x[i]);
                spread += abs(exact(weight[o * 4 + i])) * radius(u, i);
            }
            CHECK(contains(y, o, format.bits, centre + spread));
            CHECK(contains(y, o, format.bits, centre - spread));
        }
    }
}

TEST_CASE("a bias far from the products, above or below") {
    const std::vector<double> weight{1.0, 3.0};
    WeightLayer layer;
    layer.weight = test::tensor({2, 1, 1, 1}, weight);
    for (const double bias : {1e300, 1e-300}) {
        for (const std::int64_t top : {-2000, 0, 2000}) {
            const Words u = one_entry(top, {5, -7, 11});
            const std::vector<double> biases{bias, 0.0};
            const Words y = layer_words(layer, weight, biases, {1, 1, 1}, {2, 1, 1}, u, {20, 4, 1});
            CHECK(contains(y, 0, 20, exact(bias) + middle(u, 0, 20)));
            CHECK(contains(y, 1, 20, 3 * middle(u, 0, 20)));
            CHECK(y.digits.size() <= 4);
        }
    }
}

TEST_CASE("division by integers, exact where it can be") {
    const WordFormat format{20, 4, 1};
    test::Random random(5);
    for (int round = 0; round < 400; ++round) {
        std::vector<std::int32_t> digits;
        for (std::int64_t k = random.integer(1, 6); k > 0; --k) {
            digits.push_back(static_cast<std::int32_t>(random.integer(-(1 << 19), (1 << 19) - 1)));
        }
        const Words t = one_entry(random.integer(-3, 3), digits, random.coin() ? 0 : 1, -60);
        const std::int64_t divisor = random.coin() ? random.integer(1, 50) : random.integer(1, kMaxDivisor);
        const Words q = divide(
            t, [=](std::size_t) { return divisor; }, divisor, format);
        REQUIRE(contains(q, 0, 20, (middle(t, 0, 20) + radius(t, 0)) / divisor));
        REQUIRE(contains(q, 0, 20, (middle(t, 0, 20) - radius(t, 0)) / divisor));
        REQUIRE((q.digits.empty() || radius(q, 0) <= radius(t, 0) / divisor * Rational(102) / 100 +
                                                         Rational(102) / 100 * power_of_two(20 * q.bottom())));
    }
    CHECK(radius(divide(
                     one_entry(0, {3}), [](std::size_t) { return 64; }, 64, format),
                 0) == 0);
    CHECK(radius(divide(
                     one_entry(0, {12}), [](std::size_t) { return 6; }, 6, format),
                 0) == 0);
    CHECK(divide(
              one_entry(0, {3}), [](std::size_t) { return kMaxDivisor + 1; }, kMaxDivisor + 1, format)
              .radii.value(0) == kInf);
}

TEST_CASE("products and sums of balls") {
    test::Random random(6);
    for (int round = 0; round < 400; ++round) {
        const WordFormat format{static_cast<int>(random.integer(7, 26)), static_cast<int>(random.integer(1, 5)), 1};
        const auto ball = [&] {
            std::vector<std::int32_t> digits;
            for (std::int64_t k = random.integer(0, 7); k > 0; --k) {
                digits.push_back(
                    static_cast<std::int32_t>(random.integer(-(1 << (format.bits - 1)), (1 << (format.bits - 1)) - 1)));
            }
            return one_entry(random.integer(-9, 9), digits, random.coin() ? 0 : random.unit(), random.integer(-99, 9));
        };
        const Words a = ball();
        const Words b = ball();
        const Words ab = product(a, b, format);
        const Words difference = sum(std::vector<const Words*>{&a, &b}, std::vector{1, -1}, format);
        for (const int s : {-1, 0, 1}) {
            for (const int t : {-1, 0, 1}) {
                const Rational x = middle(a, 0, format.bits) + s * radius(a, 0);
                const Rational y = middle(b, 0, format.bits) + t * radius(b, 0);
                REQUIRE(contains(ab, 0, format.bits, x * y));
                REQUIRE(contains(difference, 0, format.bits, x - y));
            }
        }
        const Ends at = ends(a, 0, format.bits);
        const Rational unit = power_of_two(at.exponent);
        const Rational lower = middle(a, 0, format.bits) - radius(a, 0);
        const Rational upper = middle(a, 0, format.bits) + radius(a, 0);
        const Rational slack = abs(lower) + abs(upper) + radius(a, 0);
        REQUIRE(exact(at.interval.lower) * unit <= lower);
        REQUIRE(exact(at.interval.upper) * unit >= upper);
        REQUIRE(exact(at.interval.lower) * unit >= lower - slack * power_of_two(-49));
        REQUIRE(exact(at.interval.upper) * unit <= upper + slack * power_of_two(-49));
    }
}

TEST_CASE("ends beyond the range of double go outward") {
    CHECK(to_interval({{1, 2}, 5000}).lower == kLargest);
    CHECK(to_interval({{1, 2}, 5000}).upper == kInf);
    CHECK(to_interval({{-2, -1}, 5000}).lower == -kInf);
    CHECK(to_interval({{-2, -1}, 5000}).upper == -kLargest);
    CHECK(to_interval({{1, 2}, -5000}).lower == 0);
    CHECK(to_interval({{1, 2}, -5000}).upper == kLeastSubnormal);
    CHECK(to_interval({{-2, -1}, -5000}).lower == -kLeastSubnormal);
    CHECK(to_interval({{-2, -1}, -5000}).upper == 0);
    CHECK(to_interval({{-3, 5}, -1}).lower == -1.5);
    CHECK(to_interval({{-3, 5}, -1}).upper == 2.5);
    CHECK(to_interval({{0, 0}, 5000}).upper == 0);
}

TEST_CASE("radii never get smaller") {
    CHECK(scale_up(1.0, -1074) >= kLeastSubnormal);
    CHECK(scale_up(0x1p1000, -1500) >= 0x1p-500);
    CHECK(scale_up(0x1.fp1000, -2074) >= 2 * kLeastSubnormal);
    CHECK(scale_up(1.0, -5000) == kLeastSubnormal);
    CHECK(scale_up(1.0, 5000) == kInf);
    CHECK(scale_up(0x1p-1000, 1500) == 0x1p500);
    CHECK(scale_up(kInf, -5000) == kInf);
    CHECK(scale_up(0.0, 5000) == 0);
    CHECK(multiply_up(0.0, kInf) == 0);
    Radii radii({0.0, 3.0, 0x1p-900, kInf}, 10);
    CHECK(radii.exponent() == 11);
    CHECK(radii.values() == std::vector<double>{0, 1.5, kLeastRadius, kInf});
    CHECK(radii.least_exponent() == 11 - 500);
    radii.raise_exponent(100);
    CHECK(radii.values() == std::vector<double>{0, std::ldexp(1.5, -89), std::ldexp(1.0, -589), kInf});
    CHECK(Radii({std::nan("")}, 0).value(0) == kInf);
}

TEST_CASE("the image of a ball under a piecewise linear activation lies in the ball about it") {
    test::Random random(8);
    const WordFormat format{22, 4, 1};
    using enum ActivationFunction;
    const std::vector<Activation> activations{{.function = relu},
                                              {.function = clip, .lower = -1, .upper = 2},
                                              {.function = clip, .lower = 0.1, .upper = 1e30},
                                              {.function = leaky_relu, .alpha = 4},
                                              {.function = leaky_relu, .alpha = -7},
                                              {.function = leaky_relu, .alpha = 0.5}};
    for (int round = 0; round < 300; ++round) {
        const double m =
            random.coin() ? random.spread(-12, 3) : std::vector{-1.0, 0.0, 2.0, 0.1}[static_cast<std::size_t>(round % 4)];
        Words t = from_doubles(std::vector<double>{m}, format.bits, 10);
        t.radii = Radii(std::vector<double>{std::abs(random.spread(-12, 3))}, 0);
        const Rational r = radius(t, 0);
        for (const Activation& a : activations) {
            const auto image = [&](const Rational& x) -> Rational {
                if (a.function == clip) {
                    return x < exact(a.lower) ? exact(a.lower) : x > exact(a.upper) ? exact(a.upper) : x;
                }
                return x < 0 ? Rational(x * (a.function == relu ? Rational(0) : exact(a.alpha))) : x;
            };
            const Words y = activation_words(a, {1, 1, 1}, t, format);
            for (const int part : {-4, -3, -2, -1, 0, 1, 2, 3, 4}) {
                REQUIRE(contains(y, 0, format.bits, image(exact(m) + r * part / 4)));
            }
            const Rational slope = a.function == leaky_relu ? exact(std::max(1.0, std::abs(a.alpha))) : Rational(1);
            REQUIRE(radius(y, 0) <= slope * r * Rational(101) / 100);
        }
    }
}
