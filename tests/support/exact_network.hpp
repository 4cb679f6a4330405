// SPDX-License-Identifier: Apache-2.0
#pragma once
// Networks of piecewise linear nodes, evaluated in exact rationals, for the error that bounds must cover.

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"
#include "support/exact.hpp"

#include <stdexcept>
#include <vector>

namespace qbound::test {

using Values = std::vector<Rational>;

/// An array of rationals seen as channels × height × width.
struct Image {
    Dims dims;
    const Values& values;

    /// Null outside the image.
    [[nodiscard]] const Rational* at(std::int64_t c, std::int64_t y, std::int64_t x) const {
        const bool inside = y >= 0 && y < dims.height && x >= 0 && x < dims.width;
        return inside ? &values[static_cast<std::size_t>((c * dims.height + y) * dims.width + x)] : nullptr;
    }
};

inline Values exact_weight_layer(const WeightLayer& layer, const QuantizedLayer& parameters, const Image& in, const Dims& out) {
    const Tensor& weight = *parameters.weight;
    const std::int64_t per_group = out.channels / layer.groups;
    Values result;
    for (std::int64_t o = 0; o < out.channels; ++o) {
        for (std::int64_t y = 0; y < out.height; ++y) {
            for (std::int64_t x = 0; x < out.width; ++x) {
                Rational sum = parameters.bias.empty() ? Rational{0} : exact(parameters.bias[static_cast<std::size_t>(o)]);
                auto w = static_cast<std::size_t>(o * layer.fan_in());
                for (std::int64_t c = 0; c < weight.shape[1]; ++c) {
                    for (std::int64_t i = 0; i < weight.shape[2]; ++i) {
                        for (std::int64_t j = 0; j < weight.shape[3]; ++j, ++w) {
                            const std::int64_t channel = o / per_group * weight.shape[1] + c;
                            const Rational* u = in.at(channel, layer.axes[0].source(y, i), layer.axes[1].source(x, j));
                            sum += u == nullptr ? Rational{0} : Rational{exact(weight.data[w]) * *u};
                        }
                    }
                }
                result.push_back(sum);
            }
        }
    }
    return result;
}

inline Values exact_max_pool(const MaxPool& pool, const Image& in, const Dims& out) {
    Values result;
    for (std::int64_t c = 0; c < out.channels; ++c) {
        for (std::int64_t y = 0; y < out.height; ++y) {
            for (std::int64_t x = 0; x < out.width; ++x) {
                const Rational* best = nullptr;
                for (std::int64_t i = 0; i < pool.axes[0].kernel; ++i) {
                    for (std::int64_t j = 0; j < pool.axes[1].kernel; ++j) {
                        const Rational* u = in.at(c, pool.axes[0].source(y, i), pool.axes[1].source(x, j));
                        best = u != nullptr && (best == nullptr || *best < *u) ? u : best;
                    }
                }
                result.push_back(*best);
            }
        }
    }
    return result;
}

/// ρ(t) for Relu, LeakyRelu and Clip.
inline Rational exact_activation(const Activation& activation, const Rational& t) {
    switch (activation.function) {
        case ActivationFunction::relu:
            return t < 0 ? Rational{0} : t;
        case ActivationFunction::leaky_relu:
            return t < 0 ? Rational{t * exact(activation.alpha)} : t;
        case ActivationFunction::clip:
            return t < exact(activation.lower)   ? exact(activation.lower)
                   : exact(activation.upper) < t ? exact(activation.upper)
                                                 : t;
        default:
            throw std::invalid_argument("this activation has no exact value");
    }
}

/// R(x) of a chain, or of any graph of the node kinds below, with the given weights and biases.
inline Values exact_evaluate(const Network& network, const std::vector<QuantizedLayer>& parameters, const Values& x) {
    std::vector<Values> values;
    std::size_t layer = 0;
    for (const Node& node : network.nodes()) {
        if (std::holds_alternative<Input>(node.kind)) {
            values.push_back(x);
            continue;
        }
        const auto input = static_cast<std::size_t>(node.inputs.front());
        const Image in{network.nodes()[input].dims, values[input]};
        Values out;
        if (const auto* weights = std::get_if<WeightLayer>(&node.kind)) {
            out = exact_weight_layer(*weights, parameters[layer++], in, node.dims);
        } else if (const auto* activation = std::get_if<Activation>(&node.kind)) {
            for (const Rational& t : in.values) {
                out.push_back(exact_activation(*activation, t));
            }
        } else if (const auto* pool = std::get_if<MaxPool>(&node.kind)) {
            out = exact_max_pool(*pool, in, node.dims);
        } else if (std::holds_alternative<View>(node.kind)) {
            out = in.values;
        } else {
            throw std::invalid_argument("this node has no exact value");
        }
        values.push_back(std::move(out));
    }
    return values[static_cast<std::size_t>(network.output())];
}

/// ‖R_θ(x) − R_θ'(x)‖_∞.
inline Rational exact_error(const WeightPair& pair, const Values& x) {
    std::vector<QuantizedLayer> original;
    std::vector<QuantizedLayer> quantized;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        original.push_back({pair.network().layer(i).weight, pair.network().layer(i).bias});
        quantized.push_back(pair.quantized(i));
    }
    const Values a = exact_evaluate(pair.network(), original, x);
    const Values b = exact_evaluate(pair.network(), quantized, x);
    Rational largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Rational difference = abs(a[i] - b[i]);
        largest = difference > largest ? difference : largest;
    }
    return largest;
}

}  // namespace qbound::test
