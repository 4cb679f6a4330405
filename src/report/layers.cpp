// SPDX-License-Identifier: Apache-2.0
#include "report/layers.hpp"

#include "qbound/error.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <string_view>

namespace qbound {

namespace {

using Before = bool (*)(const LayerReport&, const LayerReport&);

double largest_eta(const LayerReport& layer) {
    return layer.etas.empty() ? 0 : *std::max_element(layer.etas.begin(), layer.etas.end());
}

struct Column {
    std::string_view name;
    Before before;
};

using L = const LayerReport&;
constexpr std::array<Column, 12> kColumns{{
    {"name", [](L a, L b) { return a.name < b.name; }},
    {"op", [](L a, L b) { return a.op < b.op; }},
    {"fan_in", [](L a, L b) { return a.fan_in > b.fan_in; }},
    {"norm_inf", [](L a, L b) { return a.norm_inf > b.norm_inf; }},
    {"norm_inf_quantized", [](L a, L b) { return a.norm_inf_quantized > b.norm_inf_quantized; }},
    {"delta_norm_inf", [](L a, L b) { return a.delta_norm_inf > b.delta_norm_inf; }},
    {"norm_2", [](L a, L b) { return a.norm_2 && b.norm_2 && *a.norm_2 > *b.norm_2; }},
    {"delta_norm_2", [](L a, L b) { return a.delta_norm_2 && b.delta_norm_2 && *a.delta_norm_2 > *b.delta_norm_2; }},
    {"eta", [](L a, L b) { return largest_eta(a) > largest_eta(b); }},
    {"bits", [](L a, L b) { return a.bits > b.bits; }},
    {"max_abs_delta", [](L a, L b) { return a.max_abs_delta > b.max_abs_delta; }},
    {"share", [](L a, L b) { return a.share.value_or(0) > b.share.value_or(0); }},
}};

const Column* find_column(std::string_view name) {
    const auto* const found = std::find_if(kColumns.begin(), kColumns.end(), [&](const Column& c) { return c.name == name; });
    return found == kColumns.end() ? nullptr : found;
}

}  // namespace

std::vector<std::string> layer_columns() {
    std::vector<std::string> names;
    for (const Column& column : kColumns) {
        names.emplace_back(column.name);
    }
    return names;
}

namespace internal {

void check_sort_column(const std::string& column) {
    if (!column.empty() && find_column(column) == nullptr) {
        throw Error(ErrorKind::usage, "--sort", fmt::format("'{}' is not a column", one_line(column)),
                    "one of " + join(layer_columns(), ", "));
    }
}

std::vector<const LayerReport*> selected_layers(const Result& result, const RenderOptions& options) {
    std::vector<const LayerReport*> layers;
    layers.reserve(result.layers.size());
    for (const LayerReport& layer : result.layers) {
        layers.push_back(&layer);
    }
    if (!options.sort.empty()) {
        const Before before = find_column(options.sort)->before;
        std::stable_sort(layers.begin(), layers.end(), [&](const LayerReport* a, const LayerReport* b) { return before(*a, *b); });
    }
    if (options.top != 0 && options.top < layers.size()) {
        layers.resize(options.top);
    }
    return layers;
}

std::string eta_text(const LayerReport& layer) {
    if (layer.etas.empty()) {
        return "-";
    }
    constexpr int kDigits = 3;
    const auto [least, greatest] = std::minmax_element(layer.etas.begin(), layer.etas.end());
    if (*least == *greatest) {
        return decimal_up(*greatest, kDigits);
    }
    return fmt::format("{}..{}", decimal_down(*least, kDigits), decimal_up(*greatest, kDigits));
}

}  // namespace internal

}  // namespace qbound
