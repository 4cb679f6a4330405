// SPDX-License-Identifier: Apache-2.0
#include "network/channel_values.hpp"

#include <algorithm>

namespace qbound::internal {

namespace {

bool is_per_channel(Shape tensor, const Shape& shape) {
    if (tensor.size() == shape.size() + 1 && tensor.front() == 1) {
        tensor.erase(tensor.begin());
    }
    const bool rank_fits = tensor.size() == 1 || tensor.size() == shape.size();
    return rank_fits && tensor.front() == shape.front() &&
           std::all_of(tensor.begin() + 1, tensor.end(), [](std::int64_t extent) { return extent == 1; });
}

}  // namespace

std::int64_t channel_values_cost(const Tensor& tensor, const Shape& shape) {
    return tensor.size() == 1 ? 1 : dims_of(shape).channels;
}

std::optional<std::vector<double>> channel_values(const Tensor& tensor, const Shape& shape) {
    if (tensor.size() == 1) {
        return tensor.data;
    }
    if (shape.empty() || !is_per_channel(tensor.shape, shape)) {
        return std::nullopt;
    }
    const auto repeat = static_cast<std::size_t>(dims_of(shape).channels / shape.front());
    std::vector<double> values;
    values.reserve(tensor.data.size() * repeat);
    for (const double value : tensor.data) {
        values.insert(values.end(), repeat, value);
    }
    return values;
}

}  // namespace qbound::internal
