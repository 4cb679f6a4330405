// SPDX-License-Identifier: Apache-2.0
// The quantizers of one group against an independent implementation in exact rationals.
#include "quantize/grid.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"
#include "support/random.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace qbound;
using internal::exact_floor;
using internal::StepGrid;
using internal::make_grid;
using internal::quantize_to;
using internal::Range;
using test::exact;
using test::Integer;
using test::Rational;

namespace {

constexpr double kLargest = std::numeric_limits<double>::max();
constexpr double kLeast = std::numeric_limits<double>::denorm_min();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> quantized(const std::vector<double>& w, const Quantizer& quantizer, int bits) {
    Range range;
    range.include(w);
    std::vector<double> out(w.size());
    quantize_to(make_grid(range, quantizer, bits, "node 'w'"), quantizer.rounding, quantizer.ties, w, out, "node 'w'");
    return out;
}

Quantizer with(Rounding rounding, bool symmetric = true, Ties ties = Ties::even) {
    Quantizer quantizer;
    quantizer.rounding = rounding;
    quantizer.symmetric = symmetric;
    quantizer.ties = ties;
    return quantizer;
}

template <class F>
std::string message_of(F f) {
    try {
        f();
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::malformed);
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("symmetric rounding by hand", "[quantize]") {
    // 3 bits: n = 3, m = 3, step 1.
    CHECK(quantized({3, 1.4, 1.6, -0.4, -2.6, 0}, with(Rounding::nearest), 3) == std::vector<double>{3, 1, 2, 0, -3, 0});
    CHECK(quantized({3, 1.4, 1.6, -0.4, -2.6, 0}, with(Rounding::floor), 3) == std::vector<double>{3, 1, 1, -1, -3, 0});
    // 2 bits: n = 1: only the signs of large entries survive.
    CHECK(quantized({-4, 1.9, 2.1}, with(Rounding::nearest), 2) == std::vector<double>{-4, 0, 4});
    // 8 bits: step 1/127·127 = 1.
    CHECK(quantized({127, -126.6, 0.49}, with(Rounding::nearest), 8) == std::vector<double>{127, -127, 0});
}

TEST_CASE("ties go to even or away from zero as asked", "[quantize]") {
    const std::vector<double> w{3, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5};
    CHECK(quantized(w, with(Rounding::nearest), 3) == std::vector<double>{3, 0, 2, 2, 0, -2, -2});
    CHECK(quantized(w, with(Rounding::nearest, true, Ties::away), 3) == std::vector<double>{3, 1, 2, 3, -1, -2, -3});
}

TEST_CASE("asymmetric rounding by hand", "[quantize]") {
    // 2 bits on [−1, 2]: step 1, zero point 1.
    CHECK(quantized({-1, 2, 0.4, 0.6, -0.6, 0}, with(Rounding::nearest, false), 2) == std::vector<double>{-1, 2, 0, 1, -1, 0});
    CHECK(quantized({-1, 2, 0.4, 0.6, -0.6, 0}, with(Rounding::floor, false), 2) == std::vector<double>{-1, 2, 0, 0, -1, 0});
    // All positive: the range includes 0. 1 bit on [0, 5]: step 5.
    CHECK(quantized({5, 4, 2}, with(Rounding::nearest, false), 1) == std::vector<double>{5, 5, 0});
    CHECK(quantized({-3, -1}, with(Rounding::nearest, false), 2) == std::vector<double>{-3, -1});
    Range range{-1, 2};
    const StepGrid grid = make_grid(range, with(Rounding::nearest, false), 2, "");
    CHECK(grid.group().eta == 1);
    CHECK(grid.group().zero_point == 1);
}

TEST_CASE("a group of zeros keeps zeros", "[quantize]") {
    for (const bool symmetric : {true, false}) {
        for (const Rounding rounding : {Rounding::nearest, Rounding::floor}) {
            CHECK(quantized({0, -0.0, 0}, with(rounding, symmetric), 8) == std::vector<double>{0, 0, 0});
            CHECK(quantized({}, with(rounding, symmetric), 8).empty());
        }
    }
}

TEST_CASE("a step that underflows makes everything zero", "[quantize]") {
    const std::vector<double> w{kLeast, -kLeast, 40 * kLeast};
    for (const bool symmetric : {true, false}) {
        CHECK(quantized(w, with(Rounding::nearest, symmetric), 8) == std::vector<double>{0, 0, 0});
        CHECK(quantized(w, with(Rounding::floor, symmetric), 8) == std::vector<double>{0, 0, 0});
    }
    // A subnormal step that is not 0 quantizes.
    CHECK(quantized({3 * kLeast, 2 * kLeast, kLeast}, with(Rounding::nearest), 3) ==
          std::vector<double>{3 * kLeast, 2 * kLeast, kLeast});
}

TEST_CASE("the floor reaches n at the maximum, for every maximum", "[quantize]") {
    test::Random random(41);
    int naive_misses = 0;
    for (int i = 0; i < 2000; ++i) {
        const double m = std::fabs(random.spread(-5, 5));
        const double n = 127;
        CHECK(exact_floor(m, n, m) == n);
        CHECK(exact_floor(-m, n, m) == -n);
        naive_misses += std::floor(m * n / m) < n ? 1 : 0;
    }
    CHECK(naive_misses > 0);
}

TEST_CASE("the floor is exact: k m <= w n < (k+1) m in rationals", "[quantize]") {
    test::Random random(42);
    const auto check = [](double w, double n, double m) {
        INFO(w << " * " << n << " / " << m);
        const double k = exact_floor(w, n, m);
        const Rational product = exact(w) * exact(n);
        CHECK(exact(k) * exact(m) <= product);
        CHECK(product < (exact(k) + 1) * exact(m));
    };
    for (int i = 0; i < 4000; ++i) {
        const double m = std::fabs(random.spread(-6, 6));
        const double n = std::ldexp(1.0, static_cast<int>(random.integer(1, 31))) - 1;
        check(m * random.uniform(-1, 1), n, m);
        // Right at, just above and just below a multiple of the step.
        const double multiple = std::clamp(std::floor(random.uniform(-n, n)) * (m / n), -m, m);
        check(multiple, n, m);
        check(std::clamp(next_up(multiple), -m, m), n, m);
        check(std::clamp(next_down(multiple), -m, m), n, m);
        // A given step.
        const double eta = std::fabs(random.spread(-30, 3));
        check(random.spread(-8, 8), 1, eta);
        check(std::floor(random.uniform(-1e9, 1e9)) * eta, 1, eta);
    }
    for (const double m : {kLeast, 3 * kLeast, 0x1p-1022, 0x1.fffffffffffffp-1023, kLargest / 128}) {
        for (const double factor : {1.0, -1.0, 0.5, 0.3, -0.7}) {
            check(m * factor, 127, m);
        }
        check(kLeast, 127, m);
        check(-kLeast, 127, m);
    }
    check(0x1p53, 1, 1);
    check(-0x1p53, 1, 1);
    check(0x1p53 - 1, 1, 1);
    check(0x1p51 + 0.5, 1, 1);
    check(-0x1p51 - 0.5, 1, 1);
}

TEST_CASE("the floor beyond 2^53 is seen", "[quantize]") {
    CHECK_FALSE(std::fabs(exact_floor(0x1p53 + 2, 1, 1)) <= 0x1p53);
    CHECK_FALSE(std::fabs(exact_floor(-0x1p53 - 2, 1, 1)) <= 0x1p53);
    CHECK_FALSE(std::fabs(exact_floor(1e300, 1, 1e-300)) <= 0x1p53);
    CHECK_FALSE(std::fabs(exact_floor(0x1.0000000000001p53 * 3, 1, 3)) <= 0x1p53);
}

TEST_CASE("rounding to nearest stays within half a step, floor within one, and on the grid", "[quantize]") {
    test::Random random(43);
    for (int i = 0; i < 300; ++i) {
        const int bits = static_cast<int>(random.integer(2, 32));
        const auto w = random.vector(20, -std::fabs(random.spread(-4, 4)), std::fabs(random.spread(-4, 4)));
        for (const bool symmetric : {true, false}) {
            Range range;
            range.include(w);
            Rational step;
            if (symmetric) {
                step = exact(range.magnitude()) / (test::power(Integer{2}, bits - 1) - 1);
            } else {
                step = (exact(range.highest) - exact(range.lowest)) / (test::power(Integer{2}, bits) - 1);
            }
            // The step, the index and their product are rounded: a few units in the last place of the largest weight.
            const Rational slack = exact(range.magnitude()) * test::power_of_two(-48);
            const auto nearest = quantized(w, with(Rounding::nearest, symmetric), bits);
            const auto floor = quantized(w, with(Rounding::floor, symmetric), bits);
            for (std::size_t j = 0; j < w.size(); ++j) {
                INFO(bits << " bits, " << w[j]);
                const Rational error = exact(w[j]) - exact(nearest[j]);
                // An asymmetric zero point is rounded, so an end of the range may be clipped by half a step.
                CHECK(abs(error) <= step / (symmetric ? 2 : 1) + slack);
                const Rational floor_error = exact(w[j]) - exact(floor[j]);
                CHECK(floor_error >= (symmetric ? Rational{0} : Rational{-step}) - slack);
                CHECK(floor_error <= (symmetric ? step : Rational{2 * step}) + slack);
            }
        }
    }
}

TEST_CASE("rounding agrees with exact rationals wherever it is no near-tie", "[quantize]") {
    test::Random random(44);
    for (int i = 0; i < 2000; ++i) {
        const double m = std::fabs(random.spread(-3, 3));
        const int bits = static_cast<int>(random.integer(2, 16));
        const double n = std::ldexp(1.0, bits - 1) - 1;
        const double w = m * random.uniform(-1, 1);
        const Rational quotient = exact(w) * exact(n) / exact(m);
        const Integer k = test::floor_of(quotient + Rational{1, 2});
        if (abs(quotient - Rational{k}) + test::power_of_two(-30) < Rational{1, 2}) {
            const double expected = static_cast<double>(k) * (m / n);
            CHECK(quantized({m, w}, with(Rounding::nearest), bits)[1] == expected);
            CHECK(quantized({m, w}, with(Rounding::nearest, true, Ties::away), bits)[1] == expected);
        }
    }
}

TEST_CASE("a given step does not clip", "[quantize]") {
    Quantizer quantizer = with(Rounding::nearest);
    quantizer.eta = 0.25;
    CHECK(quantized({1000.1, -0.1, 0.374, 0.375, 0.625}, quantizer, 2) == std::vector<double>{1000, 0, 0.25, 0.5, 0.5});
    quantizer.rounding = Rounding::floor;
    CHECK(quantized({1000.1, -0.1, 0.374}, quantizer, 2) == std::vector<double>{1000, -0.25, 0.25});
    quantizer.symmetric = false;
    CHECK(quantized({1000.1, -0.1, 0.374}, quantizer, 2) == std::vector<double>{1000, -0.25, 0.25});
}

TEST_CASE("overflow in a quantizer is an error with its place", "[quantize]") {
    CHECK(message_of([] { static_cast<void>(quantized({1e308}, with(Rounding::nearest), 8)); }) ==
          "node 'w': the largest magnitude 1.00001e+308 times 127 overflows");
    CHECK(message_of([] {
              static_cast<void>(quantized({1e308, -1e308}, with(Rounding::nearest, false), 8));
          }) == "node 'w': the width of the range from -1.00001e+308 to 1.00001e+308 overflows");
    Quantizer quantizer = with(Rounding::nearest);
    quantizer.eta = 1e-20;
    const std::string beyond = "node 'w': a multiple of the step 1e-20 overflows, or is beyond 2^53 steps";
    for (const Rounding rounding : {Rounding::nearest, Rounding::floor}) {
        for (const Ties ties : {Ties::even, Ties::away}) {
            quantizer.rounding = rounding;
            quantizer.ties = ties;
            CHECK(message_of([&] { static_cast<void>(quantized({1}, quantizer, 8)); }) == beyond);
            CHECK(message_of([&] { static_cast<void>(quantized({-1e300}, quantizer, 8)); }) == beyond);
        }
    }
    quantizer.rounding = Rounding::nearest;
    quantizer.eta = 1.1e308;
    CHECK(message_of([&] { static_cast<void>(quantized({kLargest}, quantizer, 8)); }) ==
          "node 'w': a multiple of the step 1.1e+308 overflows, or is beyond 2^53 steps");
    // Nothing overflows just below.
    CHECK(quantized({kLargest / 128}, with(Rounding::nearest), 8)[0] <= kLargest / 128 * (1 + 1e-15));
    CHECK(quantized({kLargest}, with(Rounding::nearest), 2)[0] == kLargest);
    CHECK_FALSE(quantized({kLargest}, with(Rounding::nearest), 2)[0] == kInfinity);
}
