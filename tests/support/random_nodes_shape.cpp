// SPDX-License-Identifier: Apache-2.0
// Sums, concatenations, index maps and activations of random graphs.
#include "support/random_nodes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace qbound::test {

namespace {

std::array<std::int64_t, 3> extents(const Dims& dims) {
    return {dims.channels, dims.height, dims.width};
}

std::vector<std::int32_t> identity_map(std::int64_t extent) {
    std::vector<std::int32_t> map(static_cast<std::size_t>(extent));
    std::iota(map.begin(), map.end(), 0);
    return map;
}

/// A shape of the same rank as `like` that has these dims, or rank 3 where `like` has no such axis.
Shape shape_like(const Shape& like, const std::array<std::int64_t, 3>& e) {
    if (like.size() == 1 && e[1] == 1 && e[2] == 1) {
        return {e[0]};
    }
    return like.size() == 2 && e[1] == 1 ? Shape{e[0], e[2]} : Shape{e[0], e[1], e[2]};
}

}  // namespace

NodeId GraphGrower::sum(NodeId in) {
    std::vector<NodeId> inputs{in};
    const auto sign = [this] { return options_.rising_only || random_.coin() ? 1 : -1; };
    std::vector<int> signs{sign()};
    std::vector<NodeId> fitting;
    for (NodeId id = 0; id < static_cast<NodeId>(nodes_.size()); ++id) {
        if (node(id).shape == node(in).shape) {
            fitting.push_back(id);
        }
    }
    const std::int64_t more = random_.integer(1, 2);
    for (std::int64_t k = 0; k < more; ++k) {
        inputs.push_back(pick(fitting));
        signs.push_back(sign());
    }
    std::set<NodeId> distinct(inputs.begin(), inputs.end());
    if (distinct.size() < inputs.size()) {
        features_.insert("Sum of the same input twice");
    }
    if (std::find(signs.begin(), signs.end(), -1) != signs.end()) {
        features_.insert("Sum with a minus");
    }
    return add("Add", Sum{signs}, node(in).shape, inputs);
}

NodeId GraphGrower::product(NodeId in) {
    std::vector<NodeId> fitting;
    for (NodeId id = 0; id < static_cast<NodeId>(nodes_.size()); ++id) {
        if (node(id).shape == node(in).shape) {
            fitting.push_back(id);
        }
    }
    const NodeId other = chance(0.15) ? in : pick(fitting);
    features_.insert(other == in ? "square" : "product");
    return add("Mul", Product{}, node(in).shape, {in, other});
}

/// Squeeze and excitation: each channel times a number from 0 to 1 that its mean decides.
NodeId GraphGrower::gate(NodeId in) {
    const Dims dims = node(in).dims;
    const Shape shape = node(in).shape;
    AveragePool pool;
    pool.axes = {Axis{.in = dims.height, .out = 1, .kernel = dims.height}, Axis{.in = dims.width, .out = 1, .kernel = dims.width}};
    pool.divisors = {std::vector<std::int64_t>{dims.height}, std::vector<std::int64_t>{dims.width}};
    const Shape squeezed = shape_like(shape, {dims.channels, 1, 1});
    NodeId gate = add("AveragePool", std::move(pool), squeezed.size() == 1 ? Shape{dims.channels, 1} : squeezed, {in});
    if (chance(0.6)) {
        gate = convolution(gate);
        if (node(gate).dims.channels != dims.channels || node(gate).dims.positions() != 1) {
            return gate;
        }
    }
    Activation sigmoid{
        .function = options_.rational_only || chance(0.4) ? ActivationFunction::hard_sigmoid : ActivationFunction::sigmoid,
        .slopes = {}};
    sigmoid.alpha = 0.25;
    sigmoid.beta = 0.5;
    gate = add(std::string(activation_row(sigmoid.function).op), sigmoid, node(gate).shape, {gate});
    Select expand;
    expand.maps = {identity_map(dims.channels), std::vector<std::int32_t>(static_cast<std::size_t>(dims.height), 0),
                   std::vector<std::int32_t>(static_cast<std::size_t>(dims.width), 0)};
    gate = add("Expand", std::move(expand), shape, {gate});
    features_.insert("gate");
    return chance(0.5) ? add("Mul", Product{}, shape, {in, gate}) : add("Mul", Product{}, shape, {gate, in});
}

NodeId GraphGrower::concat(NodeId in) {
    const int axis = static_cast<int>(random_.integer(0, node(in).shape.size() == 1 ? 0 : 2));
    auto total = extents(node(in).dims);
    const auto along = static_cast<std::size_t>(axis);
    std::vector<NodeId> fitting;
    for (NodeId id = 0; id < static_cast<NodeId>(nodes_.size()); ++id) {
        auto e = extents(node(id).dims);
        e[along] = total[along];
        if (e == total) {
            fitting.push_back(id);
        }
    }
    std::vector<NodeId> inputs{in};
    const std::int64_t more = random_.integer(1, 2);
    for (std::int64_t k = 0; k < more; ++k) {
        const NodeId id = pick(fitting);
        const std::int64_t extent = extents(node(id).dims)[along];
        if (total[0] * total[1] * total[2] / total[along] * (total[along] + extent) <= options_.max_entries) {
            inputs.push_back(id);
            total[along] += extent;
        }
    }
    features_.insert("Concat along axis " + std::to_string(axis));
    const Shape shape = shape_like(node(in).shape, total);
    return add("Concat", Concat{axis}, shape, inputs);
}

/// Mode 0: a constant on both sides; 1: edge; 2: reflect; 3: wrap.
std::vector<std::int32_t> GraphGrower::padded_map(std::int64_t extent, int mode) {
    const std::int64_t before = random_.integer(0, 2);
    const std::int64_t after = random_.integer(0, 2);
    std::vector<std::int32_t> map;
    for (std::int64_t i = -before; i < extent + after; ++i) {
        std::int64_t from = i;
        if (i < 0 || i >= extent) {
            switch (mode) {
                case 0:
                    from = -1;
                    break;
                case 1:
                    from = std::clamp<std::int64_t>(i, 0, extent - 1);
                    break;
                case 2:
                    from = std::clamp<std::int64_t>(i < 0 ? -i : 2 * (extent - 1) - i, 0, extent - 1);
                    break;
                default:
                    from = ((i % extent) + extent) % extent;
                    break;
            }
        }
        map.push_back(static_cast<std::int32_t>(from));
    }
    return map;
}

NodeId GraphGrower::pad(NodeId in) {
    static constexpr std::array kModes{"Pad constant", "Pad edge", "Pad reflect", "Pad wrap"};
    const int mode = static_cast<int>(random_.integer(0, 3));
    const auto e = extents(node(in).dims);
    Select select;
    select.maps = {identity_map(e[0]), identity_map(e[1]), identity_map(e[2])};
    const std::size_t first = node(in).shape.size() == 1 || chance(0.2) ? 0 : node(in).shape.size() == 2 ? 2 : 1;
    const std::size_t last = node(in).shape.size() == 1 ? 0 : 2;
    for (std::size_t k = first; k <= last; ++k) {
        if (node(in).shape.size() != 2 || k != 1) {
            select.maps[k] = padded_map(e[k], mode);
        }
    }
    select.constant = mode == 0 && !options_.contracting_only && chance(0.6) ? number(2.0) : 0;
    features_.insert(kModes[static_cast<std::size_t>(mode)]);
    if (select.constant != 0) {
        features_.insert("Pad with a constant that is not 0");
    }
    const Shape shape = shape_like(
        node(in).shape, {static_cast<std::int64_t>(select.maps[0].size()), static_cast<std::int64_t>(select.maps[1].size()),
                         static_cast<std::int64_t>(select.maps[2].size())});
    if (dims_of(shape).size() > options_.max_entries) {
        return in;
    }
    return add("Pad", std::move(select), shape, {in});
}

/// Slices, subsampling, repeats, channel shuffles and zero channels along each axis, or a permutation of all entries.
NodeId GraphGrower::rearrange(NodeId in) {
    if (chance(0.35)) {
        return permute(in);
    }
    const auto e = extents(node(in).dims);
    Select select;
    const std::size_t rank = node(in).shape.size();
    for (std::size_t k = 0; k < 3; ++k) {
        select.maps[k] = identity_map(e[k]);
        auto& map = select.maps[k];
        if ((rank == 1 && k > 0) || (rank == 2 && k == 1) || chance(0.4)) {
            continue;
        }
        switch (random_.integer(0, 3)) {
            case 0: {  // slice, with a step
                const std::int64_t begin = random_.integer(0, e[k] - 1);
                const std::int64_t step = random_.integer(1, 2);
                map.clear();
                for (std::int64_t i = begin; i < e[k]; i += step) {
                    map.push_back(static_cast<std::int32_t>(i));
                }
                features_.insert("slice");
                break;
            }
            case 1:  // gather with repeats
                for (auto& index : map) {
                    index = static_cast<std::int32_t>(random_.integer(0, e[k] - 1));
                }
                features_.insert("repeats");
                break;
            case 2:  // reverse
                std::reverse(map.begin(), map.end());
                features_.insert("reversed axis");
                break;
            default:  // nearest resize
                map.clear();
                for (std::int64_t i = 0; i < 2 * e[k]; ++i) {
                    map.push_back(static_cast<std::int32_t>(i / 2));
                }
                features_.insert("nearest resize");
                break;
        }
    }
    const Shape shape = shape_like(
        node(in).shape, {static_cast<std::int64_t>(select.maps[0].size()), static_cast<std::int64_t>(select.maps[1].size()),
                         static_cast<std::int64_t>(select.maps[2].size())});
    if (dims_of(shape).size() > options_.max_entries) {
        return in;
    }
    return add("Slice", std::move(select), shape, {in});
}

NodeId GraphGrower::permute(NodeId in) {
    const std::int64_t size = node(in).dims.size();
    Select select;
    select.entries.resize(static_cast<std::size_t>(size));
    std::iota(select.entries.begin(), select.entries.end(), 0);
    for (std::int64_t i = size - 1; i > 0; --i) {
        std::swap(select.entries[static_cast<std::size_t>(i)], select.entries[static_cast<std::size_t>(random_.integer(0, i))]);
    }
    features_.insert("general permutation");
    if (!options_.contracting_only && chance(0.3)) {
        select.entries[static_cast<std::size_t>(random_.integer(0, size - 1))] = -1;
        select.constant = number(1.0);
        features_.insert("general Select with a constant");
    }
    return add("Transpose", std::move(select), node(in).shape, {in});
}

NodeId GraphGrower::view(NodeId in) {
    const std::int64_t size = node(in).dims.size();
    if (chance(0.4)) {
        return add("Flatten", View{}, {size}, {in});
    }
    std::vector<std::int64_t> divisors;
    for (std::int64_t d = 1; d <= size; ++d) {
        if (size % d == 0) {
            divisors.push_back(d);
        }
    }
    const std::int64_t channels = pick(divisors);
    std::erase_if(divisors, [&](std::int64_t d) { return (size / channels) % d != 0; });
    const std::int64_t height = pick(divisors);
    return add("Reshape", View{}, {channels, height, size / channels / height}, {in});
}

/// x + f(x) with f = weight layer of the same size, or an activation: the block of a residual network.
NodeId GraphGrower::residual(NodeId in) {
    const Node source = node(in);
    NodeId branch = in;
    if (source.shape.size() == 3) {
        const std::int64_t c = source.dims.channels;
        WeightLayer layer;
        const std::int64_t k = random_.coin() ? 3 : 1;
        const auto axis = [k](std::int64_t n) {
            return Axis{.in = n, .out = n, .kernel = k, .pad_begin = k / 2, .pad_end = k / 2};
        };
        layer.axes = {axis(source.dims.height), axis(source.dims.width)};
        layer.weight = std::make_shared<const Tensor>(Tensor{{c, c, k, k}, weights(c, c * k * k)});
        layer.bias = biases(c);
        branch = add("Conv", std::move(layer), source.shape, {in});
    }
    branch = activation(branch);
    features_.insert("residual");
    return add("Add", Sum{{1, options_.rising_only || random_.coin() ? 1 : -1}}, source.shape, {branch, in});
}

Activation random_activation(Random& random, const GraphOptions& options, std::int64_t channels) {
    using enum ActivationFunction;
    for (;;) {
        Activation a;
        // Relu as often as all others together: it is what networks are made of.
        if (options.rising_only || random.unit() < 0.35) {
            return a;
        }
        const auto& table = activation_table();
        a.function = table[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(table.size()) - 1))].function;
        switch (a.function) {
            case clip: {
                const double one = random.uniform(-1.5, 1.5);
                const double other = random.uniform(-1.5, 1.5);
                if (random.unit() < 0.85) a.lower = random.coin() ? 0 : std::min(one, other);
                if (random.unit() < 0.85) a.upper = std::max(one, other);
                if (a.lower > a.upper) std::swap(a.lower, a.upper);
                if (random.unit() < 0.03) a.lower = a.upper = one;
                break;
            }
            case leaky_relu:
                a.alpha = random.unit() < 0.5 ? 0.1 : random.uniform(-1.5, 1.5);
                break;
            case prelu:
                a.slopes = random.vector(random.coin() ? 1 : static_cast<std::size_t>(channels), -1.2, 1.2);
                break;
            case hard_sigmoid:
                a.alpha = random.unit() < 0.6 ? 0.2 : random.uniform(-1, 1);
                a.beta = random.unit() < 0.6 ? 0.5 : random.uniform(-0.5, 1.5);
                break;
            case elu:
                a.alpha = random.coin() ? 1.0 : random.uniform(0, 2);
                break;
            case selu:
                a.alpha = random.coin() ? 1.67326319217681884765625 : random.uniform(0, 2);
                a.beta = random.coin() ? 1.05070102214813232421875 : random.uniform(0, 2);
                break;
            default:
                break;
        }
        const bool rational = a.function == relu || a.function == clip || a.function == leaky_relu || a.function == prelu ||
                              a.function == hard_sigmoid || a.function == hard_swish;
        bool contracts = true;
        bool capped = false;
        bool unit_gain = true;
        for (std::int64_t channel = 0; channel < channels; ++channel) {
            const ActivationFacts facts = activation_row(a.function).facts(a, activation_slope(a, channel));
            contracts = contracts && facts.contracts;
            unit_gain = unit_gain && facts.lipschitz == 1 && facts.growth == 1;
            capped = capped || std::isfinite(facts.cap) || std::isfinite(facts.spread);
        }
        if ((rational || !options.rational_only) && (contracts || !options.contracting_only) && (!capped || options.caps) &&
            (unit_gain || !options.unit_gain_only)) {
            return a;
        }
    }
}

}  // namespace qbound::test
