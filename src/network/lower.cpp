// SPDX-License-Identifier: Apache-2.0
#include "qbound/lower.hpp"

#include "network/input_box.hpp"
#include "network/operator_table.hpp"
#include "network/passes.hpp"

#include <algorithm>
#include <utility>

namespace qbound {

Lowered lower(const Model& model, const LowerOptions& options) {
    return lower(Model(model), options);
}

Lowered lower(Model&& model, const LowerOptions& options) {
    Model graph = std::move(model);
    internal::Log log{.folds = {}, .notes = std::move(graph.notes)};
    internal::check_connections(graph);
    internal::order_nodes(graph);
    internal::take_off_softmax(graph, log);
    internal::drop_dead_nodes(graph, log);
    internal::fold_constants(graph);
    if (options.weights_only) {
        internal::pass_quantized_activations(graph, log);
    }
    internal::recognise_composites(graph, log);
    internal::refuse_unsupported(graph);
    internal::Draft draft = internal::translate(graph, log);
    internal::fold_batch_normalization(draft, log);
    internal::fold_shifts(draft, log);
    internal::drop_unreached(draft);
    const bool assumed_box = !options.box && !graph.inputs.front().lower;
    Box box = internal::input_box(graph.inputs.front(), options, log);
    return {.network = Network(std::move(graph.name), std::move(draft.nodes), draft.output, std::move(box)),
            .folds = std::move(log.folds),
            .notes = std::move(log.notes),
            .assumed_chain = graph.assumed_chain,
            .assumed_box = assumed_box};
}

std::vector<std::string> supported_operators() {
    std::vector<std::string> names{"LogSoftmax", "Softmax"};
    for (const internal::OperatorRow& row : internal::operator_table()) {
        names.emplace_back(row.op);
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace qbound
