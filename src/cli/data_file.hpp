// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/tensor.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace qbound::internal {

/// Inputs of a network: one, or N of them stacked.
struct Samples {
    Tensor values;
    std::int64_t count = 1;
    bool stacked = false;  ///< whether there is a leading axis of samples

    [[nodiscard]] std::span<const double> sample(std::int64_t index) const noexcept {
        const auto size = values.data.size() / static_cast<std::size_t>(count);
        return std::span(values.data).subspan(static_cast<std::size_t>(index) * size, size);
    }
};

/// The NPY file `path`, or the NPZ's only array or the one called "x", as one input of shape `input` or several stacked along a
/// first axis.
///
/// An input's shape may also differ by extents of 1, or be flat where `input` is not or the other way round: both leave the entries
/// in the same order. Errors: Error{malformed} naming the file.
[[nodiscard]] Samples read_samples(const std::string& path, const Shape& input);

/// Class numbers, one per input: an NPY vector of integers (whatever their type), the only array of an NPZ, or its one called "y". Errors: Error{malformed}
/// naming the file.
[[nodiscard]] std::vector<std::int64_t> read_labels(const std::string& path);

}  // namespace qbound::internal
