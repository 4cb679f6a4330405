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
        changed_ = changed_ || m.x.upper <= 0 || m.y.upper <= 0;
        if (!(left >= least_left_)) {
            least_left_ = left;
            error_ = m.d.upper;
        }
        margin_ = std::min(margin_, m.x.lower);
    }
    [[nodiscard]] ClassMargin result() const { return {margin_, Upper::exactly(std::max(error_, 0.0)), unchanged_, changed_}; }

  private:
    double margin_ = internal::kInfinity;
    double least_left_ = internal::kInfinity;
    double error_ = internal::kInfinity;
    bool unchanged_ = true;
    bool changed_ = false;
};

using Intervals = std::span<const Interval>;

Margins from_outputs(Intervals theta, Intervals quantized, Intervals difference, std::size_t c, std::size_t j) {
    using internal::subtract;
    return {subtract(theta[c], theta[j]), subtract(quantized[c], quantized[j]), subtract(difference[c], difference[j])};
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

/// One interval per entry of a node: x, x' or their difference.
std::vector<Interval> per_entry(const DifferentialIntervals& values, internal::Component lower, internal::Component upper) {
    std::vector<Interval> all;
    all.reserve(static_cast<std::size_t>(values.dims.size()));
    for (std::int64_t channel = 0; channel < values.dims.channels; ++channel) {
        for (const std::int32_t row : values.grid.rows.of) {
            for (const std::int32_t column : values.grid.columns.of) {
                const auto at =
                    static_cast<std::size_t>(channel * values.plane() + row * values.grid.columns.size() + column);
                all.push_back({values.values[lower][at], values.values[upper][at]});
            }
        }
    }
    return all;
}

/// The verdict over all classes but c, margins(j) each.
template <class F>
ClassMargin over_classes(std::size_t count, std::int64_t top, const F& margins) {
    Verdict verdict;
    for (std::size_t j = 0; j < count; ++j) {
        if (j != static_cast<std::size_t>(top)) {
            verdict.include(margins(j));
        }
    }
    return verdict.result();
}

}  // namespace

ClassMargin class_margin(Intervals theta, Intervals quantized, Intervals difference, std::int64_t top) {
    return over_classes(theta.size(), top, [&](std::size_t j) {
        return from_outputs(theta, quantized, difference, static_cast<std::size_t>(top), j);
    });
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
    const std::vector<Interval> theta = per_entry(out, internal::x_lower, internal::x_upper);
    const std::vector<Interval> quantized = per_entry(out, internal::y_lower, internal::y_upper);
    const std::vector<Interval> difference = per_entry(out, internal::d_lower, internal::d_upper);
    if (!by_rows) {
        return class_margin(theta, quantized, difference, top);
    }
    // The last weight layer in topological order: every other one feeds it.
    const QuantizedLayer last_quantized = pair.quantized(pair.size() - 1);
    const auto c = static_cast<std::size_t>(top);
    return over_classes(theta.size(), top, [&](std::size_t j) {
        return intersect(from_layer(*layer, last_quantized, in, c, j), from_outputs(theta, quantized, difference, c, j));
    });
}

}  // namespace qbound
