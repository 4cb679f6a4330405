// SPDX-License-Identifier: Apache-2.0
// Assumption A1 of docs/theory.md, and its extension in section V: the C library's functions have a relative error of at most
// 2^−45, or one least subnormal.
#include "activation_reference.hpp"
#include "qbound/rounding.hpp"
#include "support/catch.hpp"
#include "support/random.hpp"

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace qbound::test {
namespace {

struct LibmCase {
    const char* name;
    double (*computed)(double);
    Real (*exact)(const Real&);
    double lowest;   ///< arguments tried: both ends included,
    double highest;  ///< uniform between them
    double least;    ///< and log-spaced from this magnitude, within [lowest, highest]
};

std::vector<double> arguments(const LibmCase& c) {
    Random random(20260403);
    std::vector<double> points = {c.lowest, c.highest};
    for (int i = 0; i < 1500; ++i) points.push_back(random.uniform(c.lowest, c.highest));
    for (int i = 0; i < 1500; ++i) {
        const int top = std::ilogb(std::max(std::abs(c.lowest), std::abs(c.highest)));
        points.push_back(random.spread(std::max(-1074, std::ilogb(c.least)), top));
    }
    std::erase_if(points, [&c](double x) { return !(x >= c.lowest && x <= c.highest && x != 0); });
    return points;
}

TEST_CASE("the C library keeps to assumption A1") {
    const double subnormal = std::numeric_limits<double>::denorm_min();
    const double max = std::numeric_limits<double>::max();
    const std::vector<LibmCase> cases = {
        {"exp", [](double x) { return std::exp(x); }, [](const Real& x) { return reference_exp(x); }, -750, 709.7, subnormal},
        {"expm1", [](double x) { return std::expm1(x); }, [](const Real& x) { return reference_expm1(x); }, -750, 0, subnormal},
        {"log1p", [](double x) { return std::log1p(x); }, [](const Real& x) { return reference_log1p(x); }, 0, 1, subnormal},
        {"tanh", [](double x) { return std::tanh(x); }, [](const Real& x) { return reference_tanh(x); }, -30, 30, subnormal},
        {"erf", [](double x) { return std::erf(x); }, [](const Real& x) { return reference_erf(x); }, -7, 7, subnormal},
        {"erfc", [](double x) { return std::erfc(x); }, [](const Real& x) { return reference_erfc(x); }, -7, 29, subnormal},
        {"log10", [](double x) { return std::log10(x); }, [](const Real& x) { return Real(log10(x)); }, subnormal, max, subnormal},
        {"log10 near 1", [](double x) { return std::log10(x); }, [](const Real& x) { return Real(log10(x)); }, 0.5, 2, 0.5},
        {"sin", [](double x) { return std::sin(x); }, [](const Real& x) { return Real(sin(x)); }, -6.4, 6.4, subnormal},
        {"cos", [](double x) { return std::cos(x); }, [](const Real& x) { return Real(cos(x)); }, -6.4, 6.4, subnormal},
    };
    for (const LibmCase& c : cases) {
        INFO(c.name);
        for (const double x : arguments(c)) {
            const Real exact = c.exact(x);
            const double computed = c.computed(x);
            CAPTURE(x, computed, exact.str(25));
            REQUIRE(abs(computed - exact) <= ldexp(abs(exact), -45) + subnormal);
            REQUIRE(libm_down(computed) <= exact);
            REQUIRE(exact <= libm_up(computed));
        }
    }
}

TEST_CASE("the reference agrees with known digits") {
    const auto agrees = [](const Real& computed, const char* digits) { return abs(computed / Real(digits) - 1) < Real("1e-48"); };
    CHECK(agrees(reference_exp(1), "2.71828182845904523536028747135266249775724709369995957"));
    CHECK(agrees(reference_log1p(1), "0.69314718055994530941723212145817656807550013436025526"));
    CHECK(agrees(reference_tanh(1), "0.76159415595576488811945828260479359041276859725793655"));
    CHECK(agrees(reference_erf(1), "0.84270079294971486934122063508260925929606699796630291"));
    CHECK(agrees(reference_erfc(4), "1.5417257900280018852159673486884048572145253589191168e-8"));
    CHECK(agrees(reference_erf_series(Real(3.5)), Real(1 - reference_erfc_fraction(Real(3.5))).str(60).c_str()));
    CHECK(agrees(reference_expm1(Real("0.2")), "0.22140275816016983392107199463967417030758094152050364"));
    CHECK(agrees(reference_log1p(Real("0.001")), "0.00099950033308353316680939892053501146075506239316655199702"));
}

}  // namespace
}  // namespace qbound::test
