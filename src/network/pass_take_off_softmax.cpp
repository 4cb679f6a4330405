// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "network/producers.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace qbound::internal {

namespace {

bool is_softmax(const ModelNode& node) {
    return node.op == "Softmax" || node.op == "LogSoftmax";
}

}  // namespace

void take_off_softmax(Model& model, Log& log) {
    const Producers producers(model);
    std::vector<std::size_t> passed;
    std::string value = model.outputs.front();
    for (auto i = producers.of(value); i; i = producers.of(value)) {
        const ModelNode& node = model.nodes[*i];
        const bool transparent = node.op == "Identity" || node.op == "Dropout" || node.op == "Cast";
        if ((!transparent && !is_softmax(node)) || node.inputs.empty() || node.outputs.front() != value) {
            return;
        }
        passed.push_back(*i);
        value = node.inputs.front();
        if (is_softmax(node)) {
            break;
        }
    }
    if (passed.empty() || !is_softmax(model.nodes[passed.back()])) {
        return;
    }
    log.notes.push_back(fmt::format("{} {} taken off: the output is its input, the logits", model.nodes[passed.back()].op,
                                    quoted(model.nodes[passed.back()].name)));
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
