// SPDX-License-Identifier: Apache-2.0
#include "network/constant_folding.hpp"
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace qbound::internal {

void fold_constants(Model& model) {
    std::int64_t spent = 0;
    std::vector<ModelNode> kept;
    for (ModelNode& node : model.nodes) {
        const bool is_output = std::ranges::find(node.outputs, model.outputs.front()) != node.outputs.end();
        const bool folded = !is_output && fold_node(model, node, [&](std::int64_t entries) {
            if (entries > kMaxTableEntries - spent) {
                throw Error(ErrorKind::malformed, node_place(node.name),
                            fmt::format("constant folding makes more than {} entries", kMaxTableEntries));
            }
            spent += entries;
        });
        if (!folded) {
            kept.push_back(std::move(node));
        }
    }
    model.nodes = std::move(kept);
}

}  // namespace qbound::internal
