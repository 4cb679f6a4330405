// SPDX-License-Identifier: Apache-2.0
#include "support/random_nodes.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace qbound::test {

namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

/// Taps of output o that lie in [first, last), counted one by one.
std::int64_t count_taps(const Axis& axis, std::int64_t o, std::int64_t first, std::int64_t last) {
    std::int64_t count = 0;
    for (std::int64_t t = 0; t < axis.kernel; ++t) {
        const std::int64_t i = o * axis.stride - axis.pad_begin + t * axis.dilation;
        count += i >= first && i < last ? 1 : 0;
    }
    return count;
}

Shape input_shape(Random& random) {
    switch (random.integer(0, 3)) {
        case 0:
            return {random.integer(1, 9)};
        case 1:
            return {random.integer(1, 3), random.integer(2, 9)};
        default:
            return {random.integer(1, 3), random.integer(1, 6), random.integer(2, 6)};
    }
}

}  // namespace

GraphGrower::GraphGrower(Random& random, const GraphOptions& options) : random_(random), options_(options) {
    const double u = random_.unit();
    style_ = options.extreme_weights && u < 0.12 ? Style::extreme : u < 0.3 ? Style::integers : Style::ordinary;
    if (style_ == Style::extreme) {
        features_.insert("extreme weights");
    }
    Shape shape = input_shape(random_);
    add("Input", Input{}, std::move(shape), {});
}

NodeId GraphGrower::add(std::string op, NodeKind kind, Shape shape, std::vector<NodeId> inputs) {
    const auto id = static_cast<NodeId>(nodes_.size());
    const Dims dims = dims_of(shape);
    nodes_.push_back({op + "_" + std::to_string(named_++), op, std::move(kind), std::move(inputs), std::move(shape), dims});
    return id;
}

double GraphGrower::number(double scale) {
    const double value = style_ == Style::integers ? static_cast<double>(random_.integer(-3, 3)) : random_.uniform(-scale, scale);
    return options_.rising_only ? std::abs(value) : value;
}

std::vector<double> GraphGrower::weights(std::int64_t rows, std::int64_t columns) {
    std::vector<double> result;
    const double scale = 1.5 / std::sqrt(static_cast<double>(columns));
    const double factor = style_ == Style::extreme ? std::ldexp(1.0, static_cast<int>(random_.integer(-99, 99))) : 1.0;
    const bool one_sign = chance(0.1);
    const bool wide_rows = style_ == Style::extreme && chance(0.3);
    for (std::int64_t i = 0; i < rows; ++i) {
        const bool dead = chance(0.06);
        const bool cancels = options_.extreme_weights && columns >= 3 && chance(0.02);
        const double row_factor = wide_rows ? std::ldexp(factor, static_cast<int>(random_.integer(-30, 30))) : factor;
        for (std::int64_t j = 0; j < columns; ++j) {
            const double w = number(scale) * row_factor;
            result.push_back(dead ? 0 : one_sign ? std::abs(w) : w);
        }
        if (cancels && !dead) {
            // 1e16 + 1 − 1e16 where the inputs agree.
            double* row = result.data() + result.size() - columns;
            row[0] = 1e16 * factor;
            row[1] = factor;
            row[2] = -1e16 * factor;
            features_.insert("cancelling row");
        }
        if (dead) {
            features_.insert("dead channel");
        }
    }
    return result;
}

std::vector<double> GraphGrower::biases(std::int64_t rows) {
    std::vector<double> result;
    if (options_.biases && chance(0.7)) {
        for (std::int64_t i = 0; i < rows; ++i) {
            result.push_back(chance(0.15) ? 0 : number(1.0));
        }
    }
    return result;
}

NodeId GraphGrower::source() {
    // Mostly the last node; earlier ones make branches.
    const auto last = static_cast<NodeId>(nodes_.size()) - 1;
    return options_.branches && chance(0.25) ? static_cast<NodeId>(random_.integer(0, last)) : last;
}

void GraphGrower::step() {
    const NodeId in = source();
    const bool small = node(in).dims.size() * 2 <= options_.max_entries;
    const bool spatial = node(in).shape.size() > 1;
    const double u = random_.unit();
    if (u < 0.28) {
        spatial&& chance(0.85) ? convolution(in) : dense(in);
    } else if (u < 0.54) {
        activation(in);
    } else if (u < 0.60 && !options_.contracting_only) {
        diagonal(in);
    } else if (u < 0.66 && spatial && !options_.rising_only) {
        max_pool(in);
    } else if (u < 0.72 && spatial) {
        average_pool(in);
    } else if (u < 0.77) {
        view(in);
    } else if (u < 0.82 && small) {
        pad(in);
    } else if (u < 0.86) {
        rearrange(in);
    } else if (options_.branches && u < 0.88) {
        sum(in);
    } else if (options_.branches && options_.products && !options_.contracting_only && !options_.rising_only && u < 0.93) {
        chance(0.5) && spatial ? gate(in) : product(in);
    } else if (options_.branches && u < 0.96 && small) {
        concat(in);
    } else if (options_.branches && small) {
        residual(in);
    } else {
        activation(in);
    }
}

std::vector<Node> GraphGrower::grow(int steps) {
    const auto is_weight_layer = [](const Node& n) { return std::holds_alternative<WeightLayer>(n.kind); };
    while (static_cast<int>(nodes_.size()) <= steps) {
        step();
    }
    auto needed = only_needed(nodes_, static_cast<NodeId>(nodes_.size()) - 1);
    while (std::none_of(needed.begin(), needed.end(), is_weight_layer)) {
        nodes_ = needed;
        dense(static_cast<NodeId>(nodes_.size()) - 1);
        needed = nodes_;
    }
    return needed;
}

NodeId GraphGrower::dense(NodeId in) {
    if (node(in).shape.size() != 1) {
        in = add("Flatten", View{}, {node(in).dims.size()}, {in});
    }
    const std::int64_t columns = node(in).dims.size();
    const std::int64_t rows = random_.integer(1, 6);
    WeightLayer layer;
    layer.weight = std::make_shared<const Tensor>(Tensor{{rows, columns, 1, 1}, weights(rows, columns)});
    layer.bias = biases(rows);
    layer.dense = true;
    return add("Gemm", std::move(layer), {rows}, {in});
}

Axis GraphGrower::random_axis(std::int64_t in, bool pool, bool allow_padding) {
    for (int attempt = 0; attempt < 60; ++attempt) {
        Axis axis{.in = in, .out = 1, .kernel = random_.integer(1, 3)};
        axis.stride = chance(0.6) ? 1 : random_.integer(2, 3);
        axis.dilation = chance(0.7) ? 1 : random_.integer(2, 3);
        if (allow_padding && chance(0.6)) {
            axis.pad_begin = random_.integer(0, 3);
            axis.pad_end = chance(0.5) ? axis.pad_begin : random_.integer(0, 3);
        }
        const bool ceil_mode = pool && chance(0.4);
        const std::int64_t room = in + axis.pad_begin + axis.pad_end - (axis.kernel - 1) * axis.dilation - 1;
        if (room < 0) {
            continue;
        }
        axis.out = room / axis.stride + 1;
        if (ceil_mode) {
            const std::int64_t rounded_up = ceil_div(room, axis.stride) + 1;
            axis.out = std::min(rounded_up, ceil_div(in + axis.pad_begin, axis.stride));
        }
        bool real = axis.out >= 1;
        for (std::int64_t o = 0; pool && real && o < axis.out; ++o) {
            real = count_taps(axis, o, 0, in) > 0;
        }
        if (!real) {
            continue;
        }
        if (pool && (axis.out - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 > in + axis.pad_begin + axis.pad_end) {
            features_.insert("ceil_mode beyond padding");
        }
        if (axis.dilation > 1 && axis.kernel > 1) {
            features_.insert(pool ? "dilated pool" : "dilated convolution");
        }
        if (axis.pad_begin != axis.pad_end) {
            features_.insert("asymmetric padding");
        }
        if (!pool && axis.stride > 1) {
            features_.insert("strided convolution");
        }
        return axis;
    }
    return Axis{.in = in, .out = in};
}

Axes GraphGrower::random_axes(const Node& in, bool pool, bool allow_padding) {
    const std::int64_t height = in.dims.height;
    const std::int64_t width = in.dims.width;
    if (in.shape.size() == 2) {
        features_.insert(pool ? "1-D pool" : "1-D convolution");
        return {Axis{.in = 1, .out = 1}, random_axis(width, pool, allow_padding)};
    }
    return {random_axis(height, pool, allow_padding), random_axis(width, pool, allow_padding)};
}

Shape GraphGrower::window_shape(const Node& in, std::int64_t channels, const Axes& axes) {
    return in.shape.size() == 2 ? Shape{channels, axes[1].out} : Shape{channels, axes[0].out, axes[1].out};
}

NodeId GraphGrower::convolution(NodeId in) {
    const Node source = node(in);
    const std::int64_t c = source.dims.channels;
    std::vector<std::int64_t> divisors;
    for (std::int64_t g = 1; g <= c; ++g) {
        if (c % g == 0) {
            divisors.push_back(g);
        }
    }
    WeightLayer layer;
    layer.groups = chance(0.6) ? 1 : pick(divisors);
    layer.axes = random_axes(source, false, true);
    const std::int64_t positions = layer.axes[0].out * layer.axes[1].out;
    const std::int64_t widest = std::max<std::int64_t>(1, options_.max_entries / (positions * layer.groups));
    const std::int64_t m = layer.groups * random_.integer(1, std::min<std::int64_t>(widest, layer.groups == 1 ? 4 : 2));
    const Shape shape{m, c / layer.groups, layer.axes[0].kernel, layer.axes[1].kernel};
    layer.weight = std::make_shared<const Tensor>(Tensor{shape, weights(m, shape[1] * shape[2] * shape[3])});
    layer.bias = biases(m);
    if (layer.groups > 1) {
        features_.insert(layer.groups == c ? "depthwise convolution" : "grouped convolution");
    }
    const Shape out = window_shape(source, m, layer.axes);
    return add("Conv", std::move(layer), out, {in});
}

NodeId GraphGrower::activation(NodeId in) {
    Activation activation = random_activation(random_, options_, node(in).dims.channels);
    const std::string op(activation_row(activation.function).op);
    features_.insert(activation.function == ActivationFunction::gelu_tanh ? "Gelu (tanh)" : op);
    const ActivationFacts facts = activation_row(activation.function).facts(activation, activation_slope(activation, 0));
    if (!facts.fixes_zero) {
        features_.insert("activation not 0 at 0");
    }
    return add(op, std::move(activation), node(in).shape, {in});
}

NodeId GraphGrower::diagonal(NodeId in) {
    Diagonal diagonal;
    for (std::int64_t i = 0; i < node(in).dims.channels; ++i) {
        diagonal.scale.push_back(chance(0.1) ? 0 : number(2.0));
        diagonal.shift.push_back(chance(0.2) ? 0 : number(1.0));
    }
    if (std::any_of(diagonal.scale.begin(), diagonal.scale.end(), [](double s) { return s < 0; })) {
        features_.insert("negative scale");
    }
    return add("Scale", std::move(diagonal), node(in).shape, {in});
}

NodeId GraphGrower::max_pool(NodeId in) {
    const Axes axes = random_axes(node(in), true, true);
    return add("MaxPool", MaxPool{axes}, window_shape(node(in), node(in).dims.channels, axes), {in});
}

NodeId GraphGrower::average_pool(NodeId in) {
    const Node source = node(in);
    AveragePool pool;
    if (chance(0.2)) {
        pool.axes = {Axis{.in = source.dims.height, .out = 1, .kernel = source.dims.height},
                     Axis{.in = source.dims.width, .out = 1, .kernel = source.dims.width}};
        features_.insert("global average pool");
    } else {
        pool.axes = random_axes(source, true, true);
    }
    const bool count_padding = chance(0.5) && !options_.unit_gain_only;
    for (std::size_t k = 0; k < 2; ++k) {
        const Axis& axis = pool.axes[k];
        for (std::int64_t o = 0; o < axis.out; ++o) {
            const std::int64_t first = count_padding ? -axis.pad_begin : 0;
            const std::int64_t last = count_padding ? axis.in + axis.pad_end : axis.in;
            pool.divisors[k].push_back(count_taps(axis, o, first, last));
            if (count_padding && pool.divisors[k].back() < axis.kernel) {
                features_.insert("counted padding with a window beyond it");
            }
        }
    }
    const Shape shape = window_shape(source, source.dims.channels, pool.axes);
    return add("AveragePool", std::move(pool), shape, {in});
}

std::vector<Node> only_needed(const std::vector<Node>& nodes, NodeId output) {
    std::vector<bool> needed(nodes.size());
    needed[static_cast<std::size_t>(output)] = true;
    needed[0] = true;
    for (auto i = static_cast<std::size_t>(output); i > 0; --i) {
        for (const NodeId input : nodes[i].inputs) {
            needed[static_cast<std::size_t>(input)] = needed[static_cast<std::size_t>(input)] || needed[i];
        }
    }
    std::vector<NodeId> renumbered(nodes.size());
    std::vector<Node> result;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(output); ++i) {
        if (needed[i]) {
            renumbered[i] = static_cast<NodeId>(result.size());
            result.push_back(nodes[i]);
            for (NodeId& input : result.back().inputs) {
                input = renumbered[static_cast<std::size_t>(input)];
            }
        }
    }
    return result;
}

}  // namespace qbound::test
