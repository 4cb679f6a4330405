// SPDX-License-Identifier: Apache-2.0
#include "qbound/tensor.hpp"

#include "qbound/error.hpp"

#include <algorithm>

namespace qbound {

std::int64_t checked_size(const Shape& shape, std::string_view place) {
    if (std::ranges::any_of(shape, [](std::int64_t extent) { return extent < 0; })) {
        throw Error(ErrorKind::malformed, std::string(place), "shape " + to_string(shape) + " has a negative extent");
    }
    if (std::ranges::any_of(shape, [](std::int64_t extent) { return extent == 0; })) {
        return 0;
    }
    std::int64_t size = 1;
    for (const std::int64_t extent : shape) {
        if (extent > kMaxEntries / size) {
            throw Error(ErrorKind::malformed, std::string(place),
                        "shape " + to_string(shape) + " has more than " + std::to_string(kMaxEntries) + " entries");
        }
        size *= extent;
    }
    return size;
}

std::string to_string(const Shape& shape) {
    if (shape.empty()) {
        return "scalar";
    }
    std::string text;
    for (const std::int64_t extent : shape) {
        if (!text.empty()) {
            text += 'x';
        }
        text += std::to_string(extent);
    }
    return text;
}

}  // namespace qbound
