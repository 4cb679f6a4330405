// SPDX-License-Identifier: Apache-2.0
#include "network/geometry.hpp"

#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

using namespace qbound;
using namespace qbound::internal;
using qbound::test::message_of;

namespace {

std::int64_t outputs(std::int64_t in, const WindowAxis& window, bool ceil_mode = false) {
    return slide(in, window, AutoPad::not_set, ceil_mode, "here").out;
}

}  // namespace

TEST_CASE("output extents") {
    CHECK(outputs(5, {.kernel = 3}) == 3);
    CHECK(outputs(224, {.kernel = 7, .stride = 2, .pad_begin = 3, .pad_end = 3}) == 112);
    CHECK(outputs(6, {.kernel = 3, .stride = 2}) == 2);
    CHECK(outputs(6, {.kernel = 3, .stride = 2}, true) == 3);
    CHECK(outputs(7, {.kernel = 2, .dilation = 3}) == 4);
    CHECK(outputs(2, {.kernel = 3, .stride = 2}, true) == 1);  // overhangs the end
    // The third window would start at the padding behind the input.
    CHECK(outputs(3, {.kernel = 2, .stride = 2, .pad_begin = 1, .pad_end = 1}, true) == 2);
    CHECK(outputs(4, {.kernel = 1, .stride = 3, .pad_begin = 0, .pad_end = 2}, true) == 2);
}

TEST_CASE("SAME splits the padding") {
    const Axis upper = slide(5, {.kernel = 4, .stride = 2}, AutoPad::same_upper, false, "here");
    CHECK(upper.out == 3);
    CHECK(upper.pad_begin == 1);
    CHECK(upper.pad_end == 2);
    const Axis lower = slide(5, {.kernel = 4, .stride = 2}, AutoPad::same_lower, false, "here");
    CHECK(lower.pad_begin == 2);
    CHECK(lower.pad_end == 1);
    CHECK(slide(5, {.kernel = 1, .stride = 7}, AutoPad::same_upper, false, "here").out == 1);
}

TEST_CASE("taps by formula are the taps counted") {
    for (std::int64_t kernel = 1; kernel <= 4; ++kernel) {
        for (std::int64_t stride = 1; stride <= 3; ++stride) {
            for (std::int64_t dilation = 1; dilation <= 3; ++dilation) {
                for (std::int64_t pad = 0; pad <= 4; ++pad) {
                    const Axis axis = slide(13, {kernel, stride, dilation, pad, 4 - pad}, AutoPad::not_set, false, "here");
                    for (std::int64_t o = 0; o < axis.out; ++o) {
                        std::int64_t counted = 0;
                        for (std::int64_t t = 0; t < kernel; ++t) {
                            const bool real = axis.source(o, t) >= 0 && axis.source(o, t) < 13;
                            const TapRange taps = real_tap_range(axis, o);
                            CHECK((t >= taps.begin && t < taps.end) == real);
                            counted += real ? 1 : 0;
                        }
                        CHECK(real_taps(axis, o) == counted);
                    }
                }
            }
        }
    }
}

TEST_CASE("an axis from elsewhere is checked") {
    const auto check = [](const Axis& axis, bool pool) { return message_of([&] { check_axis(axis, pool, "here"); }); };
    const Axis axis{.in = 6, .out = 2, .kernel = 3, .stride = 2};
    CHECK(check(axis, false).empty());
    Axis longer = axis;
    longer.out = 3;
    CHECK(check(longer, true).empty());  // ceil_mode
    CHECK(check(longer, false) == "here: 3 outputs along an axis where the window gives 2");
    longer.out = 4;
    CHECK(check(longer, true) == "here: 4 outputs along an axis where the window gives 2");
    Axis bad = axis;
    bad.in = 0;
    CHECK(check(bad, false) == "here: input extent 0 is not in 1..1099511627776");
    bad = axis;
    bad.stride = 0;
    CHECK(check(bad, false) == "here: stride 0 is not in 1..2147483647");
    bad = axis;
    bad.kernel = 9;
    bad.out = -1;
    CHECK(check(bad, false) == "here: -1 outputs along an axis where the window gives -1");
}

TEST_CASE("windows between the dilated taps may miss the input") {
    // Taps at −1 and 1 of an input of one entry.
    const Axis axis{.in = 1, .out = 1, .kernel = 2, .stride = 1, .dilation = 2, .pad_begin = 1, .pad_end = 1};
    CHECK(message_of([&] { check_windows_are_real(axis, "here"); }) == "here: pooling window 0 has only padding in it");
}
