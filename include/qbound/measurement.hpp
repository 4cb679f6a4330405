// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/attack.hpp"
#include "qbound/quantize.hpp"
#include "qbound/reached.hpp"
#include "qbound/report.hpp"
#include "qbound/statistical.hpp"
#include "qbound/statistics.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace qbound {

/// What is to be measured of a pair.
struct MeasureOptions {
    AttackOptions attack;  ///< without data: the inputs of largest error are added
    DataView data;         ///< count 0: none
    std::span<const std::int64_t> labels;
    double coverage = 0.95;          ///< share of the distribution below the tolerance limit
    double confidence = 0.95;        ///< of each statistical statement
    std::optional<double> exceeded;  ///< t of P(error > t)
    /// One box per data point, on which the class is to be proved unchanged; empty: not asked for.
    std::vector<Box> margins;
    bool points = false;  ///< the boxes of `margins` are points: enclosed in as many words as it takes
    int threads = 1;
};

/// Statements with a confidence; errors are those computed in double.
struct StatisticalReport {
    double coverage = 0;
    double confidence = 0;
    std::optional<double> limit;  ///< upper tolerance limit of the error; none if the data are too few
    std::int64_t rank = 0;        ///< of the limit among the errors
    std::int64_t needed = 0;      ///< inputs that a limit needs
    struct Exceeded {
        double threshold = 0;
        std::int64_t count = 0;
        Proportion probability;
    };
    std::optional<Exceeded> exceeded;
    std::optional<Proportion> disagreement;  ///< probability that the class changes
};

struct MarginReport {
    std::int64_t count = 0;
    std::int64_t unchanged = 0;     ///< inputs in whose box the class is proved the same everywhere and in both networks
    std::vector<double> margins;    ///< ≤ the least margin of θ in each box
    std::vector<double> errors;     ///< ≥ the error of the deciding difference of logits
};

/// What was measured for one quantizer.
struct Measurement {
    std::optional<Quantizer> quantizer;  ///< empty: θ' from a file
    Reached reached;
    std::uint64_t seed = 0;
    std::optional<DataStatistics> data;
    std::optional<StatisticalReport> statistical;
    std::optional<MarginReport> margins;
};

/// Everything that `measure` prints about one model: schema qbound.measure/1.
struct MeasureReport {
    ModelSummary model;
    std::string data_file;     ///< as the user named it; empty without data
    std::int64_t outside = 0;  ///< inputs of the data outside the input box, which the search clamps
    std::vector<std::string> node_names;  ///< by NodeId, and their operators
    std::vector<std::string> node_ops;
    std::vector<Measurement> results;
};

/// Statistics of the data first, then the search from the inputs of largest error, its proof, and the margins. The same for any number
/// of threads, unless attack.stop ends the search. Errors: those of data_statistics and attack.
[[nodiscard]] Measurement measure(const WeightPair& pair, const MeasureOptions& options);

/// Inputs with an entry outside the network's box.
[[nodiscard]] std::int64_t count_outside(const Network& network, const DataView& data);

}  // namespace qbound
