// SPDX-License-Identifier: Apache-2.0
#include "qbound/statistics.hpp"

#include "core/parallel.hpp"
#include "measure/evaluator.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace qbound {

namespace {

/// Errors of single outputs are kept up to so many.
constexpr std::int64_t kMaxOutputErrors = std::int64_t{1} << 26;
/// Inputs of one batch: at most so many, and so few that all nodes' values stay within so many entries.
constexpr std::int64_t kMaxBatch = 64;
constexpr std::int64_t kBatchEntries = std::int64_t{1} << 22;

struct NodeSums {
    long double signal = 0;  ///< Σ x², which may be beyond the range of double
    long double noise = 0;   ///< Σ (x − x')²
    long double total = 0;   ///< Σ |x − x'|
    double largest = 0;
};

/// What one batch adds.
struct Batch {
    std::vector<NodeSums> nodes;
    std::vector<double> outputs;
    std::vector<double> quantized_outputs;
};

std::int64_t batch_size(const Network& network) {
    std::int64_t entries = 0;
    for (const Node& node : network.nodes()) {
        entries += node.dims.size();
    }
    return std::clamp<std::int64_t>(kBatchEntries / entries, 1, kMaxBatch);
}

NodeSums compare(const std::vector<double>& x, const std::vector<double>& y) {
    NodeSums sums;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double d = std::abs(x[i] - y[i]);
        sums.signal += static_cast<long double>(x[i]) * x[i];
        sums.noise += static_cast<long double>(d) * d;
        sums.total += d;
        sums.largest = std::max(sums.largest, d);
    }
    return sums;
}

Batch run_batch(const Network& network, const Parameters& theta, const Parameters& quantized, std::span<const double> x,
                std::int64_t count, int threads) {
    internal::Evaluator first(network, theta, count, threads, false);
    internal::Evaluator second(network, quantized, count, threads, false);
    first.start(x);
    second.start(x);
    Batch batch;
    while (!first.finished()) {
        first.step();
        second.step();
        batch.nodes.push_back(compare(first.last_values(), second.last_values()));
    }
    const auto output = static_cast<std::size_t>(network.output());
    batch.outputs = std::move(first.values()[output]);
    batch.quantized_outputs = std::move(second.values()[output]);
    return batch;
}

std::vector<NodeError> node_errors(const Network& network, const std::vector<Batch>& batches, std::int64_t count) {
    std::vector<NodeError> errors;
    for (std::size_t i = 1; i < network.nodes().size(); ++i) {
        NodeSums all;
        for (const Batch& batch : batches) {
            const NodeSums& sums = batch.nodes[i - 1];
            all.signal += sums.signal;
            all.noise += sums.noise;
            all.total += sums.total;
            all.largest = std::max(all.largest, sums.largest);
        }
        const auto entries = static_cast<long double>(count) * static_cast<long double>(network.nodes()[i].dims.size());
        const long double ratio = all.noise > 0 ? all.signal / all.noise : std::numeric_limits<long double>::infinity();
        errors.push_back({.node = static_cast<NodeId>(i),
                          .sqnr = static_cast<double>(10 * std::log10(ratio)),
                          .max_abs = all.largest,
                          .mean_abs = static_cast<double>(all.total / entries)});
    }
    return errors;
}

void check_labels(const Network& network, const DataView& data, std::span<const std::int64_t> labels) {
    if (labels.empty()) {
        return;
    }
    const Dims& output = network.node(network.output()).dims;
    if (!has_classes(network)) {
        throw Error(ErrorKind::usage, "--labels",
                    fmt::format("the output of shape {} is no vector of classes", to_string(network.node(network.output()).shape)));
    }
    if (static_cast<std::int64_t>(labels.size()) != data.count) {
        throw Error(ErrorKind::malformed, "labels", fmt::format("{} labels for {} inputs", labels.size(), data.count));
    }
    const auto wrong = std::ranges::find_if(labels, [&](std::int64_t label) { return label < 0 || label >= output.size(); });
    if (wrong != labels.end()) {
        throw Error(ErrorKind::malformed, "labels",
                    fmt::format("label {} at index {} is not one of the classes 0..{}", *wrong, wrong - labels.begin(),
                                output.size() - 1));
    }
}

}  // namespace

ErrorSummary summarise_errors(std::vector<double> errors) {
    std::ranges::sort(errors);
    const auto count = static_cast<double>(errors.size());
    ErrorSummary summary;
    summary.mean = std::accumulate(errors.begin(), errors.end(), 0.0) / count;
    summary.max = errors.back();
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
        const double rank = std::clamp(std::ceil(kQuantiles[i] * count), 1.0, count);
        summary.quantiles[i] = errors[static_cast<std::size_t>(rank) - 1];
    }
    return summary;
}

bool has_classes(const Network& network) {
    const Dims& output = network.node(network.output()).dims;
    return output.size() >= 2 && std::max({output.channels, output.height, output.width}) == output.size();
}

std::int64_t top_class(std::span<const double> output) noexcept {
    return std::ranges::max_element(output) - output.begin();
}

DataStatistics data_statistics(const Network& network, const Parameters& theta, const Parameters& quantized, const DataView& data,
                               std::span<const std::int64_t> labels, int threads) {
    check_labels(network, data, labels);
    const std::int64_t size = batch_size(network);
    const std::int64_t batches = (data.count + size - 1) / size;
    const auto input = static_cast<std::size_t>(network.node(network.input()).dims.size());
    if (data.values.size() != input * static_cast<std::size_t>(data.count)) {
        throw Error(ErrorKind::malformed, "input data",
                    fmt::format("{} values instead of {} of {}", data.values.size(), data.count, input));
    }
    // Many batches side by side, few batches each on all threads: the same numbers either way.
    const bool side_by_side = batches >= threads;
    std::vector<Batch> results(static_cast<std::size_t>(batches));
    internal::parallel_for(batches, side_by_side ? threads : 1, [&](std::int64_t b) {
        const std::int64_t count = std::min(size, data.count - b * size);
        const auto x = data.values.subspan(static_cast<std::size_t>(b * size) * input, static_cast<std::size_t>(count) * input);
        results[static_cast<std::size_t>(b)] = run_batch(network, theta, quantized, x, count, side_by_side ? 1 : threads);
    });

    DataStatistics statistics;
    statistics.count = data.count;
    statistics.nodes = node_errors(network, results, data.count);
    const bool classes = has_classes(network);
    const auto outputs = static_cast<std::size_t>(network.node(network.output()).dims.size());
    std::vector<std::vector<double>> by_output;
    if (static_cast<std::int64_t>(outputs) <= kMaxOutputErrors / data.count) {
        by_output.resize(outputs);
    }
    if (!labels.empty()) {
        statistics.correct = statistics.correct_quantized = 0;
    }
    for (const Batch& batch : results) {
        for (std::size_t begin = 0; begin < batch.outputs.size(); begin += outputs) {
            const auto x = std::span(batch.outputs).subspan(begin, outputs);
            const auto y = std::span(batch.quantized_outputs).subspan(begin, outputs);
            double largest = 0;
            for (std::size_t i = 0; i < outputs; ++i) {
                const double error = std::abs(x[i] - y[i]);
                largest = std::max(largest, error);
                if (!by_output.empty()) {
                    by_output[i].push_back(error);
                }
            }
            if (classes) {
                const std::int64_t label = labels.empty() ? -1 : labels[statistics.errors.size()];
                const std::int64_t first = top_class(x);
                const std::int64_t second = top_class(y);
                statistics.classes.push_back(first);
                statistics.agreeing += first == second ? 1 : 0;
                if (!labels.empty()) {
                    *statistics.correct += first == label ? 1 : 0;
                    *statistics.correct_quantized += second == label ? 1 : 0;
                }
            }
            statistics.errors.push_back(largest);
        }
    }
    for (auto& errors : by_output) {
        statistics.outputs.push_back(summarise_errors(std::move(errors)));
    }
    return statistics;
}

}  // namespace qbound
