// SPDX-License-Identifier: Apache-2.0
#include "report/measure_report.hpp"

#include "report/delimited_fields.hpp"
#include "report/json_report.hpp"
#include "report/measured_quantities.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"
#include "report/text_table.hpp"
#include "report/words.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace qbound::internal {

namespace {

using Align = TextTable::Align;
using Cell = TextTable::Cell;

constexpr int kDigits = 3;

std::string rounded(double value, Direction direction) {
    switch (direction) {
        case Direction::up:
            return round_trip_up(value);
        case Direction::down:
            return round_trip_down(value);
        case Direction::nearest:
            break;
    }
    return std::isfinite(value) ? shortest(value) : value > 0 ? "inf" : "-inf";
}

/// A measured number for a table, to nearest.
std::string short_number(double value) {
    return fmt::format("{:.{}g}", value, kDigits);
}

std::string decibels(double sqnr) {
    return std::isfinite(sqnr) ? fmt::format("{:.1f}", sqnr) : sqnr > 0 ? "inf" : "-inf";
}

/// One row per quantizer; columns only for what was measured.
TextTable overview(const MeasureReport& report) {
    const Measurement& first = report.results.front();
    std::vector<TextTable::Column> columns{{"quantizer"}, {"reached", Align::right}, {"log10", Align::right}, {"guarantee"}};
    if (first.data) {
        columns.insert(columns.end(), {{"mean", Align::right}, {"median", Align::right}, {"99%", Align::right}, {"max", Align::right}});
        if (!first.data->classes.empty()) {
            columns.push_back({"top-1", Align::right});
        }
        if (first.data->correct) {
            columns.insert(columns.end(),
                           {{"accuracy", Align::right}, {"quantized", Align::right}, {"drop", Align::right}});
        }
    }
    if (first.margins) {
        columns.push_back({"unchanged", Align::right});
    }
    TextTable table(columns);
    for (const Measurement& one : report.results) {
        const Reached& reached = one.reached;
        const bool proved = reached.guarantee == Guarantee::lower;
        std::vector<Cell> row{{quantizer_label(one.quantizer)},
                              {decimal_down(reached.value, kDigits)},
                              {log10_text(reached)},
                              {std::string(to_string(reached.guarantee)), proved ? Ink::good : Ink::doubtful}};
        if (const auto& data = one.data) {
            const ErrorSummary summary = summarise_errors(data->errors);
            row.insert(row.end(), {{short_number(summary.mean)},
                                   {short_number(summary.quantiles[0])},
                                   {short_number(summary.quantiles[2])},
                                   {short_number(summary.max)}});
            if (!data->classes.empty()) {
                row.push_back({percent(data->agreeing, data->count)});
            }
            if (data->correct) {
                row.insert(row.end(), {{percent(*data->correct, data->count)},
                                       {percent(*data->correct_quantized, data->count)},
                                       {percent(*data->correct - *data->correct_quantized, data->count)}});
            }
        }
        if (one.margins) {
            row.push_back({percent(one.margins->unchanged, one.margins->count)});
        }
        table.add_row(std::move(row));
    }
    return table;
}

std::string interval_text(const Proportion& p) {
    constexpr int kPlaces = 3;
    return fmt::format("[{}%, {}%]", fixed_down(100 * p.lower, kPlaces), fixed_up(100 * p.upper, kPlaces));
}

void add_statistical(Facts& facts, const Measurement& one) {
    const StatisticalReport& report = *one.statistical;
    const std::string confidence = fmt::format("with confidence {}%", shortest(100 * report.confidence));
    facts.add("statistical",
              report.limit ? fmt::format("{}, at least {}% of inputs have an error of at most {} (rank {} of {})", confidence,
                                         shortest(100 * report.coverage), decimal_up(*report.limit, kDigits), report.rank,
                                         one.data->count)
                           : fmt::format("no limit for {}% of inputs {}: {} inputs, {} are needed", shortest(100 * report.coverage),
                                         confidence, one.data->count, report.needed));
    if (const auto& exceeded = report.exceeded) {
        facts.add("", fmt::format("{}, P(error > {}) lies in {} ({} of {})", confidence, shortest(exceeded->threshold),
                                  interval_text(exceeded->probability), exceeded->count, one.data->count));
    }
    if (report.disagreement) {
        facts.add("", fmt::format("{}, P(class changes) lies in {} ({} of {})", confidence, interval_text(*report.disagreement),
                                  one.data->count - one.data->agreeing, one.data->count));
    }
}

/// What does not fit into the row.
Facts details(const MeasureReport& report, const Measurement& one, TableStyle style) {
    Facts facts(style);
    const Reached& reached = one.reached;
    const std::string prefix = report.results.size() > 1 ? quantizer_label(one.quantizer) + ": " : "";
    facts.add("reached", fmt::format("{}{} at output {}, enclosure width {}, {} evaluations, seed {}", prefix,
                                     decimal_down(reached.value, kDigits), reached.witness.output, decimal_up(reached.width, kDigits),
                                     reached.witness.evaluations, one.seed));
    if (one.statistical) {
        add_statistical(facts, one);
    }
    if (const auto& margins = one.margins) {
        facts.add("certified", fmt::format("the class cannot change for {} of {} inputs ({})", margins->unchanged, margins->count,
                                           percent(margins->unchanged, margins->count)));
    }
    return facts;
}

TextTable node_table(const MeasureReport& report, const Measurement& one, const RenderOptions& options) {
    TextTable table({{"node"}, {"op"}, {"SQNR dB", Align::right}, {"max|x-x'|", Align::right}, {"mean|x-x'|", Align::right}});
    for (const NodeError* node : selected_nodes(report, one, options.sort, options.top)) {
        const auto id = static_cast<std::size_t>(node->node);
        table.add_row({{report.node_names[id]},
                       {report.node_ops[id]},
                       {decibels(node->sqnr)},
                       {short_number(node->max_abs)},
                       {short_number(node->mean_abs)}});
    }
    return table;
}

TextTable output_table(const Measurement& one) {
    TextTable table({{"output", Align::right}, {"mean", Align::right}, {"median", Align::right}, {"90%", Align::right},
                     {"99%", Align::right}, {"max", Align::right}});
    for (std::size_t i = 0; i < one.data->outputs.size(); ++i) {
        const ErrorSummary& error = one.data->outputs[i];
        table.add_row({{fmt::format("{}", i)},
                       {short_number(error.mean)},
                       {short_number(error.quantiles[0])},
                       {short_number(error.quantiles[1])},
                       {short_number(error.quantiles[2])},
                       {short_number(error.max)}});
    }
    return table;
}

void write_summary(JsonWriter& json, const ErrorSummary& summary) {
    json.begin_object();
    json.key("mean").exact(summary.mean);
    json.key("median").exact(summary.quantiles[0]);
    json.key("q90").exact(summary.quantiles[1]);
    json.key("q99").exact(summary.quantiles[2]);
    json.key("max").exact(summary.max);
    json.end_object();
}

void write_proportion(JsonWriter& json, const Proportion& p) {
    json.key("probability_lower").lower(p.lower);
    json.key("probability_upper").upper(p.upper);
}

void write_data(JsonWriter& json, const MeasureReport& report, const Measurement& one, const RenderOptions& options, bool outputs) {
    const DataStatistics& data = *one.data;
    json.key("data").begin_object();
    json.key("count").integer(data.count);
    json.key("error");
    write_summary(json, summarise_errors(data.errors));
    if (!data.classes.empty()) {
        json.key("agreeing").integer(data.agreeing);
    }
    if (data.correct) {
        json.key("correct").integer(*data.correct);
        json.key("correct_quantized").integer(*data.correct_quantized);
    }
    if (outputs) {
        json.key("outputs").begin_array();
        for (const ErrorSummary& output : data.outputs) {
            write_summary(json, output);
        }
        json.end_array();
    }
    json.key("nodes").begin_array();
    for (const NodeError* node : selected_nodes(report, one, options.sort, options.top)) {
        const auto id = static_cast<std::size_t>(node->node);
        json.begin_object();
        json.key("name").text(report.node_names[id]);
        json.key("op").text(report.node_ops[id]);
        json.key("sqnr_db").exact(node->sqnr);
        json.key("max_abs").exact(node->max_abs);
        json.key("mean_abs").exact(node->mean_abs);
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

void write_statistical(JsonWriter& json, const StatisticalReport& report) {
    json.key("statistical").begin_object();
    json.key("guarantee").text(to_string(Guarantee::statistical));
    json.key("confidence").exact(report.confidence);
    json.key("assumptions").begin_array();
    json.text("the inputs are independent draws of the distribution meant");
    json.text("errors and classes are those computed in double");
    json.text("each statement has its confidence by itself");
    json.end_array();
    json.key("tolerance_limit").begin_object();
    json.key("share").exact(report.coverage);
    json.key("needed").integer(report.needed);
    json.key("value");
    if (report.limit) {
        json.upper(*report.limit);
        json.key("rank").integer(report.rank);
    } else {
        json.null();
    }
    json.end_object();
    if (const auto& exceeded = report.exceeded) {
        json.key("exceeded").begin_object();
        json.key("threshold").exact(exceeded->threshold);
        json.key("count").integer(exceeded->count);
        write_proportion(json, exceeded->probability);
        json.end_object();
    }
    if (report.disagreement) {
        json.key("disagreement").begin_object();
        write_proportion(json, *report.disagreement);
        json.end_object();
    }
    json.end_object();
}

}  // namespace

std::string quantizer_label(const std::optional<Quantizer>& quantizer) {
    if (!quantizer) {
        return "given";
    }
    const std::string bits = quantizer->eta ? "step" : fmt::format("{} bit{}", quantizer->bits, quantizer->bits == 1 ? "" : "s");
    return fmt::format("{}, {}", bits, word(quantizer->rounding));
}

std::string PrintableMeasure::table(const RenderOptions& options, TableStyle style) const {
    const bool markdown = style == TableStyle::markdown;
    const auto text_of = [&](const TextTable& table) { return markdown ? table.markdown() : table.plain(options.color); };
    const auto title = [&](const Measurement& one, std::string_view what) {
        return fmt::format("\n{}{}{}\n\n", markdown ? "### " : "", what,
                           report_.results.size() > 1 ? " at " + quantizer_label(one.quantizer) : "");
    };
    std::string out;
    if (options.header) {
        if (markdown) {
            out += fmt::format("## {}\n\n", markdown_escaped(one_line(report_.model.name)));
        }
        Facts facts(style);
        facts.add_model(report_.model);
        if (const auto& quantizer = report_.results.front().quantizer) {
            Quantizer common = *quantizer;
            facts.add("quantizer", report_.results.size() > 1 ? describe_grid(common) : describe(common));
        }
        for (const std::string& note : report_.model.notes) {
            facts.add("note", note);
        }
        if (const auto& data = report_.results.front().data) {
            facts.add("data", fmt::format("{} input{} of {}{}", data->count, data->count == 1 ? "" : "s", report_.data_file,
                                          report_.outside > 0
                                              ? fmt::format(", {} outside the input box (the search clamps them)", report_.outside)
                                              : ""));
        }
        out += facts.str() + '\n';
    }
    out += text_of(overview(report_));
    out += '\n';
    for (const Measurement& one : report_.results) {
        out += details(report_, one, style).str();
    }
    if (report_.results.front().statistical) {
        Facts facts(style);
        facts.add("assumes", "inputs are independent draws of the distribution meant; errors are those computed in double");
        out += facts.str();
    }
    for (const Measurement& one : report_.results) {
        if (one.data && options.layers) {
            out += title(one, "where the error arises") + text_of(node_table(report_, one, options));
        }
        if (one.data && outputs_) {
            out += title(one, "errors of the outputs") + text_of(output_table(one));
        }
    }
    return out;
}

std::string PrintableMeasure::json(const RenderOptions& options, JsonWriter::Style style) const {
    JsonWriter json(style);
    json.begin_object();
    json.key("schema").text("qbound.measure/1");
    json.key("qbound_version").text(version());
    write_model(json, report_.model);
    if (!report_.data_file.empty()) {
        json.key("data_file").text(report_.data_file);
        json.key("outside_input_box").integer(report_.outside);
    }
    json.key("results").begin_array();
    for (const Measurement& one : report_.results) {
        json.begin_object();
        write_quantizer(json, one.quantizer);
        json.key("seed").integer(static_cast<std::int64_t>(one.seed));
        json.key("reached");
        write_reached(json, one.reached);
        if (one.data) {
            write_data(json, report_, one, options, outputs_);
        }
        if (one.statistical) {
            write_statistical(json, *one.statistical);
        }
        if (const auto& margins = one.margins) {
            json.key("margins").begin_object();
            json.key("guarantee").text(to_string(Guarantee::certified));
            json.key("count").integer(margins->count);
            json.key("unchanged").integer(margins->unchanged);
            json.end_object();
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.str();
}

std::string PrintableMeasure::header(const RenderOptions& options, Delimited kind) const {
    std::vector<std::string> names{"model", "bits", "rounding", "granularity"};
    if (options.layers) {
        names.insert(names.end(), {"name", "op", "sqnr_db", "max_abs", "mean_abs"});
    } else if (outputs_) {
        names.insert(names.end(), {"output", "mean", "median", "q90", "q99", "max"});
    } else {
        names.insert(names.end(), {"quantity", "guarantee", "value", "details"});
    }
    return delimited_line(kind, names);
}

std::string PrintableMeasure::rows(const RenderOptions& options, Delimited kind) const {
    std::string out;
    for (const Measurement& one : report_.results) {
        const std::vector<std::string> leading = leading_fields(report_.model, one.quantizer);
        const auto add = [&](const std::vector<std::string>& values) {
            std::vector<std::string> fields = leading;
            fields.insert(fields.end(), values.begin(), values.end());
            out += delimited_line(kind, fields);
        };
        const auto number = [](double value) { return rounded(value, Direction::nearest); };
        if (options.layers) {
            for (const NodeError* node : one.data ? selected_nodes(report_, one, options.sort, options.top)
                                                  : std::vector<const NodeError*>{}) {
                const auto id = static_cast<std::size_t>(node->node);
                add({report_.node_names[id], report_.node_ops[id], number(node->sqnr), number(node->max_abs), number(node->mean_abs)});
            }
        } else if (outputs_) {
            for (std::size_t i = 0; one.data && i < one.data->outputs.size(); ++i) {
                const ErrorSummary& error = one.data->outputs[i];
                add({fmt::format("{}", i), number(error.mean), number(error.quantiles[0]), number(error.quantiles[1]),
                     number(error.quantiles[2]), number(error.max)});
            }
        } else {
            for (const Quantity& quantity : quantities(one)) {
                add({std::string(quantity.name), std::string(to_string(quantity.guarantee)),
                     rounded(quantity.value, quantity.direction), quantity.details});
            }
        }
    }
    return out;
}

std::string PrintableMeasure::bare(std::string_view number) const {
    std::string out;
    for (const Measurement& one : report_.results) {
        const std::vector<Quantity> all = quantities(one);
        const auto found = std::ranges::find(all, number, &Quantity::name);
        out += found == all.end() ? "nan" : rounded(found->value, found->direction);
        out += '\n';
    }
    return out;
}

}  // namespace qbound::internal
