// SPDX-License-Identifier: Apache-2.0
#include "cli/data_file.hpp"

#include "cli/files.hpp"
#include "qbound/error.hpp"
#include "qbound/loader.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace qbound::internal {

namespace {

constexpr std::size_t kMaxExpandedBytes = std::size_t{1} << 32U;

/// An NPY's array, an NPZ's only one or the one called `name`.
Tensor read_array(Bytes file, std::string_view name) {
    if (!looks_like_zip(file)) {
        return read_npy(file, "");
    }
    const auto arrays = read_npz(file, "", kMaxExpandedBytes);
    if (arrays.size() == 1) {
        return *arrays.front().second;
    }
    const auto named = std::find_if(arrays.begin(), arrays.end(), [&](const auto& array) { return array.first == name; });
    if (named == arrays.end()) {
        throw Error(ErrorKind::malformed, "", fmt::format("holds {} arrays, none called '{}'", arrays.size(), name));
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
        Samples samples{.values = read_array(file.bytes, "x")};
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

std::vector<std::int64_t> read_labels(const std::string& path) {
    try {
        const OwnedBytes file = read_file(path);
        const Tensor labels = read_array(file.bytes, "y");
        if (std::ranges::count_if(labels.shape, [](std::int64_t extent) { return extent != 1; }) > 1) {
            throw Error(ErrorKind::malformed, "", fmt::format("has shape {}", to_string(labels.shape)), "one class number per input");
        }
        std::vector<std::int64_t> classes;
        for (const double label : labels.data) {
            constexpr double kLargest = 0x1p53;
            if (!(std::abs(label) <= kLargest && label == std::floor(label))) {
                throw Error(ErrorKind::malformed, "", fmt::format("label {} is no class number", label));
            }
            classes.push_back(static_cast<std::int64_t>(label));
        }
        return classes;
    } catch (const Error& error) {
        throw error.within(path);
    }
}

}  // namespace qbound::internal
