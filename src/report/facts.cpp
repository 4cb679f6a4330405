// SPDX-License-Identifier: Apache-2.0
#include "report/facts.hpp"

#include "report/numbers.hpp"
#include "report/text.hpp"
#include "report/text_table.hpp"

#include <fmt/format.h>

namespace qbound::internal {

void Facts::add(const std::string& label, const std::string& text) {
    constexpr std::size_t kLabelWidth = 11;
    const std::string clean = one_line(text);
    if (style_ == TableStyle::markdown) {
        out_ += label.empty() ? fmt::format("  - {}\n", markdown_escaped(clean))
                              : fmt::format("- **{}**: {}\n", label, markdown_escaped(clean));
    } else {
        out_ += fmt::format("{:<{}} {}\n", label, kLabelWidth, clean);
    }
}

void Facts::add_model(const ModelSummary& model) {
    add("model", fmt::format("{}: {} ({})", model.name, model.file, model.format));
    add("network", fmt::format("{}, {} weight layer{}, {} parameters, depth L = {}, largest width N = {}", model.topology,
                               model.weight_layers, model.weight_layers == 1 ? "" : "s", grouped_thousands(model.parameters),
                               model.depth, grouped_thousands(model.max_width)));
    add("input", fmt::format("{} in {}, D = {}", to_string(model.input_shape), model.input_box, decimal_up(model.D, 6)));
}

}  // namespace qbound::internal
