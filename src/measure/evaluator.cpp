// SPDX-License-Identifier: Apache-2.0
#include "measure/evaluator.hpp"

#include "core/parallel.hpp"
#include "measure/check_arguments.hpp"
#include "measure/forward_layer.hpp"
#include "network/geometry.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace qbound::internal {

namespace {

using Values = Evaluator::Values;

/// Below this many entries a node is not worth a second thread.
constexpr std::int64_t kEntriesPerThread = std::int64_t{1} << 14;

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

void check_finite(const Node& node, const Values& values) {
    if (!std::ranges::all_of(values, [](double v) { return std::isfinite(v); })) {
        throw Error(ErrorKind::malformed, "node '" + node.name + "'", "its value overflows in double");
    }
}

}  // namespace

/// One function per node kind: the node's values from its inputs'.
class Evaluator::Step {
  public:
    Step(Evaluator& evaluator, const Node& node)
        : network_(evaluator.network_),
          parameters_(evaluator.parameters_),
          threads_(evaluator.threads_),
          batch_(evaluator.batch_),
          evaluator_(evaluator),
          node_(&node) {}

    Values run() {
        return std::visit([this](const auto& kind) { return value(kind); }, node_->kind);
    }

  private:
    const Values& input(std::size_t i = 0) const { return evaluator_.values_[index(node_->inputs[i])]; }
    const Dims& input_dims(std::size_t i = 0) const { return network_.node(node_->inputs[i]).dims; }

    /// The input's entries to work on in place: its own memory if this node is the last that needs it.
    Values take_input() {
        Values& values = evaluator_.values_[index(node_->inputs[0])];
        return evaluator_.last_use(node_->inputs[0]) ? std::move(values) : values;
    }

    Values output() const { return Values(index(batch_ * node_->dims.size())); }

    int threads() const {
        return static_cast<int>(std::clamp<std::int64_t>(batch_ * node_->dims.size() / kEntriesPerThread, 1, threads_));
    }

    /// work(sample, channel, plane) for each sample's channels of the output.
    template <class Work>
    void for_each_plane(Values& values, const Work& work) const {
        const auto positions = index(node_->dims.positions());
        const std::int64_t channels = node_->dims.channels;
        parallel_for(batch_ * channels, threads(), [&](std::int64_t i) {
            work(i / channels, i % channels, std::span(values).subspan(index(i) * positions, positions));
        });
    }

    /// reduce(plane, window's rows, window's columns, output row, output column) for each output of a pool.
    template <class Reduce>
    Values pool(const Axes& axes, const Reduce& reduce) const {
        const Dims& in = input_dims();
        Values result = output();
        for_each_plane(result, [&](std::int64_t sample, std::int64_t c, std::span<double> plane) {
            const double* source = input().data() + sample * in.size() + c * in.positions();
            for (std::int64_t oh = 0; oh < axes[0].out; ++oh) {
                const TapRange rows = real_tap_range(axes[0], oh);
                for (std::int64_t ow = 0; ow < axes[1].out; ++ow) {
                    const TapRange columns = real_tap_range(axes[1], ow);
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
        forward_layer(layer, parameters_[evaluator_.layer_of_next_], input_dims(), batch_, input(), result, threads_);
        return result;
    }

    Values value(const Diagonal& diagonal) {
        Values result = take_input();
        for_each_plane(result, [&](std::int64_t, std::int64_t c, std::span<double> plane) {
            const double scale = diagonal.scale[index(c)];
            const double shift = diagonal.shift[index(c)];
            std::ranges::for_each(plane, [=](double& v) { v = scale * v + shift; });
        });
        return result;
    }

    Values value(const Activation& activation) {
        Values result = take_input();
        const auto approx_value = activation_row(activation.function).approx_value;
        for_each_plane(result, [&](std::int64_t, std::int64_t c, std::span<double> plane) {
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
        result.reserve(index(batch_ * node_->dims.size()));
        const Dims& first = input_dims();
        const std::int64_t blocks =
            batch_ * (concat.axis == 0 ? 1 : (concat.axis == 1 ? first.channels : first.channels * first.height));
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
        const Dims& in = input_dims();
        const auto pick = [&](std::int64_t sample, std::int64_t entry) {
            return entry < 0 ? select.constant : input()[index(sample * in.size() + entry)];
        };
        if (!select.separable()) {
            auto next = result.begin();
            for (std::int64_t sample = 0; sample < batch_; ++sample) {
                next = std::ranges::transform(select.entries, next, [&](std::int64_t entry) { return pick(sample, entry); }).out;
            }
            return result;
        }
        for_each_plane(result, [&](std::int64_t sample, std::int64_t c, std::span<double> plane) {
            const std::int64_t channel = select.maps[0][index(c)];
            std::size_t at = 0;
            for (const std::int64_t row : select.maps[1]) {
                for (const std::int64_t column : select.maps[2]) {
                    const bool padding = channel < 0 || row < 0 || column < 0;
                    plane[at++] = pick(sample, padding ? -1 : (channel * in.height + row) * in.width + column);
                }
            }
        });
        return result;
    }

    Values value(const View&) { return take_input(); }

    const Network& network_;
    const Parameters& parameters_;
    int threads_;
    std::int64_t batch_;
    Evaluator& evaluator_;
    const Node* node_;
};

Evaluator::Evaluator(const Network& network, const Parameters& parameters, std::int64_t batch, int threads, bool keep)
    : network_(network),
      parameters_(parameters),
      batch_(batch),
      threads_(threads),
      keep_(keep),
      values_(network.nodes().size()),
      uses_(values_.size()) {
    check_parameters(network, parameters, batch);
}

void Evaluator::start(std::span<const double> x) {
    check_input(network_, x, batch_);
    for (std::size_t i = 0; i < uses_.size(); ++i) {
        values_[i].clear();
        uses_[i] = network_.consumers()[i].size();
    }
    ++uses_[index(network_.output())];
    values_[0].assign(x.begin(), x.end());
    next_ = 1;
    layer_of_next_ = 0;
}

void Evaluator::step() {
    const Node& node = network_.nodes()[next_];
    values_[next_] = Step(*this, node).run();
    check_finite(node, values_[next_]);
    for (const NodeId input : node.inputs) {
        release(input);
    }
    layer_of_next_ += std::holds_alternative<WeightLayer>(node.kind) ? 1 : 0;
    ++next_;
}

bool Evaluator::last_use(NodeId id) const noexcept {
    return !keep_ && uses_[index(id)] == 1;
}

void Evaluator::release(NodeId id) {
    if (--uses_[index(id)] == 0 && !keep_) {
        values_[index(id)] = Values{};
    }
}

}  // namespace qbound::internal
