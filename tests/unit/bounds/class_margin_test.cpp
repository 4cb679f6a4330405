// SPDX-License-Identifier: Apache-2.0
#include "qbound/class_margin.hpp"

#include "qbound/measure.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"
#include "support/random_graph.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace qbound;
using qbound::test::NetworkBuilder;

namespace {

Network classifier(const test::Matrix& rows, const std::vector<double>& bias, double lower, double upper) {
    return NetworkBuilder({2}, lower, upper).dense("a", {{1, 0}, {0, 1}}).relu("r").dense("b", rows, bias).build();
}

ClassMargin margin_of(const Network& network, const Network& quantized, std::int64_t top) {
    return class_margin(network, WeightPair(network, quantized), top, 1);
}

}  // namespace

TEST_CASE("class margin: by hand, the last layer's rows subtracted") {
    // On [0, 1]²: z_0 − z_1 = 2u_0 + 0.5 ≥ 0.5; the difference of the networks in it is 0.25·u_1 ≤ 0.25.
    const Network a = classifier({{1, 3}, {-1, 3}}, {0.5, 0}, 0, 1);
    const Network b = classifier({{1, 2.75}, {-1, 3}}, {0.5, 0}, 0, 1);
    const ClassMargin margin = margin_of(a, b, 0);
    CHECK(margin.margin <= 0.5);
    CHECK(margin.margin == Approx(0.5).epsilon(1e-12));
    CHECK(margin.error >= Upper::exactly(0.25));
    CHECK(margin.error.value_up() == Approx(0.25).epsilon(1e-12));
    CHECK(margin.unchanged);
    CHECK_FALSE(margin.changed);
    // Entry by entry the intervals of the outputs overlap widely: only the rows' difference decides.
    const ClassMargin other = margin_of(a, b, 1);
    CHECK_FALSE(other.unchanged);
    CHECK(other.changed);
}

TEST_CASE("class margin: an error as large as the margin leaves it open") {
    const Network a = classifier({{0, 1}, {0, 1}}, {0.5, 0}, 0, 1);
    const Network b = classifier({{0, 0.5}, {0, 1}}, {0.5, 0}, 0, 1);
    const ClassMargin margin = margin_of(a, b, 0);  // θ': 0.5 − 0.5u_1, zero at u_1 = 1
    CHECK_FALSE(margin.unchanged);
    CHECK_FALSE(margin.changed);
    // A tie in θ itself is no class.
    const Network tie = classifier({{1, 1}, {1, 1}}, {}, 0, 1);
    CHECK_FALSE(margin_of(tie, tie, 0).unchanged);
}

TEST_CASE("class margin: from intervals of outputs") {
    const std::vector<Interval> theta{{3, 4}, {1, 2}, {0, 2.5}};
    const std::vector<Interval> quantized{{1, 5}, {0, 3}, {0, 2}};
    const std::vector<Interval> difference{{-0.1, 0.2}, {-0.1, 0.1}, {-0.2, 0.1}};
    // θ: margins ≥ 1 and 0.5; differences of differences ≤ 0.3 and 0.4.
    const ClassMargin margin = class_margin(theta, quantized, difference, 0);
    CHECK(margin.unchanged);
    CHECK(margin.margin == Approx(0.5).epsilon(1e-12));
    CHECK(margin.error.value_up() == Approx(0.4).epsilon(1e-12));
    const double lost = std::numeric_limits<double>::infinity();
    const std::vector<Interval> unknown(3, {-lost, lost});
    CHECK_FALSE(class_margin(theta, unknown, unknown, 0).unchanged);
    CHECK_FALSE(class_margin(unknown, unknown, unknown, 0).unchanged);
}

TEST_CASE("class margin: nothing found in the box changes a class that was proved unchanged") {
    int unchanged = 0;
    int changed = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        const test::RandomCase drawn = test::random_case(seed, {.extreme_weights = seed % 3 == 0});
        const Network& whole = *drawn.network;
        if (whole.node(whole.output()).dims.size() < 2) {
            continue;
        }
        test::Random random(seed);
        const auto size = static_cast<std::size_t>(whole.node(0).dims.size());
        // Boxes of all widths around a point, sometimes the point itself.
        const double radius = seed % 4 == 0 ? 0 : std::exp2(-random.uniform(1, 20));
        Box box;
        for (std::size_t i = 0; i < size; ++i) {
            const double centre = random.uniform(-1, 1);
            box.lower.push_back(centre - radius);
            box.upper.push_back(centre + radius);
        }
        const Network network = whole.with_box(box);
        const Parameters theta = parameters_of(whole);
        const Parameters quantized = quantized_parameters_of(*drawn.pair);
        const auto top_of = [&](const std::vector<double>& z) {
            return static_cast<std::int64_t>(std::max_element(z.begin(), z.end()) - z.begin());
        };
        std::vector<double> x = box.lower;
        std::int64_t top = 0;
        try {
            top = top_of(approx_evaluate(network, theta, x, 1));
        } catch (const std::exception&) {
            continue;  // a value beyond the range of double
        }
        const ClassMargin margin = class_margin(network, *drawn.pair, top, 1);
        unchanged += margin.unchanged ? 1 : 0;
        changed += margin.changed ? 1 : 0;
        if (!margin.unchanged) {
            continue;
        }
        for (int sample = 0; sample < 30; ++sample) {
            for (std::size_t i = 0; i < size; ++i) {
                x[i] = sample == 0 ? box.lower[i] : sample == 1 ? box.upper[i] : random.uniform(box.lower[i], box.upper[i]);
            }
            CAPTURE(seed, sample, radius);
            const auto a = approx_evaluate(network, theta, x, 1);
            const auto b = approx_evaluate(network, quantized, x, 1);
            REQUIRE(top_of(a) == top);
            REQUIRE(top_of(b) == top);
            for (std::size_t j = 0; j < a.size(); ++j) {
                if (static_cast<std::int64_t>(j) != top) {
                    const auto c = static_cast<std::size_t>(top);
                    const double scale = std::abs(a[c]) + std::abs(a[j]);
                    CHECK(a[c] - a[j] >= margin.margin - 1e-9 * scale);
                }
            }
        }
    }
    CHECK(unchanged > 50);
    CHECK(changed > 20);
}
