// SPDX-License-Identifier: Apache-2.0
#include "bounds/norm_recursion.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qbound::internal {
namespace {

Upper whole(std::int64_t n) {
    return Upper::exactly(static_cast<double>(n));
}

Upper square(Upper a) {
    return a * a;
}

/// √n·a, for a bound a of each of n entries.
Upper spread_over(Upper a, std::int64_t entries) {
    return sqrt_up(whole(entries)) * a;
}

/// |x − x'| ≤ |x| + |x'| in any norm.
NodeNorms with_triangle(NodeNorms n) {
    n.d = min(n.d, n.x + n.y);
    return n;
}

/// For nodes whose norms are the caller's to compute: whoever asks here all the same loses the bound, and never gets a small one.
NodeNorms lost() {
    return {Upper::infinity(), Upper::infinity(), Upper::infinity()};
}

template <class F>
NodeNorms combine(const std::vector<const NodeNorms*>& inputs, F fold) {
    NodeNorms result;
    for (const NodeNorms* in : inputs) {
        result = {fold(result.x, in->x), fold(result.y, in->y), fold(result.d, in->d)};
    }
    return result;
}

Upper add(Upper a, Upper b) {
    return a + b;
}

/// Worst facts over the channels (only PRelu has more than one slope).
struct WorstFacts {
    Upper lipschitz;
    Upper growth;
    Upper at_zero;
    Upper cap;
    Upper spread;
    Upper clip_distance;
};

WorstFacts worst_facts(const Activation& activation) {
    WorstFacts worst;
    const auto count = std::max<std::size_t>(activation.slopes.size(), 1);
    for (std::size_t channel = 0; channel < count; ++channel) {
        const ActivationFacts f =
            activation_row(activation.function).facts(activation, activation_slope(activation, static_cast<std::int64_t>(channel)));
        worst.lipschitz = max(worst.lipschitz, Upper::exactly(f.lipschitz));
        worst.growth = max(worst.growth, Upper::exactly(f.growth));
        worst.at_zero = max(worst.at_zero, max(Upper::magnitude(f.at_zero.lower), Upper::magnitude(f.at_zero.upper)));
        worst.cap = max(worst.cap, Upper::exactly(f.cap));
        worst.spread = max(worst.spread, Upper::exactly(f.spread));
        worst.clip_distance = max(worst.clip_distance, Upper::exactly(f.clip_distance));
    }
    return worst;
}

NodeNorms activation_inf(const Activation& activation, const NodeNorms& in) {
    const WorstFacts f = worst_facts(activation);
    const auto value = [&](Upper a) { return min(min(f.growth * a + f.at_zero, max(a, f.clip_distance)), f.cap); };
    return {value(in.x), value(in.y), min(f.lipschitz * in.d, f.spread)};
}

NodeNorms activation_two(const Activation& activation, const NodeNorms& in, std::int64_t size) {
    const WorstFacts f = worst_facts(activation);
    const auto value = [&](Upper a) {
        const Upper grown = f.growth * a + spread_over(f.at_zero, size);
        const Upper clipped = sqrt_up(square(a) + square(f.clip_distance) * whole(size));
        return min(min(grown, clipped), spread_over(f.cap, size));
    };
    return {value(in.x), value(in.y), min(f.lipschitz * in.d, spread_over(f.spread, size))};
}

/// Largest number of windows along one axis that contain one entry: at most min(⌈k·gcd(d,s)/s⌉, outputs) (G3).
std::int64_t windows_per_entry(const Axis& axis) {
    const std::int64_t g = std::gcd(axis.dilation, axis.stride);
    const std::int64_t step = axis.stride / g;
    return std::min((axis.kernel + step - 1) / step, axis.out);
}

/// Largest row sum and largest column sum of an average pool along one axis, as Upper (G3).
struct AxisSums {
    Upper row;
    Upper column;
};

AxisSums average_sums(const Axis& axis, const std::vector<std::int64_t>& divisors) {
    AxisSums sums;
    std::vector<Upper> columns(static_cast<std::size_t>(axis.in));
    for (std::int64_t o = 0; o < axis.out; ++o) {
        const auto divisor = static_cast<double>(divisors[static_cast<std::size_t>(o)]);
        const Upper share = divide_up(Upper::exactly(1.0), divisor);
        std::int64_t real = 0;
        for (std::int64_t t = 0; t < axis.kernel; ++t) {
            const std::int64_t i = axis.source(o, t);
            if (i >= 0 && i < axis.in) {
                ++real;
                columns[static_cast<std::size_t>(i)] += share;
            }
        }
        sums.row = max(sums.row, divide_up(whole(real), divisor));
    }
    for (const Upper column : columns) {
        sums.column = max(sums.column, column);
    }
    return sums;
}

/// How often a Select reads its most used entry, and how many outputs are the constant.
struct Multiplicity {
    std::int64_t largest = 0;
    std::int64_t constants = 0;
};

Multiplicity multiplicity(const Select& select, const Dims& in, const Dims& out) {
    const auto largest_count = [](const auto& map, std::int64_t extent, std::int64_t& real) {
        std::vector<std::int64_t> count(static_cast<std::size_t>(extent));
        for (const auto source : map) {
            if (source >= 0) {
                ++count[static_cast<std::size_t>(source)];
                ++real;
            }
        }
        return count.empty() ? std::int64_t{0} : *std::max_element(count.begin(), count.end());
    };
    std::int64_t real = 1;
    Multiplicity result{1, 0};
    if (select.separable()) {
        const std::array<std::int64_t, 3> extents = {in.channels, in.height, in.width};
        for (std::size_t axis = 0; axis < 3; ++axis) {
            std::int64_t axis_real = 0;
            result.largest *= largest_count(select.maps[axis], extents[axis], axis_real);
            real *= axis_real;
        }
    } else {
        real = 0;
        result.largest = largest_count(select.entries, in.size(), real);
    }
    result.constants = out.size() - real;
    return result;
}

NodeNorms select_norms(const Select& select, const Dims& in_dims, const Dims& out_dims, const NodeNorms& in, bool two) {
    const Multiplicity m = multiplicity(select, in_dims, out_dims);
    const Upper constant = Upper::magnitude(select.constant);
    if (!two) {
        const auto value = [&](Upper a) { return m.constants > 0 ? max(a, constant) : a; };
        return {value(in.x), value(in.y), in.d};
    }
    const Upper gain = sqrt_up(whole(m.largest));
    const auto value = [&](Upper a) {
        return m.constants > 0 ? sqrt_up(square(gain * a) + square(constant) * whole(m.constants)) : gain * a;
    };
    return {value(in.x), value(in.y), gain * in.d};
}

/// The smaller telescoping: min(w·E + δ·A', w'·E + δ·A).
Upper telescope(Upper w, Upper w_quantized, Upper delta, const NodeNorms& in) {
    return min(w * in.d + delta * in.y, w_quantized * in.d + delta * in.x);
}

double entry(const std::vector<double>& bias, std::size_t i) {
    return bias.empty() ? 0.0 : bias[i];
}

/// Norms of each row of a layer's output, from norms of the rows of W, W' and W − W' and the matching norm of its input.
std::vector<NodeNorms> rows_of(const WeightLayer& layer, const std::vector<double>& rows, const std::vector<double>& rows_quantized,
                               const std::vector<double>& rows_delta, const std::vector<double>& quantized_bias,
                               const NodeNorms& in) {
    std::vector<NodeNorms> out(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double b = entry(layer.bias, i);
        const double b_quantized = entry(quantized_bias, i);
        const Upper w = Upper::exactly(rows[i]);
        const Upper w_quantized = Upper::exactly(rows_quantized[i]);
        out[i] = with_triangle({w * in.x + Upper::magnitude(b), w_quantized * in.y + Upper::magnitude(b_quantized),
                                telescope(w, w_quantized, Upper::exactly(rows_delta[i]), in) + bias_delta_up(b, b_quantized)});
    }
    return out;
}

}  // namespace

Upper bias_delta_up(double b, double b_quantized) noexcept {
    return Upper::magnitude(b - b_quantized) * Upper::exactly(1 + 0x1p-52);
}

NodeNorms propagate_inf(const Network& network, const Node& node, const std::vector<const NodeNorms*>& inputs) {
    const NodeNorms& in = *inputs.front();
    const auto pass = [&](const auto&) { return in; };
    return with_triangle(std::visit(
        overloaded{
            [&](const Input&) { return lost(); },
            [&](const WeightLayer&) { return lost(); },
            [&](const Diagonal& diagonal) {
                NodeNorms out;
                for (std::size_t i = 0; i < diagonal.scale.size(); ++i) {
                    const Upper scale = Upper::magnitude(diagonal.scale[i]);
                    const Upper shift = Upper::magnitude(diagonal.shift[i]);
                    out = {max(out.x, scale * in.x + shift), max(out.y, scale * in.y + shift), max(out.d, scale * in.d)};
                }
                return out;
            },
            [&](const Activation& activation) { return activation_inf(activation, in); },
            [&](const Sum&) { return combine(inputs, add); },
            [&](const Product&) {
                return product_norms({*inputs[0], lost()}, {*inputs[1], lost()}).inf;
            },
            [&](const Concat&) { return combine(inputs, [](Upper a, Upper b) { return max(a, b); }); },
            [&](const MaxPool& pool) { return pass(pool); },
            [&](const AveragePool& pool) {
                const Upper gain =
                    average_sums(pool.axes[0], pool.divisors[0]).row * average_sums(pool.axes[1], pool.divisors[1]).row;
                return NodeNorms{gain * in.x, gain * in.y, gain * in.d};
            },
            [&](const Select& select) { return select_norms(select, network.node(node.inputs[0]).dims, node.dims, in, false); },
            [&](const View& view) { return pass(view); },
        },
        node.kind));
}

NodeNorms propagate_two(const Network& network, const Node& node, const std::vector<const NodeNorms*>& inputs) {
    const NodeNorms& in = *inputs.front();
    return with_triangle(std::visit(
        overloaded{
            [&](const Input&) { return lost(); },
            [&](const WeightLayer&) { return lost(); },
            [&](const Diagonal& diagonal) {
                const Upper scale = Upper::magnitude(max_abs(diagonal.scale));
                const Upper shift = spread_over(norm2_up(diagonal.shift), node.dims.positions());
                return NodeNorms{scale * in.x + shift, scale * in.y + shift, scale * in.d};
            },
            [&](const Activation& activation) { return activation_two(activation, in, node.dims.size()); },
            [&](const Sum&) { return combine(inputs, add); },
            [&](const Product&) { return lost(); },
            [&](const Concat&) {
                const NodeNorms squares = combine(inputs, [](Upper a, Upper b) { return a + square(b); });
                return NodeNorms{sqrt_up(squares.x), sqrt_up(squares.y), sqrt_up(squares.d)};
            },
            [&](const MaxPool& pool) {
                const Upper gain = sqrt_up(whole(windows_per_entry(pool.axes[0])) * whole(windows_per_entry(pool.axes[1])));
                return NodeNorms{gain * in.x, gain * in.y, gain * in.d};
            },
            [&](const AveragePool& pool) {
                const AxisSums rows = average_sums(pool.axes[0], pool.divisors[0]);
                const AxisSums columns = average_sums(pool.axes[1], pool.divisors[1]);
                const Upper gain = sqrt_up(rows.row * columns.row * (rows.column * columns.column));
                return NodeNorms{gain * in.x, gain * in.y, gain * in.d};
            },
            [&](const Select& select) { return select_norms(select, network.node(node.inputs[0]).dims, node.dims, in, true); },
            [&](const View&) { return in; },
        },
        node.kind));
}

NormPair product_norms(const NormPair& u, const NormPair& v) {
    // ‖u ⊙ w‖_2 ≤ ‖u‖_2 ‖w‖_∞ and ‖u‖_∞ ‖w‖_2.
    const auto two = [](Upper u_inf, Upper u_two, Upper w_inf, Upper w_two) { return min(u_two * w_inf, u_inf * w_two); };
    const NodeNorms inf{u.inf.x * v.inf.x, u.inf.y * v.inf.y,
                        min(u.inf.x * v.inf.d + u.inf.d * v.inf.y, u.inf.y * v.inf.d + u.inf.d * v.inf.x)};
    const Upper first = two(u.inf.x, u.two.x, v.inf.d, v.two.d) + two(u.inf.d, u.two.d, v.inf.y, v.two.y);
    const Upper second = two(u.inf.y, u.two.y, v.inf.d, v.two.d) + two(u.inf.d, u.two.d, v.inf.x, v.two.x);
    const NodeNorms euclidean{two(u.inf.x, u.two.x, v.inf.x, v.two.x), two(u.inf.y, u.two.y, v.inf.y, v.two.y), min(first, second)};
    return {with_triangle(inf), with_triangle(euclidean)};
}

NodeNorms smaller(const NodeNorms& a, const NodeNorms& b) {
    return {min(a.x, b.x), min(a.y, b.y), min(a.d, b.d)};
}

NodeNorms largest(const std::vector<NodeNorms>& rows) {
    NodeNorms out;
    for (const NodeNorms& row : rows) {
        out = {max(out.x, row.x), max(out.y, row.y), max(out.d, row.d)};
    }
    return out;
}

std::vector<NodeNorms> layer_rows_inf(const WeightLayer& layer, const LayerNorms& norms, const std::vector<double>& quantized_bias,
                                      const NodeNorms& in) {
    return rows_of(layer, norms.rows, norms.rows_quantized, norms.rows_delta, quantized_bias, in);
}

std::vector<NodeNorms> layer_rows_two(const WeightLayer& layer, const LayerSpectralNorms& norms,
                                      const std::vector<double>& quantized_bias, const NodeNorms& in) {
    return rows_of(layer, norms.rows, norms.rows_quantized, norms.rows_delta, quantized_bias, in);
}

NodeNorms layer_two(const Node& node, const WeightLayer& layer, const LayerSpectralNorms& norms,
                    const std::vector<double>& quantized_bias, const NodeNorms& in) {
    Upper bias_squares;
    for (std::size_t i = 0; i < layer.bias.size(); ++i) {
        bias_squares += square(bias_delta_up(layer.bias[i], quantized_bias[i]));
    }
    const std::int64_t positions = node.dims.positions();
    return with_triangle(
        {norms.two * in.x + spread_over(norm2_up(layer.bias), positions),
         norms.two_quantized * in.y + spread_over(norm2_up(quantized_bias), positions),
         telescope(norms.two, norms.two_quantized, norms.two_delta, in) + spread_over(sqrt_up(bias_squares), positions)});
}

NormPair input_norms(const Network& network) {
    const Box& box = network.box();
    const Dims& dims = network.node(network.input()).dims;
    std::vector<double> magnitudes;
    for (std::size_t i = 0; i < box.lower.size(); ++i) {
        magnitudes.push_back(std::max(std::fabs(box.lower[i]), std::fabs(box.upper[i])));
    }
    const std::int64_t repeat = dims.size() / static_cast<std::int64_t>(box.lower.size());
    const Upper inf = Upper::exactly(max_abs(magnitudes));
    const Upper two = spread_over(norm2_up(magnitudes), repeat);
    return {{inf, inf, Upper()}, {two, two, Upper()}};
}

Upper inf_gain(const Node& node) {
    const Upper one = Upper::exactly(1.0);
    return std::visit(overloaded{
                          [&](const Input&) { return one; },
                          [&](const WeightLayer&) { return Upper::infinity(); },
                          [&](const Diagonal& diagonal) { return Upper::magnitude(max_abs(diagonal.scale)); },
                          [&](const Activation& activation) { return worst_facts(activation).lipschitz; },
                          [&](const Sum&) { return one; },
                          [&](const Product&) { return Upper::infinity(); },
                          [&](const Concat&) { return one; },
                          [&](const MaxPool&) { return one; },
                          [&](const AveragePool& pool) {
                              return average_sums(pool.axes[0], pool.divisors[0]).row *
                                     average_sums(pool.axes[1], pool.divisors[1]).row;
                          },
                          [&](const Select&) { return one; },
                          [&](const View&) { return one; },
                      },
                      node.kind);
}

}  // namespace qbound::internal
