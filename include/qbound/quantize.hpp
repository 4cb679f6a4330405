// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/network.hpp"
#include "qbound/rounding.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace qbound {

enum class Rounding { nearest, floor };
enum class Ties { even, away };
enum class Granularity { tensor, channel, network };

/// A uniform quantizer (docs/theory.md Q1–Q5).
///
///   symmetric   η = m/n, m = max|w| over the group, n = 2^(bits−1) − 1;  θ' = k·η, k = round(w·n/m) or the exact floor of w·n/m
///   asymmetric  η = (hi − lo)/(2^bits − 1), hi and lo the group's extremes and 0;  θ' = k·η, k clipped to [−z, 2^bits − 1 − z]
///   given η     θ' = k·η, k = round(w/η) or the exact floor, no clipping; bits and `symmetric` are not used
///
/// A group is a layer's weight tensor, one output channel, or all weights of the network. Quantized biases form one group per bias
/// vector; with granularity channel, a channel's bias belongs to the channel's group.
struct Quantizer {
    int bits = 8;                              ///< 2..32 (1..32 asymmetric)
    std::map<std::string, int> bits_by_layer;  ///< overrides `bits`; keys are layer names
    Rounding rounding = Rounding::nearest;
    Ties ties = Ties::even;
    Granularity granularity = Granularity::tensor;
    bool symmetric = true;
    bool quantize_biases = false;
    std::optional<double> eta;  ///< a given step: no clipping, bits are not used
};

/// One group of weights with a common step.
struct QuantizationGroup {
    double eta = 0;               ///< step; 0 for a group of zeros
    std::int64_t zero_point = 0;  ///< asymmetric only
};

/// What quantization did to one layer, as effective.
struct LayerQuantization {
    int bits = 0;                           ///< 0 where θ' came from a file or from --eta
    std::vector<QuantizationGroup> groups;  ///< one, or one per output channel
    std::vector<QuantizationGroup> bias_groups;
    double max_abs_delta = 0;       ///< ≥ max|W − W'| in real arithmetic, at most two units above it (Q5)
    double max_abs_bias_delta = 0;  ///< ≥ max|b − b'|
};

/// θ' of one layer: weights in the layer's shape, biases (as many as the layer has).
struct QuantizedLayer {
    TensorPtr weight;
    std::vector<double> bias;
};

/// θ and θ' on one graph. θ' of a quantizer is computed layer by layer when asked for, so that a pair costs no second copy of the
/// weights; θ' of a second network is held.
class WeightPair {
  public:
    /// Errors: Error{usage} for a quantizer that makes no sense (bits out of range, η ≤ 0, unknown layer in bits_by_layer,
    /// different bits with granularity network); Error{malformed} naming the layer where m·n or k·η overflows or |k| > 2^53.
    WeightPair(const Network& network, Quantizer quantizer);

    /// θ' from a second network, which must be the same graph with equal values in everything but weights and biases of weight
    /// layers; names, boxes, Views, the order of nodes and of a sum's operands may differ. A layer without bias has a bias of
    /// zeros. Errors: Error{unsupported} naming the first node that differs, or a layer that has a non-zero bias only in
    /// `quantized`.
    WeightPair(const Network& network, const Network& quantized);

    [[nodiscard]] const Network& network() const noexcept { return *network_; }
    /// Empty when θ' came from a second network.
    [[nodiscard]] const std::optional<Quantizer>& quantizer() const noexcept { return quantizer_; }
    /// θ' of layer `index` (of Network::weight_layers()). Cost: one pass over the layer's weights.
    [[nodiscard]] QuantizedLayer quantized(std::size_t index) const;
    /// Keeps θ' of all layers in memory from now on, for those who ask many times.
    void hold();
    [[nodiscard]] const LayerQuantization& quantization(std::size_t index) const { return layers_[index]; }
    [[nodiscard]] std::size_t size() const noexcept { return layers_.size(); }
    /// Where θ' came from a second network: for each layer its layer there.
    [[nodiscard]] const std::vector<std::size_t>& matched() const noexcept { return matched_; }
    /// The same pair with θ' = θ in layer `index`: what the other layers' quantization does by itself.
    [[nodiscard]] WeightPair with_exact_layer(std::size_t index) const;
    /// Gives layer `index` the bits that it has in `other`: a pair of the same network whose quantizer differs in nothing but bits,
    /// and does not have one step for the network. The pair is then the one that the constructor makes. Reads no weights.
    void take_layer(std::size_t index, const WeightPair& other);

  private:
    const Network* network_;
    std::optional<Quantizer> quantizer_;
    std::vector<QuantizedLayer> held_;  ///< of a second network, or after hold(); else empty
    std::vector<std::size_t> matched_;
    std::vector<LayerQuantization> layers_;
    std::optional<std::size_t> exact_layer_;
    double lowest_ = 0;  ///< range of all weights, for granularity network
    double highest_ = 0;
};

}  // namespace qbound
