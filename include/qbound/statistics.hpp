// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/measure.hpp"
#include "qbound/network.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace qbound {

/// Inputs of a network, one after the other, each of the input's size in C order.
struct DataView {
    std::span<const double> values;
    std::int64_t count = 0;

    [[nodiscard]] std::span<const double> sample(std::int64_t index) const noexcept {
        const std::size_t size = values.size() / static_cast<std::size_t>(count);
        return values.subspan(static_cast<std::size_t>(index) * size, size);
    }
};

/// Shares of the data whose errors are reported beside mean and maximum: the q-quantile is the ⌈qN⌉-th smallest.
inline constexpr std::array<double, 3> kQuantiles{0.5, 0.9, 0.99};

/// How errors are distributed over the data.
struct ErrorSummary {
    double mean = 0;
    double max = 0;
    std::array<double, kQuantiles.size()> quantiles{};
};
/// Of at least one error.
[[nodiscard]] ErrorSummary summarise_errors(std::vector<double> errors);

/// Where the error arises: x and x' are the values of one node, over all entries and all inputs.
struct NodeError {
    NodeId node = 0;
    double sqnr = 0;      ///< 10·log10(Σx²/Σ(x − x')²) in decibels; +∞ without an error
    double max_abs = 0;   ///< max|x − x'|
    double mean_abs = 0;  ///< mean of |x − x'|
};

/// What quantization does to a network on data, in double: estimates, no rounding is covered.
struct DataStatistics {
    std::int64_t count = 0;
    std::vector<double> errors;         ///< ‖R_θ(x) − R_θ'(x)‖_∞ of each input, in order
    std::vector<ErrorSummary> outputs;  ///< |R_θ(x)_i − R_θ'(x)_i|, one per output; empty for more than 2^26 outputs of all inputs
    std::vector<NodeError> nodes;       ///< in the network's order, without the input
    std::vector<std::int64_t> classes;  ///< class of θ for each input; empty unless the output is a vector of two or more
    std::int64_t agreeing = 0;          ///< inputs with the same class in θ and θ'; 0 without classes
    std::optional<std::int64_t> correct;            ///< inputs whose class in θ is the label; only with labels
    std::optional<std::int64_t> correct_quantized;  ///< the same for θ'
};

/// Whether outputs are classes: a vector of two entries or more. The class is the first largest entry.
[[nodiscard]] bool has_classes(const Network& network);
/// Index of the first largest entry.
[[nodiscard]] std::int64_t top_class(std::span<const double> output) noexcept;

/// Both networks on every input, node by node side by side.
///
/// labels   one class per input, or empty
/// Result   the same for any number of threads.
/// Errors   Error{malformed} as approx_evaluate's, for labels that are too few or too many or no classes, and for an overflow;
///          Error{usage} for labels where there are no classes.
/// Cost     two forward passes an input, several inputs to a matrix product, on all threads. Memory a few batches' values, the errors of
///          all inputs.
[[nodiscard]] DataStatistics data_statistics(const Network& network, const Parameters& theta, const Parameters& quantized,
                                             const DataView& data, std::span<const std::int64_t> labels, int threads);

}  // namespace qbound
