// SPDX-License-Identifier: Apache-2.0
// Operators that compute nothing (rearrange.hpp), on computed values.
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

namespace qbound::internal {

void translate_rearrangement(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const auto outputs = rearrange_function(node.op)(t.arguments(node), Shape(t.full_shape(id)));
    if (outputs.size() < node.outputs.size()) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("{} gives {} outputs, not {}", node.op, outputs.size(), node.outputs.size()));
    }
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        if (!node.outputs[k].empty()) {
            t.emit_rearranged(node, outputs[k], id, k);
        }
    }
}

void translate_identity(Translator& t, const ModelNode& node) {
    t.alias(node, t.source(node, 0));
}

}  // namespace qbound::internal
