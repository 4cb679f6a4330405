// SPDX-License-Identifier: Apache-2.0
// Weight layers on tensors of balls: exact products of words by the double kernel (docs/theory.md E5, E6).
#include "core/parallel.hpp"
#include "measure/forward_layer.hpp"
#include "measure/word_nodes.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

namespace qbound::internal {

namespace {

/// Outputs of a stacked product, at most, unless one word has more.
constexpr std::size_t kStackedOutputs = std::size_t{1} << 21;

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

/// The words [first, last) of a layer's weights as one layer: each group has its outputs once per word, word by word.
WeightLayer stack(const WeightLayer& layer, const Words& weight, std::size_t first, std::size_t last) {
    WeightLayer stacked;
    stacked.groups = layer.groups;
    stacked.axes = layer.axes;
    Tensor tensor;
    tensor.shape = layer.weight->shape;
    tensor.shape[0] *= static_cast<std::int64_t>(last - first);
    tensor.data.reserve(weight.entries() * (last - first));
    const auto per_group = static_cast<std::ptrdiff_t>(weight.entries()) / layer.groups;
    for (std::int64_t group = 0; group < layer.groups; ++group) {
        for (std::size_t word = first; word < last; ++word) {
            const auto begin = weight.digits[word].begin() + group * per_group;
            tensor.data.insert(tensor.data.end(), begin, begin + per_group);
        }
    }
    stacked.weight = std::make_shared<const Tensor>(std::move(tensor));
    return stacked;
}

std::size_t outputs_of(const WeightLayer& layer) {
    return index(layer.out_channels() * layer.axes[0].out * layer.axes[1].out);
}

/// Adds the products of all words of W and u to their sums. E5.
void add_products(const WeightLayer& layer, const Words& weight, const Dims& in, const Words& u, const WordFormat& format,
                  Sums& sums) {
    if (u.digits.empty() || weight.digits.empty()) {
        return;
    }
    const std::size_t outputs = outputs_of(layer);
    const std::size_t per_group = outputs / index(layer.groups);
    const std::size_t chunk = std::clamp<std::size_t>(kStackedOutputs / outputs, 1, weight.digits.size());
    std::vector<double> word(u.entries());
    std::vector<double> y(outputs * chunk);
    for (std::size_t first = 0; first < weight.digits.size(); first += chunk) {
        const std::size_t last = std::min(first + chunk, weight.digits.size());
        const WeightLayer stacked = stack(layer, weight, first, last);
        for (std::size_t k = 0; k < u.digits.size(); ++k) {
            if (std::ranges::all_of(u.digits[k], [](std::int32_t d) { return d == 0; })) {
                continue;
            }
            std::ranges::copy(u.digits[k], word.begin());
            forward_layer(stacked, {stacked.weight, {}}, in, 1, word, std::span(y).first(outputs * (last - first)), format.threads);
            const auto words = static_cast<std::int64_t>(last - first);
            parallel_for(layer.groups * words, outputs < (1U << 14U) ? 1 : format.threads, [&](std::int64_t tile) {
                const std::size_t j = first + index(tile % words);
                const double* from = y.data() + index(tile) * per_group;
                const std::int64_t position = weight.top + u.top - static_cast<std::int64_t>(j + k);
                std::int64_t* to = sums.row(position).data() + index(tile / words) * per_group;
                for (std::size_t i = 0; i < per_group; ++i) {
                    to[i] += static_cast<std::int64_t>(from[i]);  // an integer
                }
            });
        }
    }
}

/// Upper bounds of Σ|w||u| with both in normal form, so that no product underflows. E6.
Radii layer_radii(const WeightLayer& layer, const Radii& weight, const Dims& in, const Radii& u, int threads) {
    WeightLayer absolute = layer;
    absolute.weight = std::make_shared<const Tensor>(Tensor{layer.weight->shape, weight.values()});
    std::vector<double> y(outputs_of(layer));
    forward_layer(absolute, {absolute.weight, {}}, in, 1, u.values(), y, threads);
    for (double& v : y) {
        v = inflate_term_sum_up(v, layer.fan_in());
    }
    return {std::move(y), weight.exponent() + u.exponent()};
}

}  // namespace

Words layer_words(const WeightLayer& layer, std::span<const double> weight, std::span<const double> bias, const Dims& in,
                  const Dims& out, const Words& u, const WordFormat& format) {
    const Words split_weight = from_doubles(weight, format.bits, format.words + 2);
    const Words split_bias = from_doubles(bias, format.bits, format.words + 2);
    std::vector<std::int64_t> channel;  // of each output
    if (!bias.empty()) {
        channel.resize(index(out.size()));
        for (std::size_t i = 0; i < channel.size(); ++i) {
            channel[i] = static_cast<std::int64_t>(i) / out.positions();
        }
    }
    Positions span{0, 0};
    if (!u.digits.empty() && !split_weight.digits.empty()) {
        span = {u.bottom() + split_weight.bottom(), u.top + split_weight.top};
    }
    // A bias far from the products' positions is added to their rounded sum, lest the rows between fill the memory.
    const std::int64_t near = format.words + 4;
    const bool has_bias = !split_bias.digits.empty();
    const bool together = has_bias && split_bias.top <= span.highest + near && split_bias.bottom() >= span.lowest - near;
    if (together) {
        span = {std::min(span.lowest, split_bias.bottom()), std::max(span.highest, split_bias.top)};
    }
    Sums sums(format, index(out.size()), span);
    add_products(layer, split_weight, in, u, format, sums);
    if (!u.radii.all_zero()) {
        std::vector<double> magnitude(weight.size());
        std::ranges::transform(weight, magnitude.begin(), [](double w) { return std::fabs(w); });
        sums.radii().add(layer_radii(layer, Radii(std::move(magnitude), 0), in, u.radii, format.threads));
    }
    if (!split_weight.radii.all_zero()) {
        sums.radii().add(layer_radii(layer, split_weight.radii, in, magnitudes(u, format), format.threads));
    }
    if (together) {
        sums.add(split_bias, channel);
    }
    Words result = std::move(sums).finish();
    if (has_bias && !together) {
        const std::array<const Words*, 2> terms{&result, &split_bias};
        Sums both(format, index(out.size()), positions_of(terms, format));
        both.add(result);
        both.add(split_bias, channel);
        result = std::move(both).finish();
    }
    return result;
}

Words diagonal_words(std::span<const double> scale, std::span<const double> shift, const Dims& dims, const Words& t,
                     const WordFormat& format) {
    WeightLayer layer;
    layer.groups = dims.channels;
    layer.axes[0].in = layer.axes[0].out = dims.height;
    layer.axes[1].in = layer.axes[1].out = dims.width;
    layer.weight = std::make_shared<const Tensor>(Tensor{{dims.channels, 1, 1, 1}, {scale.begin(), scale.end()}});
    return layer_words(layer, scale, shift, dims, dims, t, format);
}

}  // namespace qbound::internal
