// SPDX-License-Identifier: Apache-2.0
#include "report/measured_quantities.hpp"

#include "report/measure_report.hpp"
#include "report/numbers.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace qbound::internal {

namespace {

double share(std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

void add_data(std::vector<Quantity>& all, const DataStatistics& data) {
    const auto add = [&](std::string_view name, double value, std::string details = {}) {
        all.push_back({name, Guarantee::measured, value, Direction::nearest, std::move(details)});
    };
    const auto counted = [&](std::string_view name, std::int64_t part) {
        add(name, share(part, data.count), fmt::format("{} of {}", part, data.count));
    };
    const ErrorSummary summary = summarise_errors(data.errors);
    add("error-mean", summary.mean);
    constexpr std::string_view kNames[] = {"error-median", "error-q90", "error-q99"};
    static_assert(std::size(kNames) == kQuantiles.size());
    for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
        add(kNames[i], summary.quantiles[i]);
    }
    add("error-max", summary.max);
    if (!data.classes.empty()) {
        counted("agreement", data.agreeing);
    }
    if (data.correct) {
        counted("accuracy", *data.correct);
        counted("accuracy-quantized", *data.correct_quantized);
        add("accuracy-drop", share(*data.correct - *data.correct_quantized, data.count));
    }
}

void add_statistical(std::vector<Quantity>& all, const StatisticalReport& report, std::int64_t count) {
    const auto add = [&](std::string_view name, double value, Direction direction, std::string details) {
        all.push_back({name, Guarantee::statistical, value, direction,
                       fmt::format("confidence {}, {}, inputs independent", shortest(report.confidence), details)});
    };
    if (report.limit) {
        add("tolerance-limit", *report.limit, Direction::up,
            fmt::format("share {}, rank {} of {}", shortest(report.coverage), report.rank, count));
    }
    if (const auto& exceeded = report.exceeded) {
        const std::string what = fmt::format("P(error > {}), {} of {}", shortest(exceeded->threshold), exceeded->count, count);
        add("exceeded-lower", exceeded->probability.lower, Direction::down, what);
        add("exceeded-upper", exceeded->probability.upper, Direction::up, what);
    }
    if (report.disagreement) {
        add("disagreement-lower", report.disagreement->lower, Direction::down, "P(class changes)");
        add("disagreement-upper", report.disagreement->upper, Direction::up, "P(class changes)");
    }
}

}  // namespace

std::vector<std::string_view> measured_numbers() {
    return {"reached", "error-mean", "error-median", "error-q90", "error-q99", "error-max", "agreement", "accuracy",
            "accuracy-quantized", "accuracy-drop", "tolerance-limit", "exceeded-lower", "exceeded-upper", "disagreement-lower",
            "disagreement-upper", "unchanged"};
}

std::vector<Quantity> quantities(const Measurement& measurement) {
    const Reached& reached = measurement.reached;
    std::vector<Quantity> all;
    all.push_back({"reached", reached.guarantee, reached.value,
                   reached.guarantee == Guarantee::lower ? Direction::down : Direction::nearest,
                   fmt::format("output {}, enclosure width {}", reached.witness.output, decimal_up(reached.width, 3))});
    if (measurement.data) {
        add_data(all, *measurement.data);
    }
    if (measurement.statistical) {
        add_statistical(all, *measurement.statistical, measurement.data->count);
    }
    if (const auto& margins = measurement.margins) {
        all.push_back({"unchanged", Guarantee::certified, share(margins->unchanged, margins->count), Direction::down,
                       fmt::format("{} of {} inputs", margins->unchanged, margins->count)});
    }
    return all;
}

std::vector<std::string> node_columns() {
    return {"name", "op", "sqnr", "max_abs", "mean_abs"};
}

std::vector<const NodeError*> selected_nodes(const MeasureReport& report, const Measurement& measurement, std::string_view sort,
                                             std::size_t top) {
    std::vector<const NodeError*> nodes;
    for (const NodeError& node : measurement.data->nodes) {
        nodes.push_back(&node);
    }
    const auto text = [&](const std::vector<std::string>& texts, const NodeError* node) -> const std::string& {
        return texts[static_cast<std::size_t>(node->node)];
    };
    std::stable_sort(nodes.begin(), nodes.end(), [&](const NodeError* a, const NodeError* b) {
        if (sort == "name") {
            return text(report.node_names, a) < text(report.node_names, b);
        }
        if (sort == "op") {
            return text(report.node_ops, a) < text(report.node_ops, b);
        }
        if (sort == "sqnr") {  // the noisiest first
            return a->sqnr < b->sqnr;
        }
        return sort == "mean_abs" ? a->mean_abs > b->mean_abs : a->max_abs > b->max_abs;
    });
    if (top > 0) {
        nodes.resize(std::min(nodes.size(), top));
    }
    return nodes;
}

}  // namespace qbound::internal
