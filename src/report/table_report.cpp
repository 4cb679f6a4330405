// SPDX-License-Identifier: Apache-2.0
#include "report/table_report.hpp"

#include "report/facts.hpp"
#include "report/layers.hpp"
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

std::string bits_text(const Result& result) {
    if (!result.quantizer) {
        return "given";
    }
    return result.quantizer->eta ? "step" : fmt::format("{}", result.quantizer->bits);
}

std::vector<std::string> layers_with_bits(const Quantizer& quantizer) {
    std::vector<std::string> texts;
    for (const auto& [layer, bits] : quantizer.bits_by_layer) {
        texts.push_back(fmt::format("{} {}", layer, bits));
    }
    return texts;
}

std::string quantizer_text(const Report& report) {
    const auto& quantizer = report.results.front().quantizer;
    if (!quantizer) {
        return "none: the quantized network is given by a file";
    }
    std::string text = describe(*quantizer);
    if (!quantizer->eta) {
        std::vector<std::string> bits;
        for (const Result& result : report.results) {
            bits.push_back(bits_text(result));
        }
        text = fmt::format("{} {}, {}", join(bits, ", "), report.results.size() == 1 && bits.front() == "1" ? "bit" : "bits", text);
    }
    if (!quantizer->bits_by_layer.empty()) {
        text += fmt::format(", with bits of their own: {}", join(layers_with_bits(*quantizer), ", "));
    }
    return text;
}

void add_quantization(Facts& facts, const Report& report) {
    facts.add("quantizer", quantizer_text(report));
    std::vector<std::string> deltas;
    for (const Result& result : report.results) {
        deltas.push_back(decimal_up(result.delta, kDigits));
    }
    facts.add("delta", fmt::format("max |theta - theta'| = {}", join(deltas, ", ")));
    for (const std::string& note : report.model.notes) {
        facts.add("note", note);
    }
    const Result& first = report.results.front();
    if (first.convention == FanInConvention::paper) {
        facts.add("fan-in", "counted as in the paper, groups not divided out");
    }
    if (!first.left_out.empty()) {
        facts.add("left out", fmt::format("{} (too many operations for the default; --methods all)", join(first.left_out, ", ")));
    }
}

void add_constants(Facts& facts, const Result& result, bool several) {
    const PathConstants& c = result.constants;
    const auto root = [&](Upper power) {
        const auto value = root_up(power, c.L - 1);
        return value ? decimal_up(*value, 4) : std::string("undefined (L = 1)");
    };
    facts.add("constants",
              fmt::format("{}L = {}, N = {}, sum of widths = {}, delta on the main path = {}",
                          several ? bits_text(result) + " bits: " : "", c.L, c.N, c.width_sum, decimal_up(c.delta, kDigits)));
    facts.add("", fmt::format("r = {}, r_mean = {}, r_conv = {}", decimal_up(c.r, 4), root(c.r_mean_power), root(c.r_conv_power)));
    facts.add("", fmt::format("fan-in grouped: sum {}, max {}; as in the paper: sum {}, max {}", c.fan_in_sum, c.fan_in_max,
                              c.fan_in_sum_paper, c.fan_in_max_paper));
}

/// Decades from the error reached to the best bound, rounded up.
std::string gap_text(const Result& result) {
    const double gap = result.gap_up();
    return std::isfinite(gap) ? fixed_up(gap, 2) : "inf";
}

Ink ink_of(Guarantee guarantee) {
    return guarantee == Guarantee::certified || guarantee == Guarantee::lower ? Ink::good : Ink::doubtful;
}

void add_reasons(TextTable& table, const Bound& bound) {
    for (const std::string& reason : bound.reasons) {
        table.add_remark(reason);
    }
}

TextTable one_width(const Result& result) {
    TextTable table({{"method"}, {"value", Align::right}, {"log10", Align::right}, {"guarantee"}, {"gain", Align::right}});
    for (std::size_t i = 0; i < result.bounds.size(); ++i) {
        const Bound& bound = result.bounds[i];
        table.add_row({{bound.method},
                       {decimal_up(bound.value, kDigits)},
                       {log10_text(bound.value)},
                       {std::string(to_string(bound.guarantee)), ink_of(bound.guarantee)},
                       {i == 0 ? "" : gain_text(result.bounds[i - 1].value, bound.value)}});
        add_reasons(table, bound);
    }
    if (const auto& reached = result.reached) {
        table.add_row({{"reached"},
                       {decimal_down(reached->value, kDigits)},
                       {log10_text(*reached)},
                       {std::string(to_string(reached->guarantee)), ink_of(reached->guarantee)},
                       {gap_text(result)}});
    }
    return table;
}

const Bound* find_bound(const Result& result, const std::string& method) {
    const auto found =
        std::find_if(result.bounds.begin(), result.bounds.end(), [&](const Bound& bound) { return bound.method == method; });
    return found == result.bounds.end() ? nullptr : &*found;
}

/// Several bit widths: methods in the order of the first, log10 in a column per width.
TextTable several_widths(const Report& report) {
    std::vector<TextTable::Column> columns{{"log10 at bits"}};
    for (const Result& result : report.results) {
        columns.push_back({bits_text(result), Align::right});
    }
    columns.push_back({"guarantee"});
    TextTable table(columns);
    for (const Bound& bound : report.results.front().bounds) {
        std::vector<Cell> row{{bound.method}};
        const Bound* weakest = &bound;
        bool mixed = false;
        for (const Result& result : report.results) {
            const Bound* other = find_bound(result, bound.method);
            row.push_back(other == nullptr ? Cell{"-"} : Cell{log10_text(other->value), ink_of(other->guarantee)});
            if (other != nullptr && other->guarantee != bound.guarantee) {
                mixed = true;
                weakest = other->guarantee == Guarantee::conditional ? other : weakest;
            }
        }
        row.push_back({mixed ? "mixed" : std::string(to_string(bound.guarantee)), mixed ? Ink::doubtful : ink_of(bound.guarantee)});
        table.add_row(std::move(row));
        add_reasons(table, *weakest);
    }
    const Result& first = report.results.front();
    if (first.reached) {
        std::vector<Cell> row{{"reached"}};
        std::vector<Cell> gap{{"best/reached"}};
        bool mixed = false;
        for (const Result& result : report.results) {
            row.push_back({log10_text(*result.reached), ink_of(result.reached->guarantee)});
            gap.push_back({gap_text(result)});
            mixed = mixed || result.reached->guarantee != first.reached->guarantee;
        }
        row.push_back({mixed ? "mixed" : std::string(to_string(first.reached->guarantee)),
                       mixed ? Ink::doubtful : ink_of(first.reached->guarantee)});
        gap.push_back({""});
        table.add_row(std::move(row));
        table.add_row(std::move(gap));
    }
    return table;
}

std::string best_line(const Result& result) {
    if (!result.best) {
        return "no finite certified bound";
    }
    const Bound& bound = result.bounds[*result.best];
    const std::string gap =
        result.reached ? fmt::format("; {} decades above the error reached", gap_text(result)) : std::string();
    return fmt::format("{} {} (log10 {}, certified){}", bound.method, decimal_up(bound.value, kDigits), log10_text(bound.value), gap);
}

TextTable layer_table(const Result& result, const RenderOptions& options) {
    const auto layers = selected_layers(result, options);
    const bool two_conventions =
        std::any_of(layers.begin(), layers.end(), [](const LayerReport* layer) { return layer->fan_in != layer->fan_in_paper; });
    std::vector<TextTable::Column> columns{{"layer"}, {"op"}, {"shape"}, {"fan-in", Align::right}};
    if (two_conventions) {
        columns.push_back({"paper's", Align::right});
    }
    columns.insert(columns.end(), {{"|W|inf", Align::right},
                                   {"|W'|inf", Align::right},
                                   {"|W-W'|inf", Align::right},
                                   {"|W|2", Align::right},
                                   {"|W-W'|2", Align::right},
                                   {"eta", Align::right},
                                   {"bits", Align::right},
                                   {"max|W-W'|", Align::right},
                                   {"share", Align::right}});
    TextTable table(columns);
    for (const LayerReport* layer : layers) {
        std::vector<Cell> row{{layer->name}, {layer->op}, {to_string(layer->shape)}, {fmt::format("{}", layer->fan_in)}};
        if (two_conventions) {
            row.push_back({fmt::format("{}", layer->fan_in_paper)});
        }
        row.insert(row.end(), {{decimal_up(layer->norm_inf, kDigits)},
                               {decimal_up(layer->norm_inf_quantized, kDigits)},
                               {decimal_up(layer->delta_norm_inf, kDigits)},
                               {layer->norm_2 ? decimal_up(*layer->norm_2, kDigits) : "-"},
                               {layer->delta_norm_2 ? decimal_up(*layer->delta_norm_2, kDigits) : "-"},
                               {eta_text(*layer)},
                               {layer->bits == 0 ? "-" : fmt::format("{}", layer->bits)},
                               {decimal_up(layer->max_abs_delta, kDigits)},
                               {layer->share ? fmt::format("{:.1f}%", 100 * *layer->share) : "-"}});
        table.add_row(std::move(row));
    }
    return table;
}

}  // namespace

std::string table_report(const Report& report, const RenderOptions& options, TableStyle style) {
    const bool markdown = style == TableStyle::markdown;
    const bool several = report.results.size() > 1;
    const auto text_of = [&](const TextTable& table) { return markdown ? table.markdown() : table.plain(options.color); };
    std::string out;
    if (options.header) {
        if (markdown) {
            out += fmt::format("## {}\n\n", markdown_escaped(one_line(report.model.name)));
        }
        Facts facts(style);
        facts.add_model(report.model);
        if (!report.results.empty()) {
            add_quantization(facts, report);
        }
        if (options.constants) {
            for (const Result& result : report.results) {
                add_constants(facts, result, several);
            }
        }
        out += facts.str() + '\n';
    }
    if (report.results.empty()) {
        return out;
    }
    if (options.layers) {
        for (const Result& result : report.results) {
            if (several) {
                out += fmt::format("{}layers at {} bits\n\n", markdown ? "### " : "", bits_text(result));
            }
            out += text_of(layer_table(result, options)) + '\n';
        }
    }
    out += text_of(several ? several_widths(report) : one_width(report.results.front()));
    Facts best(style);
    for (const Result& result : report.results) {
        best.add(several ? fmt::format("best at {}", bits_text(result)) : "best", best_line(result));
    }
    return out + (markdown ? "\n" : "") + best.str();
}

}  // namespace qbound::internal
