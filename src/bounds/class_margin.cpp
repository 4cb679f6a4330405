// SPDX-License-Identifier: Apache-2.0
#include "qbound/class_margin.hpp"

#include "bounds/differential.hpp"
#include "bounds/interval_entry.hpp"

#include <optional>

namespace qbound {

namespace {

using internal::DifferentialIntervals;
using internal::Entry;

Interval add(Interval s, Interval t) {
    return {next_down(s.lower + t.lower), next_up(s.upper + t.upper)};
}

/// Enclosures of the margins z_c − z_j in θ, in θ', and of their difference.
using Margins = Entry;

/// Folds the classes' margins into the verdict, the least margin left after the error deciding.
class Verdict {
  public:
    void include(const Margins& m) {
        const double left = std::max(m.y.lower, next_down(m.x.lower - m.d.upper));
        unchanged_ = unchanged_ && m.x.lower > 0 && left > 0;
        if (!(left >= least_left_)) {
            least_left_ = left;
            error_ = m.d.upper;
        }
        margin_ = std::min(margin_, m.x.lower);
    }
    [[nodiscard]] ClassMargin result() const { return {margin_, Upper::exactly(std::max(error_, 0.0)), unchanged_}; }

  private:
    double margin_ = internal::kInfinity;
    double least_left_ = internal::kInfinity;
    double error_ = internal::kInfinity;
    bool unchanged_ = true;
};

Margins from_outputs(const OutputIntervals& z, std::size_t c, std::size_t j) {
    const auto minus = [&](std::span<const double> lower, std::span<const double> upper) {
        return internal::subtract({lower[c], upper[c]}, {lower[j], upper[j]});
    };
    return {minus(z.lower, z.upper), minus(z.quantized_lower, z.quantized_upper), minus(z.difference_lower, z.difference_upper)};
}

/// fl(a − b) with its rounding.
Interval difference(double a, double b) {
    const double d = a - b;
    return a == b ? Interval{0, 0} : Interval{next_down(d), next_up(d)};
}

/// A dense layer's margin Σ_k (W_ck − W_jk)·u_k + b_c − b_j in both networks, and the difference of the two as
/// Σ_k (W_c − W_j)_k·(u − u')_k + ((W − W')_c − (W − W')_j)_k·u'_k and with the networks exchanged.
Margins from_layer(const WeightLayer& layer, const QuantizedLayer& quantized, const DifferentialIntervals& in, std::size_t c,
                   std::size_t j) {
    const std::vector<double>& w = layer.weight->data;
    const std::vector<double>& q = quantized.weight->data;
    const auto n = static_cast<std::size_t>(layer.fan_in());
    const auto bias = [&](const std::vector<double>& b) { return b.empty() ? Interval{0, 0} : difference(b[c], b[j]); };
    Margins sum{bias(layer.bias), bias(quantized.bias), {}};
    sum.d = internal::subtract(sum.x, sum.y);
    Interval other = sum.d;
    for (std::size_t k = 0; k < n; ++k) {
        const Entry u = internal::read(in, k);
        const Interval row = difference(w[c * n + k], w[j * n + k]);
        const Interval quantized_row = difference(q[c * n + k], q[j * n + k]);
        const Interval delta = internal::subtract(difference(w[c * n + k], q[c * n + k]), difference(w[j * n + k], q[j * n + k]));
        sum.x = add(sum.x, internal::multiply(row, u.x));
        sum.y = add(sum.y, internal::multiply(quantized_row, u.y));
        sum.d = add(sum.d, add(internal::multiply(row, u.d), internal::multiply(delta, u.y)));
        other = add(other, add(internal::multiply(quantized_row, u.d), internal::multiply(delta, u.x)));
    }
    sum.d = internal::intersect(internal::intersect(sum.d, other), internal::subtract(sum.x, sum.y));
    return sum;
}

Margins intersect(const Margins& a, const Margins& b) {
    return {internal::intersect(a.x, b.x), internal::intersect(a.y, b.y), internal::intersect(a.d, b.d)};
}

/// The last node that computes: views only rename its entries.
NodeId last_computed(const Network& network) {
    NodeId id = network.output();
    while (std::holds_alternative<View>(network.node(id).kind)) {
        id = network.node(id).inputs.front();
    }
    return id;
}

/// A copy with one value per entry, which is all that outputs and a dense layer's inputs have.
std::vector<double> per_entry(const DifferentialIntervals& values, internal::Component component) {
    const Dims& dims = values.dims;
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(dims.size()));
    for (std::int64_t channel = 0; channel < dims.channels; ++channel) {
        for (const std::int32_t row : values.grid.rows.of) {
            for (const std::int32_t column : values.grid.columns.of) {
                all.push_back(values.values[component][static_cast<std::size_t>(channel * values.plane() +
                                                                                row * values.grid.columns.size() + column)]);
            }
        }
    }
    return all;
}

}  // namespace

ClassMargin class_margin(const OutputIntervals& outputs, std::int64_t top) {
    Verdict verdict;
    const auto c = static_cast<std::size_t>(top);
    for (std::size_t j = 0; j < outputs.lower.size(); ++j) {
        if (j != c) {
            verdict.include(from_outputs(outputs, c, j));
        }
    }
    return verdict.result();
}

ClassMargin class_margin(const Network& network, const WeightPair& pair, std::int64_t top, int threads) {
    const NodeId last = last_computed(network);
    const Node& node = network.node(last);
    const auto* layer = std::get_if<WeightLayer>(&node.kind);
    const bool by_rows = layer != nullptr && layer->dense && node.dims.positions() == 1;
    DifferentialIntervals in;
    const DifferentialIntervals out =
        internal::propagate_intervals(network, pair, threads, [&](NodeId id, DifferentialIntervals& values) {
            if (by_rows && id == node.inputs.front()) {
                in = values;
            }
        });
    std::array<std::vector<double>, internal::kComponents> z;
    for (std::size_t component = 0; component < z.size(); ++component) {
        z[component] = per_entry(out, static_cast<internal::Component>(component));
    }
    const OutputIntervals outputs{z[internal::x_lower], z[internal::x_upper], z[internal::y_lower],
                                  z[internal::y_upper], z[internal::d_lower], z[internal::d_upper]};
    if (!by_rows) {
        return class_margin(outputs, top);
    }
    // The last weight layer in topological order: every other one feeds it.
    const QuantizedLayer quantized = pair.quantized(pair.size() - 1);
    Verdict verdict;
    const auto c = static_cast<std::size_t>(top);
    for (std::size_t j = 0; j < outputs.lower.size(); ++j) {
        if (j != c) {
            verdict.include(intersect(from_layer(*layer, quantized, in, c, j), from_outputs(outputs, c, j)));
        }
    }
    return verdict.result();
}

}  // namespace qbound
