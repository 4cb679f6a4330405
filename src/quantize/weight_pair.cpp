// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"
#include "qbound/quantize.hpp"
#include "quantize/grid.hpp"
#include "quantize/same_graph.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>

namespace qbound {

namespace {

using internal::StepGrid;
using internal::Range;

std::string place_of(const Network& network, std::size_t layer) {
    return "node '" + network.node(network.weight_layers()[layer]).name + "'";
}

/// ≥ max|a_i − b_i| in real arithmetic: the rounding of one subtraction is less than the step to the next double (R2).
double max_abs_difference_up(std::span<const double> a, std::span<const double> b) noexcept {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::fabs(a[i] - b[i]));
    }
    return largest == 0 ? 0 : next_up(largest);
}

int bits_of(const Quantizer& quantizer, const std::string& layer) {
    const auto own = quantizer.bits_by_layer.find(layer);
    return own == quantizer.bits_by_layer.end() ? quantizer.bits : own->second;
}

/// Entries of one output channel.
std::size_t channel_size(const WeightLayer& layer) {
    return layer.weight->data.size() / std::max<std::size_t>(static_cast<std::size_t>(layer.out_channels()), 1);
}

void check_bits(const Quantizer& quantizer, int bits, const std::string& place) {
    const int least = quantizer.symmetric ? 2 : 1;
    if (bits < least || bits > 32) {
        throw Error(
            ErrorKind::usage, place, std::to_string(bits) + " bits are out of range",
            quantizer.symmetric ? "a symmetric quantizer takes 2 to 32 bits" : "an asymmetric quantizer takes 1 to 32 bits");
    }
}

void check_quantizer(const Network& network, const Quantizer& quantizer) {
    std::vector<std::string> names;
    for (const NodeId id : network.weight_layers()) {
        names.push_back(network.node(id).name);
    }
    for (const auto& [name, bits] : quantizer.bits_by_layer) {
        if (std::find(names.begin(), names.end(), name) == names.end()) {
            throw Error(ErrorKind::usage, "bits of layer '" + name + "'", "the network has no weight layer of that name");
        }
    }
    if (quantizer.eta) {
        if (!(*quantizer.eta > 0 && std::isfinite(*quantizer.eta))) {
            throw Error(ErrorKind::usage, "eta", "the step must be positive and finite");
        }
        return;
    }
    check_bits(quantizer, quantizer.bits, "");
    for (const auto& [name, bits] : quantizer.bits_by_layer) {
        check_bits(quantizer, bits, "bits of layer '" + name + "'");
    }
    if (quantizer.granularity == Granularity::network && !names.empty()) {
        const int common = bits_of(quantizer, names.front());
        if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return bits_of(quantizer, name) != common; })) {
            throw Error(ErrorKind::usage, "bits per layer", "layers with different bits cannot share one step",
                        "use the granularity tensor or channel");
        }
    }
}

/// The grids of one layer: one for its weights, or one per output channel; the same for its biases where those are quantized.
struct LayerGrids {
    std::vector<StepGrid> weights;
    std::vector<StepGrid> biases;
};

/// Finds the grids. `network_range`: the range of all weights, for granularity network.
LayerGrids make_grids(const WeightLayer& layer, const Quantizer& quantizer, int bits, const Range& network_range,
                      const std::string& place) {
    LayerGrids grids;
    const bool biases = quantizer.quantize_biases && !layer.bias.empty();
    const std::span<const double> weights(layer.weight->data);
    if (quantizer.granularity == Granularity::channel) {
        const std::size_t size = channel_size(layer);
        for (std::size_t i = 0; i < static_cast<std::size_t>(layer.out_channels()); ++i) {
            Range range;
            range.include(weights.subspan(i * size, size));
            if (biases) {
                range.include(std::span(layer.bias).subspan(i, 1));
            }
            grids.weights.push_back(make_grid(range, quantizer, bits, place));
        }
        if (biases) {
            grids.biases = grids.weights;
        }
        return grids;
    }
    Range range = network_range;
    if (quantizer.granularity == Granularity::tensor) {
        range.include(weights);
    }
    grids.weights.push_back(make_grid(range, quantizer, bits, place));
    if (biases) {
        Range bias_range;
        bias_range.include(layer.bias);
        grids.biases.push_back(make_grid(bias_range, quantizer, bits, place));
    }
    return grids;
}

/// θ' of one layer.
QuantizedLayer apply(const LayerGrids& grids, const WeightLayer& layer, const Quantizer& quantizer, const std::string& place) {
    const auto quantize_groups = [&](const std::vector<StepGrid>& groups, std::span<const double> w, std::span<double> out) {
        const std::size_t size = w.size() / std::max<std::size_t>(groups.size(), 1);
        for (std::size_t g = 0; g < groups.size(); ++g) {
            quantize_to(groups[g], quantizer.rounding, quantizer.ties, w.subspan(g * size, size), out.subspan(g * size, size),
                        place);
        }
    };
    auto weight = std::make_shared<Tensor>();
    weight->shape = layer.weight->shape;
    weight->data.resize(layer.weight->data.size());
    quantize_groups(grids.weights, layer.weight->data, weight->data);
    QuantizedLayer result{std::move(weight), layer.bias};
    quantize_groups(grids.biases, layer.bias, result.bias);
    return result;
}

std::vector<QuantizationGroup> groups_of(const std::vector<StepGrid>& grids) {
    std::vector<QuantizationGroup> groups;
    groups.reserve(grids.size());
    for (const StepGrid& grid : grids) {
        groups.push_back(grid.group());
    }
    return groups;
}

}  // namespace

WeightPair::WeightPair(const Network& network, Quantizer quantizer) : network_(&network), quantizer_(std::move(quantizer)) {
    check_quantizer(network, *quantizer_);
    if (quantizer_->granularity == Granularity::network) {
        Range range;
        for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
            range.include(network.layer(i).weight->data);
        }
        lowest_ = range.lowest;
        highest_ = range.highest;
    }
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        const WeightLayer& layer = network.layer(i);
        const std::string place = place_of(network, i);
        const int bits = bits_of(*quantizer_, network.node(network.weight_layers()[i]).name);
        const LayerGrids grids = make_grids(layer, *quantizer_, bits, {lowest_, highest_}, place);
        const QuantizedLayer quantized = apply(grids, layer, *quantizer_, place);
        layers_.push_back({quantizer_->eta ? 0 : bits, groups_of(grids.weights), groups_of(grids.biases),
                           max_abs_difference_up(layer.weight->data, quantized.weight->data),
                           max_abs_difference_up(layer.bias, quantized.bias)});
    }
}

WeightPair::WeightPair(const Network& network, const Network& quantized) : network_(&network) {
    matched_ = internal::match_layers(network, quantized);
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        const WeightLayer& layer = network.layer(i);
        const WeightLayer& other = quantized.layer(matched_[i]);
        // No bias is a bias of zeros; θ' gets as many as θ has.
        std::vector<double> bias = other.bias;
        if (bias.empty()) {
            bias.assign(layer.bias.size(), 0.0);
        } else if (layer.bias.empty()) {
            if (max_abs(bias) != 0) {
                throw Error(ErrorKind::unsupported, place_of(network, i), "has a bias only in the quantized network",
                            "give it a bias of zeros in the first network");
            }
            bias.clear();
        }
        layers_.push_back(
            {0, {}, {}, max_abs_difference_up(layer.weight->data, other.weight->data), max_abs_difference_up(layer.bias, bias)});
        held_.push_back({other.weight, std::move(bias)});
    }
}

WeightPair WeightPair::with_exact_layer(std::size_t index) const {
    WeightPair pair = *this;
    pair.exact_layer_ = index;
    pair.layers_[index].max_abs_delta = 0;
    pair.layers_[index].max_abs_bias_delta = 0;
    return pair;
}

void WeightPair::take_layer(std::size_t index, const WeightPair& other) {
    layers_[index] = other.layers_[index];
    quantizer_->bits_by_layer[network_->node(network_->weight_layers()[index]).name] = layers_[index].bits;
}

QuantizedLayer WeightPair::quantized(std::size_t index) const {
    if (exact_layer_ == index) {
        return {network_->layer(index).weight, network_->layer(index).bias};
    }
    if (!held_.empty()) {
        return held_[index];
    }
    const WeightLayer& layer = network_->layer(index);
    const std::string place = place_of(*network_, index);
    const LayerGrids grids = make_grids(layer, *quantizer_, layers_[index].bits, {lowest_, highest_}, place);
    return apply(grids, layer, *quantizer_, place);
}

void WeightPair::hold() {
    std::vector<QuantizedLayer> all;
    for (std::size_t i = 0; i < size(); ++i) {
        all.push_back(quantized(i));
    }
    held_ = std::move(all);
}

}  // namespace qbound
