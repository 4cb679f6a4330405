// SPDX-License-Identifier: Apache-2.0
#include "qbound/measurement.hpp"

#include "core/parallel.hpp"
#include "qbound/class_margin.hpp"
#include "qbound/enclosure.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace qbound {

namespace {

/// Inputs of the data that a search begins from.
constexpr std::size_t kStarts = 16;

/// The inputs of largest error.
std::vector<std::vector<double>> worst_inputs(const DataView& data, const std::vector<double>& errors) {
    std::vector<std::int64_t> order(errors.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    const std::size_t count = std::min(order.size(), kStarts);
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      [&](std::int64_t a, std::int64_t b) {
                          const double left = errors[static_cast<std::size_t>(a)];
                          const double right = errors[static_cast<std::size_t>(b)];
                          return left > right || (left == right && a < b);
                      });
    std::vector<std::vector<double>> starts;
    for (std::size_t i = 0; i < count; ++i) {
        const auto x = data.sample(order[i]);
        starts.emplace_back(x.begin(), x.end());
    }
    return starts;
}

StatisticalReport statistical_report(const DataStatistics& data, const MeasureOptions& options) {
    StatisticalReport report;
    report.coverage = options.coverage;
    report.confidence = options.confidence;
    report.needed = least_draws(options.coverage, options.confidence);
    if (const auto rank = tolerance_rank(data.count, options.coverage, options.confidence)) {
        std::vector<double> errors = data.errors;
        const auto limit = errors.begin() + (*rank - 1);
        std::nth_element(errors.begin(), limit, errors.end());
        report.limit = *limit;
        report.rank = *rank;
    }
    if (options.exceeded) {
        const std::int64_t count = std::ranges::count_if(data.errors, [&](double error) { return !(error <= *options.exceeded); });
        report.exceeded = {*options.exceeded, count, clopper_pearson(count, data.count, options.confidence)};
    }
    if (!data.classes.empty()) {
        report.disagreement = clopper_pearson(data.count - data.agreeing, data.count, options.confidence);
    }
    return report;
}

/// The margin at a point where the intervals leave it open, from enclosures of more and more words.
ClassMargin margin_at_point(const Network& network, const Parameters& theta, const Parameters& quantized, std::span<const double> x,
                            std::int64_t top, int threads) {
    constexpr int kFirstWords = 6;
    constexpr int kMostWords = 96;
    ClassMargin margin;
    for (int words = kFirstWords; words <= kMostWords; words *= 2) {
        const PointEnclosure at = enclose_at(network, theta, quantized, x, words, threads);
        margin = class_margin(at.theta, at.quantized, at.difference, top);
        if (margin.unchanged || margin.changed) {
            break;
        }
    }
    return margin;
}

MarginReport margin_report(const WeightPair& pair, const Parameters& theta, const Parameters& quantized,
                           const std::vector<std::int64_t>& classes, const MeasureOptions& options) {
    const auto count = static_cast<std::int64_t>(options.margins.size());
    std::vector<ClassMargin> margins(options.margins.size());
    const bool side_by_side = count >= options.threads;
    internal::parallel_for(count, side_by_side ? options.threads : 1, [&](std::int64_t i) {
        const auto at = static_cast<std::size_t>(i);
        const int threads = side_by_side ? 1 : options.threads;
        const Box& box = options.margins[at];
        margins[at] = class_margin(pair.network().with_box(box), pair, classes[at], threads);
        if (options.points && !margins[at].unchanged && !margins[at].changed) {
            margins[at] = margin_at_point(pair.network(), theta, quantized, box.lower, classes[at], threads);
        }
    });
    MarginReport report;
    report.count = count;
    for (const ClassMargin& margin : margins) {
        report.unchanged += margin.unchanged ? 1 : 0;
        report.margins.push_back(margin.margin);
        report.errors.push_back(margin.error.value_up());
    }
    return report;
}

}  // namespace

Measurement measure(const WeightPair& pair, const MeasureOptions& options) {
    const Network& network = pair.network();
    WeightPair held = pair;
    held.hold();
    const Parameters theta = parameters_of(network);
    const Parameters quantized = quantized_parameters_of(held);

    Measurement result;
    result.quantizer = pair.quantizer();
    result.seed = options.attack.seed;
    AttackOptions attack_options = options.attack;
    std::vector<std::vector<double>> starts;
    if (options.data.count > 0) {
        result.data = data_statistics(network, theta, quantized, options.data, options.labels, options.threads);
        result.statistical = statistical_report(*result.data, options);
        starts = worst_inputs(options.data, result.data->errors);
        attack_options.data = starts;
    }
    result.reached = prove(network, theta, quantized, attack(network, theta, quantized, attack_options), options.threads);
    if (!options.margins.empty() && result.data && !result.data->classes.empty()) {
        result.margins = margin_report(held, theta, quantized, result.data->classes, options);
    }
    return result;
}

std::int64_t count_outside(const Network& network, const DataView& data) {
    const Box& box = network.box();
    const Dims& dims = network.node(network.input()).dims;
    const auto size = static_cast<std::size_t>(dims.size());
    const std::size_t stride = size / box.lower.size();  // one interval per channel, or per entry
    std::int64_t outside = 0;
    for (std::int64_t i = 0; i < data.count; ++i) {
        const auto x = data.sample(i);
        bool inside = true;
        for (std::size_t k = 0; k < size; ++k) {
            inside = inside && box.lower[k / stride] <= x[k] && x[k] <= box.upper[k / stride];
        }
        outside += inside ? 0 : 1;
    }
    return outside;
}

}  // namespace qbound
