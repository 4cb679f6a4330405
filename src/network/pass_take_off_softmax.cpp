// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "network/producers.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace qbound::internal {

void take_off_softmax(Model& model, Log& log) {
    const Producers producers(model);
    std::vector<std::size_t> passed;
    std::string value = model.outputs.front();
    for (auto i = producers.of(value); i; i = producers.of(value)) {
        const ModelNode& node = model.nodes[*i];
        const bool transparent = node.op == "Identity" || node.op == "Dropout";
        if ((!transparent && node.op != "Softmax") || node.inputs.empty() || node.outputs.front() != value) {
            return;
        }
        passed.push_back(*i);
        value = node.inputs.front();
        if (node.op == "Softmax") {
            break;
        }
    }
    if (passed.empty() || model.nodes[passed.back()].op != "Softmax") {
        return;
    }
    log.notes.push_back(
        fmt::format("Softmax {} taken off: the output is its input, the logits", quoted(model.nodes[passed.back()].name)));
    model.outputs.front() = std::move(value);
    // Nothing that the new output needs comes after it.
    std::vector<bool> gone(model.nodes.size(), false);
    for (const std::size_t i : passed) {
        gone[i] = true;
    }
    std::vector<ModelNode> kept;
    for (std::size_t i = 0; i < model.nodes.size(); ++i) {
        if (!gone[i]) {
            kept.push_back(std::move(model.nodes[i]));
        }
    }
    model.nodes = std::move(kept);
}

}  // namespace qbound::internal
