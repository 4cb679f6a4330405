// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"

#include <cstdint>
#include <string_view>

namespace qbound::internal {

/// No kernel, stride, dilation or padding is larger: sums and products of two of them stay far from overflow.
inline constexpr std::int64_t kMaxWindowParameter = (std::int64_t{1} << 31) - 1;

/// No axis that a pool slides along has more outputs: pools keep a divisor per output row and column.
inline constexpr std::int64_t kMaxPoolOutputs = std::int64_t{1} << 24;

/// One axis of a sliding window as a file gives it.
struct WindowAxis {
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
    std::int64_t pad_begin = 0;
    std::int64_t pad_end = 0;
};

/// ONNX's auto_pad.
enum class AutoPad { not_set, valid, same_upper, same_lower };

/// The axis with its output extent, ONNX's rules: with k = (kernel − 1)·dilation + 1 and p = in + pad_begin + pad_end,
///
///   out = floor((p − k)/stride) + 1,   or ceil((p − k)/stride) + 1 with ceil_mode, without the windows that would start at or
///   beyond in + pad_begin;   SAME: out = ceil(in/stride), the padding split evenly, an odd one at the end (upper) or the beginning
///   (lower).
///
/// Errors: Error{malformed} at `place` for parameters out of range or a window larger than the padded input.
[[nodiscard]] Axis slide(std::int64_t in, const WindowAxis& window, AutoPad auto_pad, bool ceil_mode, std::string_view place);

/// Error{malformed} at `place` unless the axis is what `slide` can give (with ceil_mode if `pool`). For axes that come from
/// elsewhere.
void check_axis(const Axis& axis, bool pool, std::string_view place);

/// A range of kernel taps, end excluded; empty if end ≤ begin.
struct TapRange {
    std::int64_t begin;
    std::int64_t end;
};

/// The kernel's taps of output o that lie in [first, last) of the input's coordinates. Cost: constant.
[[nodiscard]] TapRange tap_range(const Axis& axis, std::int64_t o, std::int64_t first, std::int64_t last) noexcept;

/// The taps of output o on real entries, not padding.
[[nodiscard]] inline TapRange real_tap_range(const Axis& axis, std::int64_t o) noexcept {
    return tap_range(axis, o, 0, axis.in);
}

/// How many of the kernel's taps of output o lie in [first, last).
[[nodiscard]] std::int64_t taps_within(const Axis& axis, std::int64_t o, std::int64_t first, std::int64_t last) noexcept;

/// How many taps of output o are real entries, not padding.
[[nodiscard]] inline std::int64_t real_taps(const Axis& axis, std::int64_t o) noexcept {
    return taps_within(axis, o, 0, axis.in);
}

/// Error{malformed} at `place` if a window has no real entry, or there are more than kMaxPoolOutputs windows.
void check_windows_are_real(const Axis& axis, std::string_view place);

}  // namespace qbound::internal
