// SPDX-License-Identifier: Apache-2.0
#include "cli/data_file.hpp"

#include "cli/files.hpp"
#include "qbound/error.hpp"
#include "qbound/loader.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace qbound::internal {

namespace {

constexpr std::size_t kMaxExpandedBytes = std::size_t{1} << 32U;

Tensor read_array(Bytes file) {
    if (!looks_like_zip(file)) {
        return read_npy(file, "");
    }
    const auto arrays = read_npz(file, "", kMaxExpandedBytes);
    if (arrays.size() == 1) {
        return *arrays.front().second;
    }
    const auto named = std::find_if(arrays.begin(), arrays.end(), [](const auto& array) { return array.first == "x"; });
    if (named == arrays.end()) {
        throw Error(ErrorKind::malformed, "", fmt::format("holds {} arrays, none called 'x'", arrays.size()));
    }
    return *named->second;
}

/// Whether arrays of the two shapes hold the same entries in the same order, whatever their axes mean.
bool same_entries(Shape a, Shape b) {
    if (checked_size(a, "") != checked_size(b, "")) {
        return false;
    }
    std::erase(a, 1);
    std::erase(b, 1);
    return a == b || a.size() <= 1 || b.size() <= 1;
}

}  // namespace

Samples read_samples(const std::string& path, const Shape& input) {
    try {
        const OwnedBytes file = read_file(path);
        Samples samples{.values = read_array(file.bytes)};
        const Shape& shape = samples.values.shape;
        if (shape == input) {
            return samples;
        }
        samples.stacked = !shape.empty() && shape.front() >= 1 && same_entries({shape.begin() + 1, shape.end()}, input);
        if (!samples.stacked) {
            if (same_entries(shape, input)) {
                return samples;
            }
            throw Error(ErrorKind::malformed, "",
                        fmt::format("has shape {}, the model's input is {}", to_string(shape), to_string(input)),
                        "one input, or several stacked along a first axis");
        }
        samples.count = shape.front();
        return samples;
    } catch (const Error& error) {
        throw error.within(path);
    }
}

}  // namespace qbound::internal
