// SPDX-License-Identifier: Apache-2.0
// The domain of balls in words: R_θ(x) and R_θ'(x) enclosed at one point (docs/theory.md E).
#include "qbound/enclosure.hpp"

#include "measure/check_arguments.hpp"
#include "measure/word_nodes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace qbound {

namespace {

using internal::WordFormat;
using internal::Words;

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

/// The most bits per word that keep products exact in every layer (E5).
int word_bits(const Network& network) {
    std::int64_t fan_in = 1;
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        fan_in = std::max(fan_in, network.layer(i).fan_in());
    }
    constexpr std::int64_t kExact = std::int64_t{1} << 53;
    int bits = internal::kMostWordBits;
    while (bits >= internal::kLeastWordBits && fan_in > kExact >> (2 * bits - 2)) {
        --bits;
    }
    if (bits < internal::kLeastWordBits) {
        throw Error(ErrorKind::unsupported, "", fmt::format("a layer with a fan-in of {} is too wide to enclose a point", fan_in));
    }
    return bits;
}

/// Computes the nodes one after the other; one function per node kind. A value is freed after its last consumer.
class Enclosing {
  public:
    Enclosing(const Network& network, const Parameters& parameters, const WordFormat& format)
        : network_(network), parameters_(parameters), format_(format), values_(network.nodes().size()), uses_(values_.size()) {
        for (std::size_t i = 0; i < uses_.size(); ++i) {
            uses_[i] = network.consumers()[i].size();
        }
        ++uses_[index(network.output())];
    }

    Words run(std::span<const double> x) {
        values_[0] = internal::from_doubles(x, format_.bits, format_.words + 2);
        for (std::size_t i = 1; i < values_.size(); ++i) {
            node_ = &network_.nodes()[i];
            values_[i] = std::visit([this](const auto& kind) { return value(kind); }, node_->kind);
            for (const NodeId input : node_->inputs) {
                if (--uses_[index(input)] == 0) {
                    values_[index(input)] = {};
                }
            }
        }
        return std::move(values_[index(network_.output())]);
    }

  private:
    const Words& input(std::size_t i = 0) const { return values_[index(node_->inputs[i])]; }
    const Dims& input_dims(std::size_t i = 0) const { return network_.node(node_->inputs[i]).dims; }
    std::vector<const Words*> inputs() const {
        std::vector<const Words*> result;
        for (const NodeId id : node_->inputs) {
            result.push_back(&values_[index(id)]);
        }
        return result;
    }
    Words take_input() {
        Words& words = values_[index(node_->inputs[0])];
        return uses_[index(node_->inputs[0])] == 1 ? std::move(words) : words;
    }

    Words value(const Input&) const { return {}; }  // Network has its one input first
    Words value(const WeightLayer& layer) {
        const QuantizedLayer& parameters = parameters_[layer_++];
        return internal::layer_words(layer, parameters.weight->data, parameters.bias, input_dims(), node_->dims, input(), format_);
    }
    Words value(const Diagonal& diagonal) const {
        return internal::diagonal_words(diagonal.scale, diagonal.shift, node_->dims, input(), format_);
    }
    Words value(const Activation& activation) { return internal::activation_words(activation, node_->dims, take_input(), format_); }
    Words value(const Sum& sum) const { return internal::sum(inputs(), sum.signs, format_); }
    Words value(const Product&) const { return internal::product(input(0), input(1), format_); }
    Words value(const Concat& concat) const {
        std::vector<Dims> dims;
        for (std::size_t i = 0; i < node_->inputs.size(); ++i) {
            dims.push_back(input_dims(i));
        }
        return internal::concat_words(concat, inputs(), dims, node_->dims, format_);
    }
    Words value(const MaxPool& pool) const { return internal::max_pool_words(pool, input_dims(), node_->dims, input(), format_); }
    Words value(const AveragePool& pool) const {
        return internal::average_pool_words(pool, input_dims(), node_->dims, input(), format_);
    }
    Words value(const Select& select) const { return internal::select_words(select, input_dims(), node_->dims, input(), format_); }
    Words value(const View&) { return take_input(); }

    const Network& network_;
    const Parameters& parameters_;
    WordFormat format_;
    std::vector<Words> values_;
    std::vector<std::size_t> uses_;  ///< consumers that are still to come, by node
    const Node* node_ = nullptr;     ///< the node being computed
    std::size_t layer_ = 0;          ///< weight layers done
};

void check_finite(const Parameters& parameters) {
    const auto finite = [](const std::vector<double>& values) {
        return std::ranges::all_of(values, [](double v) { return std::isfinite(v); });
    };
    for (const QuantizedLayer& layer : parameters) {
        if (!finite(layer.weight->data) || !finite(layer.bias)) {
            throw Error(ErrorKind::usage, "", "a parameter is not finite");
        }
    }
}

std::vector<Interval> intervals(const Words& words, int bits) {
    std::vector<Interval> result;
    for (std::size_t i = 0; i < words.entries(); ++i) {
        result.push_back(internal::to_interval(internal::ends(words, i, bits)));
    }
    return result;
}

double magnitude(const Interval& t) {
    return std::max(-t.lower, t.upper);
}

double middle(const Interval& t) {
    return t.lower / 2 + t.upper / 2;
}

/// Also where nothing is certain yet, the middle is usually near the truth.
std::size_t largest_middle(const std::vector<Interval>& intervals) {
    const auto less = [](const Interval& s, const Interval& t) { return std::fabs(middle(s)) < std::fabs(middle(t)); };
    return static_cast<std::size_t>(std::ranges::max_element(intervals, less) - intervals.begin());
}

}  // namespace

std::size_t PointEnclosure::largest() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < difference.size(); ++i) {
        best = difference_down(i) > difference_down(best) ? i : best;
    }
    return best;
}

double PointEnclosure::difference_down(std::size_t i) const noexcept {
    return std::max({0.0, difference[i].lower, -difference[i].upper});
}

PointEnclosure enclose_at(const Network& network, const Parameters& theta, const Parameters& quantized, std::span<const double> x,
                          int words, int threads) {
    if (words < 1 || words > kMaxEnclosureWords) {
        throw Error(ErrorKind::usage, "", fmt::format("{} words: there can be 1 to {}", words, kMaxEnclosureWords));
    }
    internal::check_input(network, x, 1);
    internal::check_parameters(network, theta, 1);
    internal::check_parameters(network, quantized, 1);
    check_finite(theta);
    check_finite(quantized);
    const WordFormat format{word_bits(network), words, threads};
    const Words y = Enclosing(network, theta, format).run(x);
    const Words y_quantized = Enclosing(network, quantized, format).run(x);
    const Words difference =
        internal::sum(std::array<const Words*, 2>{&y, &y_quantized}, std::array{1, -1}, {format.bits, 2 * words, threads});
    return {intervals(y, format.bits), intervals(y_quantized, format.bits), intervals(difference, format.bits), words, format.bits};
}

RefinedEnclosure enclose_closely(const Network& network, const Parameters& theta, const Parameters& quantized,
                                 std::span<const double> x, const EnclosureOptions& options, int threads) {
    const int bits = word_bits(network);
    const auto words_for = [bits](int wanted) { return std::clamp((wanted + bits - 1) / bits, 1, kMaxEnclosureWords); };
    const int most = words_for(options.most_bits);
    int words = std::min(words_for(options.first_bits), most);
    double width_before = std::numeric_limits<double>::infinity();
    while (true) {
        RefinedEnclosure result{enclose_at(network, theta, quantized, x, words, threads)};
        const Interval at = result.enclosure.difference[options.output.value_or(largest_middle(result.enclosure.difference))];
        const double width = next_up(at.upper - at.lower);
        const bool one_point = at.lower == at.upper;
        result.closed = one_point || width <= options.tolerance * magnitude(at);
        const bool stalled = std::isfinite(width_before) && !(width < width_before / 16);
        if (result.closed || words == most || stalled) {
            return result;
        }
        // The radius shrinks by one word with each word; the middle is usually much better than its radius.
        const double missing = std::log2(width / (options.tolerance * std::fabs(middle(at)))) / bits;
        const double next = std::isfinite(missing) ? words + std::ceil(missing) + 1 : 2.0 * words;
        words = static_cast<int>(std::clamp<double>(next, words + 1, std::min(4.0 * words, static_cast<double>(most))));
        width_before = width;
    }
}

}  // namespace qbound
