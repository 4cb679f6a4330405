// SPDX-License-Identifier: Apache-2.0
// The products are compiled once per instruction set and chosen at run time: every processor prints the same figures.
#include "property/falsify/falsifier.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <hwy/targets.h>

using namespace qbound;

namespace {

/// Every method of the case, computed with one instruction set only.
Result with_instruction_set(std::int64_t target, const test::RandomCase& random_case) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    Result result = test::all_bounds(random_case);
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
    return result;
}

}  // namespace

TEST_CASE("every bound agrees to 1e-9 between the instruction sets of this processor") {
    const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
    if (targets.size() < 2) {
        WARN("skipped: this processor has one instruction set only");
        return;
    }
    test::GraphOptions options;
    options.extreme_weights = false;  // sums that cancel leave rounding errors alone, which depend on the order
    int differing = 0;
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        const test::RandomCase random_case = test::random_case(seed, options);
        const Result best = with_instruction_set(targets.front(), random_case);
        for (const std::int64_t target : targets) {
            const Result other = with_instruction_set(target, random_case);
            INFO(hwy::TargetName(target) << "\n" << test::describe(random_case));
            for (const Bound& bound : best.bounds) {
                const Upper value = test::bound_of(other, bound.method).value;
                INFO(bound.method);
                REQUIRE(value.is_infinite() == bound.value.is_infinite());
                if (bound.value.is_infinite()) {
                    continue;
                }
                CHECK(value <= bound.value * Upper::exactly(1 + 1e-9));
                CHECK(bound.value <= value * Upper::exactly(1 + 1e-9));
                differing += value == bound.value ? 0 : 1;
            }
        }
    }
    CHECK(differing > 0);  // otherwise the sets were not switched
}
