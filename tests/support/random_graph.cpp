// SPDX-License-Identifier: Apache-2.0
#include "support/random_graph.hpp"

#include "qbound/error.hpp"
#include "support/random_nodes.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace qbound::test {

namespace {

/// A box around some centre: narrow, wide, one-sided, off centre, with points in it; per channel or per entry.
Box random_box(Random& random, const Dims& input, const GraphOptions& options, std::set<std::string>& features) {
    const bool per_entry = random.unit() < 0.3;
    features.insert(per_entry ? "box per entry" : "box per channel");
    const std::int64_t count = per_entry ? input.size() : input.channels;
    const double scale = random.unit() < 0.25 ? random.uniform(0.01, 0.9) : random.unit() < 0.3 ? 255 : 1;
    const int mode = static_cast<int>(options.rising_only ? random.integer(1, 2) : random.integer(0, 4));
    const bool point = random.unit() < 0.05;
    Box box;
    for (std::int64_t i = 0; i < count; ++i) {
        double lower = -scale;
        double upper = scale;
        switch (mode) {
            case 0:
                break;
            case 1:
                lower = 0;
                break;
            case 2:  // off centre
                lower = scale * random.uniform(0.5, 3);
                upper = lower + scale * random.unit();
                break;
            case 3: {
                const double centre = scale * random.uniform(-1, 1);
                const double radius = scale * random.uniform(0, 0.3);
                lower = centre - radius;
                upper = centre + radius;
                break;
            }
            default:
                lower = -scale * random.unit();
                upper = scale * random.unit();
                break;
        }
        if (point || random.unit() < 0.05) {
            lower = upper;
            features.insert("point in the box");
        }
        box.lower.push_back(lower);
        box.upper.push_back(upper);
    }
    if (box.radius() < 1) {
        features.insert("D < 1");
    }
    if (mode == 2) {
        features.insert("box off centre");
    }
    return box;
}

Quantizer random_quantizer(Random& random, const Network& network, const GraphOptions& options, std::set<std::string>& features) {
    Quantizer q;
    q.bits = static_cast<int>(random.integer(2, 8));
    q.rounding = random.unit() < 0.65 ? Rounding::nearest : Rounding::floor;
    q.ties = random.coin() ? Ties::even : Ties::away;
    q.granularity = std::vector{Granularity::tensor, Granularity::channel,
                                Granularity::network}[static_cast<std::size_t>(random.integer(0, 2))];
    q.symmetric = random.unit() < 0.7;
    q.quantize_biases = options.biases && random.unit() < 0.4;
    if (random.unit() < 0.1) {
        double largest = 0;
        for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
            for (const double w : network.layer(l).weight->data) {
                largest = std::max(largest, std::abs(w));
            }
        }
        q.eta = largest > 0 ? largest / random.uniform(1, 50) : 0.5;
        features.insert("given step");
    } else if (q.granularity != Granularity::network && random.unit() < 0.2) {
        for (const NodeId id : network.weight_layers()) {
            q.bits_by_layer[network.node(id).name] = static_cast<int>(random.integer(2, 8));
        }
        features.insert("bits by layer");
    }
    features.insert(q.rounding == Rounding::nearest ? "round" : "floor");
    if (!q.symmetric) {
        features.insert("asymmetric quantizer");
    }
    if (q.granularity == Granularity::channel) {
        features.insert("quantizer per channel");
    }
    return q;
}

/// The same graph with perturbed weights and biases: small, large, or unrelated; now and then a layer stays as it is.
std::unique_ptr<const Network> perturbed(Random& random, const Network& network, const GraphOptions& options) {
    std::vector<Node> nodes = network.nodes();
    const double size = std::ldexp(1.0, -static_cast<int>(random.integer(0, 30)));
    const bool biases_too = options.biases && random.coin();
    const auto perturb = [&](double w, double scale) { return w + size * random.uniform(-1, 1) * (random.coin() ? w : scale); };
    for (Node& node : nodes) {
        auto* layer = std::get_if<WeightLayer>(&node.kind);
        if (layer == nullptr || random.unit() < 0.15) {
            continue;
        }
        Tensor weight = *layer->weight;
        double scale = 0;
        for (const double w : weight.data) {
            scale = std::max(scale, std::abs(w));
        }
        const auto shrink = [&](double w) { return w * (1 - size * random.unit()); };
        for (double& w : weight.data) {
            w = options.rising_only ? shrink(w) : perturb(w, scale);
        }
        layer->weight = std::make_shared<const Tensor>(std::move(weight));
        for (double& b : layer->bias) {
            b = !biases_too ? b : options.rising_only ? shrink(b) : perturb(b, 1);
        }
    }
    return std::make_unique<const Network>(network.name(), std::move(nodes), network.output(), network.box());
}

/// Numbers that the quantizer or the network refuse for good reasons (overflow) are not cases.
bool try_build(RandomCase& result, Random& random, const GraphOptions& options) {
    GraphGrower grower(random, options);
    std::vector<Node> nodes = grower.grow(static_cast<int>(random.integer(std::min(2, options.steps), options.steps)));
    result.features = grower.features();
    Box box = random_box(random, nodes.front().dims, options, result.features);
    const auto output = static_cast<NodeId>(nodes.size()) - 1;
    result.network = std::make_unique<const Network>("random", std::move(nodes), output, std::move(box));
    if (options.rising_only || random.unit() < 0.25) {
        result.second = perturbed(random, *result.network, options);
        result.pair = std::make_unique<const WeightPair>(*result.network, *result.second);
        result.features.insert("second network");
        return true;
    }
    try {
        const Quantizer quantizer = random_quantizer(random, *result.network, options, result.features);
        result.pair = std::make_unique<const WeightPair>(*result.network, quantizer);
        return true;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::malformed) {
            throw;
        }
        return false;  // a step beyond double
    }
}

}  // namespace

RandomCase random_case(std::uint64_t seed, const GraphOptions& options) {
    Random random(seed * 0x9e3779b97f4a7c15U + 1);
    RandomCase result;
    result.seed = seed;
    while (!try_build(result, random, options)) {
    }
    for (const Node& node : result.network->nodes()) {
        result.features.insert(node.op);
    }
    for (std::size_t l = 0; l < result.pair->size(); ++l) {
        if (result.pair->quantization(l).max_abs_bias_delta > 0) {
            result.features.insert("biases that change");
        }
    }
    return result;
}

}  // namespace qbound::test
