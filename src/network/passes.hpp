// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/translator.hpp"
#include "qbound/model.hpp"

/// The passes of `lower`, in the order in which they run. Each is one file, does one thing, and can be tested alone.
namespace qbound::internal {

/// Names nameless nodes after their output, and checks that the graph is one: one input and one output, every name defined once,
/// every node's input known. Errors: Error{malformed} naming the node or value; Error{unsupported} for several inputs or outputs.
void check_connections(Model& model);

/// Puts the nodes into topological order; nodes that are in order already keep the file's order.
/// Errors: Error{malformed} naming a node of a cycle.
void order_nodes(Model& model);

/// A Softmax that gives the output, perhaps through Identity and Dropout nodes, is taken off: the output becomes its input.
void take_off_softmax(Model& model, Log& log);

/// Evaluates what depends on constants alone (constant_folding.hpp); the results become tensors.
/// Errors: those of the operators; Error{malformed} naming the node at which the results exceed kMaxTableEntries entries.
void fold_constants(Model& model);

/// For bounds on the weights alone: QuantizeLinear and DequantizeLinear on computed values become Identity, QLinearConv and
/// QLinearMatMul become Conv and MatMul with the weights that they stand for. Says so.
void pass_quantized_activations(Model& model, Log& log);

/// Activations that are written as several nodes become one: x·Sigmoid(x) Silu; x·Clip(x + 3, 0, 6)/6 and x·HardSigmoid(x) with α =
/// 1/6 HardSwish; Clip(x + 3, 0, 6)/6 HardSigmoid; x·(1 + Erf(x/√2))/2 Gelu; x·Tanh(Softplus(x)) Mish. Constants count as 1/6, √2
/// or 1/√2 if they are these numbers rounded to double or to float32. Says so.
void recognise_composites(Model& model, Log& log);

/// Removes the nodes on which the output does not depend, and says so.
void drop_dead_nodes(Model& model, Log& log);

/// Nodes that constant folding removes once shapes are known are left in peace.
/// Errors: Error{unsupported} that lists every operator and attribute without a meaning here; then Error{malformed} for a node with
/// missing or too many inputs.
void refuse_unsupported(const Model& model);

/// The nodes expressed in the node kinds, with shapes. Takes the tensors out of the model as they are used up.
/// Errors: those of the operators (operators_*.cpp).
[[nodiscard]] Draft translate(Model& model, Log& log);

/// Folds each BatchNormalization into the weight layer before it where that has no other consumer: w·s and b·s + shift, in double
/// (docs/theory.md, BatchNormalization).
/// Errors: Error{malformed} naming the node if a folded weight or bias is not finite.
void fold_batch_normalization(Draft& draft, Log& log);

/// An Add of one constant per channel after a weight layer without bias, which has no other consumer, becomes its bias.
void fold_shifts(Draft& draft, Log& log);

/// Removes the nodes that the output does not need: what was translated only for its shape.
void drop_unreached(Draft& draft);

}  // namespace qbound::internal
