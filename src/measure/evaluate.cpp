// SPDX-License-Identifier: Apache-2.0
// The domain of values: R_θ(x) in double.
#include "core/parallel.hpp"
#include "measure/check_arguments.hpp"
#include "measure/forward_layer.hpp"
#include "network/geometry.hpp"
#include "qbound/error.hpp"
#include "qbound/measure.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace qbound {

namespace {

using Values = std::vector<double>;

/// Below this many entries a node is not worth a second thread.
constexpr std::int64_t kEntriesPerThread = std::int64_t{1} << 14;

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

/// Computes the nodes one after the other; one function per node kind. A value is freed after its last consumer, or all are kept.
class Evaluator {
  public:
    Evaluator(const Network& network, const Parameters& parameters, int threads, bool keep)
        : network_(network),
          parameters_(parameters),
          threads_(threads),
          keep_(keep),
          values_(network.nodes().size()),
          uses_(values_.size()) {
        for (std::size_t i = 0; i < uses_.size(); ++i) {
            uses_[i] = network.consumers()[i].size();
        }
        ++uses_[index(network.output())];
    }

    std::vector<Values> run(std::span<const double> x) {
        values_[0].assign(x.begin(), x.end());
        std::size_t next_layer = 0;
        for (std::size_t i = 1; i < values_.size(); ++i) {
            node_ = &network_.nodes()[i];
            layer_ = next_layer;
            next_layer += std::holds_alternative<WeightLayer>(node_->kind) ? 1 : 0;
            values_[i] = std::visit([this](const auto& kind) { return value(kind); }, node_->kind);
            check_finite(values_[i]);
            for (const NodeId input : node_->inputs) {
                release(input);
            }
        }
        return std::move(values_);
    }

  private:
    const Values& input(std::size_t i = 0) const { return values_[index(node_->inputs[i])]; }
    const Dims& input_dims(std::size_t i = 0) const { return network_.node(node_->inputs[i]).dims; }

    /// The input's entries to work on in place: its own memory if this node is the last that needs it.
    Values take_input() {
        Values& values = values_[index(node_->inputs[0])];
        return !keep_ && uses_[index(node_->inputs[0])] == 1 ? std::move(values) : values;
    }

    void release(NodeId id) {
        if (--uses_[index(id)] == 0 && !keep_) {
            values_[index(id)] = Values{};
        }
    }

    void check_finite(const Values& values) const {
        if (!std::ranges::all_of(values, [](double v) { return std::isfinite(v); })) {
            throw Error(ErrorKind::malformed, "node '" + node_->name + "'", "its value overflows in double");
        }
    }

    Values output() const { return Values(index(node_->dims.size())); }

    int threads() const { return static_cast<int>(std::clamp<std::int64_t>(node_->dims.size() / kEntriesPerThread, 1, threads_)); }

    /// work(channel, plane) for each of the output's channels.
    template <class Work>
    void for_each_plane(Values& values, const Work& work) const {
        const auto positions = index(node_->dims.positions());
        internal::parallel_for(node_->dims.channels, threads(),
                               [&](std::int64_t c) { work(c, std::span(values).subspan(index(c) * positions, positions)); });
    }

    /// reduce(plane, window's rows, window's columns, output row, output column) for each output of a pool.
    template <class Reduce>
    Values pool(const Axes& axes, const Reduce& reduce) const {
        const Dims& in = input_dims();
        Values result = output();
        for_each_plane(result, [&](std::int64_t c, std::span<double> plane) {
            const double* source = input().data() + c * in.positions();
            for (std::int64_t oh = 0; oh < axes[0].out; ++oh) {
                const internal::TapRange rows = internal::real_tap_range(axes[0], oh);
                for (std::int64_t ow = 0; ow < axes[1].out; ++ow) {
                    const internal::TapRange columns = internal::real_tap_range(axes[1], ow);
                    double value = reduce.start;
                    for (std::int64_t kh = rows.begin; kh < rows.end; ++kh) {
                        const double* row = source + axes[0].source(oh, kh) * in.width;
                        for (std::int64_t kw = columns.begin; kw < columns.end; ++kw) {
                            value = reduce.step(value, row[axes[1].source(ow, kw)]);
                        }
                    }
                    plane[index(oh * axes[1].out + ow)] = reduce.finish(value, oh, ow);
                }
            }
        });
        return result;
    }

    Values value(const Input&) const { return {}; }  // Network has its one input first

    Values value(const WeightLayer& layer) const {
        Values result = output();
        internal::forward_layer(layer, parameters_[layer_], input_dims(), input(), result, threads_);
        return result;
    }

    Values value(const Diagonal& diagonal) {
        Values result = take_input();
        for_each_plane(result, [&](std::int64_t c, std::span<double> plane) {
            const double scale = diagonal.scale[index(c)];
            const double shift = diagonal.shift[index(c)];
            std::ranges::for_each(plane, [=](double& v) { v = scale * v + shift; });
        });
        return result;
    }

    Values value(const Activation& activation) {
        Values result = take_input();
        const auto approx_value = activation_row(activation.function).approx_value;
        for_each_plane(result, [&](std::int64_t c, std::span<double> plane) {
            const double slope = activation_slope(activation, c);
            std::ranges::for_each(plane, [&](double& v) { v = approx_value(activation, slope, v); });
        });
        return result;
    }

    Values value(const Sum& sum) const {
        Values result = output();
        for (std::size_t i = 0; i < sum.signs.size(); ++i) {
            const Values& term = input(i);
            const double sign = sum.signs[i];
            for (std::size_t j = 0; j < result.size(); ++j) {
                result[j] += sign * term[j];
            }
        }
        return result;
    }

    Values value(const Product&) const {
        Values result = input(0);
        const Values& right = input(1);
        std::ranges::transform(result, right, result.begin(), std::multiplies<>());
        return result;
    }

    Values value(const Concat& concat) const {
        Values result;
        result.reserve(index(node_->dims.size()));
        const Dims& first = input_dims();
        const std::int64_t blocks = concat.axis == 0 ? 1 : (concat.axis == 1 ? first.channels : first.channels * first.height);
        for (std::int64_t block = 0; block < blocks; ++block) {
            for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
                const Values& part = input(i);
                const auto length = static_cast<std::ptrdiff_t>(part.size()) / blocks;
                result.insert(result.end(), part.begin() + block * length, part.begin() + (block + 1) * length);
            }
        }
        return result;
    }

    Values value(const MaxPool& max_pool) const {
        struct Largest {
            double start = -std::numeric_limits<double>::infinity();
            double step(double value, double entry) const { return std::max(value, entry); }
            double finish(double value, std::int64_t, std::int64_t) const { return value; }
        };
        return pool(max_pool.axes, Largest{});
    }

    Values value(const AveragePool& average_pool) const {
        struct Mean {
            const AveragePool& pool;
            double start = 0;
            double step(double value, double entry) const { return value + entry; }
            double finish(double value, std::int64_t oh, std::int64_t ow) const {
                return value / static_cast<double>(pool.divisors[0][index(oh)] * pool.divisors[1][index(ow)]);
            }
        };
        return pool(average_pool.axes, Mean{.pool = average_pool});
    }

    Values value(const Select& select) const {
        Values result = output();
        const Values& source = input();
        const auto pick = [&](std::int64_t entry) { return entry < 0 ? select.constant : source[index(entry)]; };
        if (!select.separable()) {
            std::ranges::transform(select.entries, result.begin(), pick);
            return result;
        }
        const Dims& in = input_dims();
        for_each_plane(result, [&](std::int64_t c, std::span<double> plane) {
            const std::int64_t channel = select.maps[0][index(c)];
            std::size_t at = 0;
            for (const std::int64_t row : select.maps[1]) {
                for (const std::int64_t column : select.maps[2]) {
                    const bool padding = channel < 0 || row < 0 || column < 0;
                    plane[at++] = pick(padding ? -1 : (channel * in.height + row) * in.width + column);
                }
            }
        });
        return result;
    }

    Values value(const View&) { return take_input(); }

    const Network& network_;
    const Parameters& parameters_;
    int threads_;
    bool keep_;
    std::vector<Values> values_;
    std::vector<std::size_t> uses_;  ///< consumers that are still to come, by node
    const Node* node_ = nullptr;     ///< the node being computed
    std::size_t layer_ = 0;          ///< its index among the weight layers, if it is one
};

}  // namespace

Parameters parameters_of(const Network& network) {
    Parameters parameters;
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        parameters.push_back({network.layer(i).weight, network.layer(i).bias});
    }
    return parameters;
}

Parameters quantized_parameters_of(const WeightPair& pair) {
    Parameters parameters;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        parameters.push_back(pair.quantized(i));
    }
    return parameters;
}

std::vector<double> approx_evaluate(const Network& network, const Parameters& parameters, std::span<const double> x, int threads) {
    internal::check_arguments(network, parameters, x);
    return std::move(Evaluator(network, parameters, threads, false).run(x)[index(network.output())]);
}

std::vector<std::vector<double>> approx_evaluate_all(const Network& network, const Parameters& parameters,
                                                     std::span<const double> x, int threads) {
    internal::check_arguments(network, parameters, x);
    return Evaluator(network, parameters, threads, true).run(x);
}

}  // namespace qbound
