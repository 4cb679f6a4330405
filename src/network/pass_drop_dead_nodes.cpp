// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "network/producers.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <vector>

namespace qbound::internal {

namespace {

constexpr std::size_t kNamesInNote = 5;

std::vector<bool> needed_nodes(const Model& model) {
    const Producers producers(model);
    std::vector<bool> needed(model.nodes.size(), false);
    std::vector<std::string> pending{model.outputs.front()};
    while (!pending.empty()) {
        const auto producer = producers.of(pending.back());
        pending.pop_back();
        if (producer && !needed[*producer]) {
            needed[*producer] = true;
            const auto& inputs = model.nodes[*producer].inputs;
            pending.insert(pending.end(), inputs.begin(), inputs.end());
        }
    }
    return needed;
}

void note_dropped(const std::vector<std::string>& dropped, Log& log) {
    std::string text = fmt::format("left out, because the output does not depend on {}: ", dropped.size() == 1 ? "it" : "them");
    for (std::size_t i = 0; i < dropped.size() && i < kNamesInNote; ++i) {
        text += (i == 0 ? "" : ", ") + node_place(dropped[i]);
    }
    if (dropped.size() > kNamesInNote) {
        text += fmt::format(" and {} more", dropped.size() - kNamesInNote);
    }
    log.notes.push_back(std::move(text));
}

}  // namespace

void drop_dead_nodes(Model& model, Log& log) {
    const auto needed = needed_nodes(model);
    std::vector<ModelNode> kept;
    std::vector<std::string> dropped;
    for (std::size_t i = 0; i < model.nodes.size(); ++i) {
        if (needed[i]) {
            kept.push_back(std::move(model.nodes[i]));
        } else {
            dropped.push_back(model.nodes[i].name);
        }
    }
    model.nodes = std::move(kept);
    if (!dropped.empty()) {
        note_dropped(dropped, log);
    }
}

}  // namespace qbound::internal
