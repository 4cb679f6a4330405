// SPDX-License-Identifier: Apache-2.0
#include "network/input_box.hpp"

#include "network/channel_values.hpp"
#include "network/naming.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

namespace qbound::internal {

namespace {

struct Frame {
    std::string place;
    ErrorKind blame;  ///< whose mistake a bad box is
    Shape shape;      ///< of the input, without batch
    Dims dims;

    [[noreturn]] void fail(std::string reason) const { throw Error(blame, place, std::move(reason)); }
};

Shape without_ones(const Shape& shape) {
    Shape result;
    std::ranges::copy_if(shape, std::back_inserter(result), [](std::int64_t extent) { return extent != 1; });
    return result;
}

/// The limits as 1, C or all values.
std::vector<double> read_limits(const Tensor& tensor, const Frame& frame, std::string_view which) {
    if (auto values = channel_values(tensor, frame.shape)) {
        return *std::move(values);
    }
    if (without_ones(tensor.shape) != without_ones(frame.shape) || tensor.size() != frame.dims.size()) {
        frame.fail(fmt::format("the {} limits have shape {}; one for all, one per channel or one per entry of {} is needed", which,
                               to_string(tensor.shape), to_string(frame.shape)));
    }
    return tensor.data;
}

/// `limits` as `count` values, in the order of the entries or channels. They have 1, C or all values.
std::vector<double> widened(std::vector<double> limits, std::int64_t count, const Frame& frame) {
    const auto size = static_cast<std::size_t>(count);
    if (limits.size() == size) {
        return limits;
    }
    if (limits.size() == 1) {
        return std::vector<double>(size, limits.front());
    }
    const auto repeat = static_cast<std::size_t>(frame.dims.positions());
    std::vector<double> entries;
    entries.reserve(size);
    for (const double limit : limits) {
        entries.insert(entries.end(), repeat, limit);
    }
    return entries;
}

Box box_of(const Tensor& lower, const Tensor& upper, const Frame& frame) {
    Box box{read_limits(lower, frame, "lower"), read_limits(upper, frame, "upper")};
    const auto finest = static_cast<std::int64_t>(std::max(box.lower.size(), box.upper.size()));
    const std::int64_t count = std::max(finest, frame.dims.channels);
    if (finest == 1 && count > kMaxTableEntries) {
        frame.fail(fmt::format("{} channels; at most {} are supported", count, kMaxTableEntries));
    }
    box.lower = widened(std::move(box.lower), count, frame);
    box.upper = widened(std::move(box.upper), count, frame);
    for (std::size_t i = 0; i < box.lower.size(); ++i) {
        const double lo = box.lower[i];
        const double hi = box.upper[i];
        if (!std::isfinite(lo) || !std::isfinite(hi)) {
            frame.fail(fmt::format("limits {} and {} at index {} are not finite", lo, hi, i));
        }
        if (!(lo <= hi)) {
            frame.fail(fmt::format("lower limit {} exceeds upper limit {} at index {}", lo, hi, i));
        }
    }
    return box;
}

Tensor as_tensor(const std::vector<double>& values, const Frame& frame) {
    const auto size = static_cast<std::int64_t>(values.size());
    if (size == frame.dims.size() && size != 1) {
        return {frame.shape, values};
    }
    return {{size}, values};
}

}  // namespace

Box input_box(const ModelInput& input, const LowerOptions& options, Log& log) {
    const Shape shape = sample_shape(input.shape);
    Frame frame{"input " + quoted(input.name), ErrorKind::malformed, shape, dims_of(shape)};
    if (options.box) {
        frame.blame = ErrorKind::usage;
        return box_of(as_tensor(options.box->lower, frame), as_tensor(options.box->upper, frame), frame);
    }
    if (input.lower && input.upper) {
        return box_of(*input.lower, *input.upper, frame);
    }
    if (input.lower || input.upper) {
        frame.fail(
            fmt::format("it has {} limits but no {} ones", input.lower ? "lower" : "upper", input.lower ? "upper" : "lower"));
    }
    if (options.require_box) {
        throw Error(ErrorKind::malformed, frame.place, "the file does not say in which box it lies", "give --input-range LO,HI");
    }
    log.notes.emplace_back(kAssumedBoxNote);
    return box_of({{}, {-1}}, {{}, {1}}, frame);
}

}  // namespace qbound::internal
