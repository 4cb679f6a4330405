// SPDX-License-Identifier: Apache-2.0
#include "network/geometry.hpp"

#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qbound::internal {

namespace {

[[noreturn]] void malformed(std::string_view place, std::string reason) {
    throw Error(ErrorKind::malformed, std::string(place), std::move(reason));
}

void check_range(std::int64_t value, std::int64_t least, std::string_view what, std::string_view place) {
    if (value < least || value > kMaxWindowParameter) {
        malformed(place, fmt::format("{} {} is not in {}..{}", what, value, least, kMaxWindowParameter));
    }
}

void check_parameters(const WindowAxis& window, std::string_view place) {
    check_range(window.kernel, 1, "kernel extent", place);
    check_range(window.stride, 1, "stride", place);
    check_range(window.dilation, 1, "dilation", place);
    check_range(window.pad_begin, 0, "padding", place);
    check_range(window.pad_end, 0, "padding", place);
}

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) noexcept {
    return -floor_div(-a, b);
}

/// Extent of the kernel with its holes; at most 2^62.
std::int64_t reach(const WindowAxis& window) noexcept {
    return (window.kernel - 1) * window.dilation + 1;
}

/// Number of windows; less than 1 if none fits.
std::int64_t count_windows(std::int64_t in, const WindowAxis& window, bool ceil_mode) noexcept {
    const std::int64_t room = in + window.pad_begin + window.pad_end - reach(window);
    if (!ceil_mode) {
        return floor_div(room, window.stride) + 1;
    }
    const std::int64_t starting_on_input = ceil_div(in + window.pad_begin, window.stride);
    return std::min(ceil_div(room, window.stride) + 1, starting_on_input);
}

}  // namespace

Axis slide(std::int64_t in, const WindowAxis& window, AutoPad auto_pad, bool ceil_mode, std::string_view place) {
    WindowAxis actual = window;
    check_parameters(actual, place);
    if (auto_pad != AutoPad::not_set && (actual.pad_begin != 0 || actual.pad_end != 0)) {
        malformed(place, "auto_pad and pads exclude each other");
    }
    if (auto_pad == AutoPad::same_upper || auto_pad == AutoPad::same_lower) {
        const std::int64_t out = ceil_div(in, actual.stride);
        const std::int64_t total = std::max<std::int64_t>((out - 1) * actual.stride + reach(actual) - in, 0);
        const std::int64_t smaller = total / 2;
        actual.pad_begin = auto_pad == AutoPad::same_upper ? smaller : total - smaller;
        actual.pad_end = total - actual.pad_begin;
        check_parameters(actual, place);
    }
    const std::int64_t out = count_windows(in, actual, ceil_mode && auto_pad == AutoPad::not_set);
    if (out < 1) {
        malformed(place, fmt::format("a window of {} entries is larger than the padded input of {}", reach(actual),
                                     in + actual.pad_begin + actual.pad_end));
    }
    return {.in = in,
            .out = out,
            .kernel = actual.kernel,
            .stride = actual.stride,
            .dilation = actual.dilation,
            .pad_begin = actual.pad_begin,
            .pad_end = actual.pad_end};
}

void check_axis(const Axis& axis, bool pool, std::string_view place) {
    const WindowAxis window{axis.kernel, axis.stride, axis.dilation, axis.pad_begin, axis.pad_end};
    if (axis.in < 1 || axis.in > kMaxEntries) {
        malformed(place, fmt::format("input extent {} is not in 1..{}", axis.in, kMaxEntries));
    }
    check_parameters(window, place);
    const std::int64_t expected = count_windows(axis.in, window, false);
    if (axis.out < 1 || (axis.out != expected && !(pool && axis.out == count_windows(axis.in, window, true)))) {
        malformed(place, fmt::format("{} outputs along an axis where the window gives {}", axis.out, expected));
    }
}

TapRange tap_range(const Axis& axis, std::int64_t o, std::int64_t first, std::int64_t last) noexcept {
    const std::int64_t start = axis.source(o, 0);
    return {std::max<std::int64_t>(0, ceil_div(first - start, axis.dilation)),
            std::min<std::int64_t>(axis.kernel - 1, floor_div(last - 1 - start, axis.dilation)) + 1};
}

std::int64_t taps_within(const Axis& axis, std::int64_t o, std::int64_t first, std::int64_t last) noexcept {
    const TapRange taps = tap_range(axis, o, first, last);
    return std::max<std::int64_t>(0, taps.end - taps.begin);
}

void check_windows_are_real(const Axis& axis, std::string_view place) {
    if (axis.out > kMaxPoolOutputs) {
        malformed(place, fmt::format("a pool with {} outputs along one axis; at most {} are supported", axis.out, kMaxPoolOutputs));
    }
    for (std::int64_t o = 0; o < axis.out; ++o) {
        if (real_taps(axis, o) == 0) {
            malformed(place, fmt::format("pooling window {} has only padding in it", o));
        }
    }
}

}  // namespace qbound::internal
