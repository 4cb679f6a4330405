// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qbound::internal {

/// Tensors by name, in the order in which they were stored.
using NamedTensors = std::vector<std::pair<std::string, TensorPtr>>;

/// How much the order of the tensors in a file says.
enum class StoredOrder { as_written, sorted_by_name };

/// A weight dump as a network; every reader of tensors without a topology ends here. Names are cleaned (clean_names), then the
/// tensors get the topology that was given or that they fit (match_topology). Else they are a chain:
///
/// Layers are the tensors that share a prefix (dump_layers), in the order that the file, --order or the shapes give (dump_order),
/// joined as dump_chain describes. Model::assumed_chain is set, and the notes say what was assumed.
///
/// Errors  Error{malformed} or Error{unsupported} naming the tensor or layer; Error{usage} for an --order that does not name each
///         layer once.
[[nodiscard]] Model model_of_tensors(NamedTensors tensors, StoredOrder stored, std::string_view format, const LoadOptions& options);

// ---- dump_names.cpp: names as the network's layers have them

/// Leaves out what is no parameter: counters such as num_batches_tracked. Takes off prefixes that all names share ("module.",
/// "_orig_mod.", "model.", "net.", "state_dict."). Both are noted.
/// Errors  Error{malformed} for a tensor that is empty or has an entry that is not finite.
void clean_names(NamedTensors& tensors, std::vector<std::string>& notes);

// ---- dump_layers.cpp: tensors → layers

enum class DumpKind { dense, convolution, normalization };
enum class TensorRole { weight, bias, mean, variance };

/// The tensors that share a prefix. `name` is the prefix.
struct DumpLayer {
    std::string name;
    DumpKind kind = DumpKind::dense;
    std::map<TensorRole, std::pair<std::string, TensorPtr>> tensors;

    [[nodiscard]] const Tensor& at(TensorRole role) const { return *tensors.at(role).second; }
};

/// Groups tensors by prefix, in order of first appearance.
///
/// A prefix with a running mean and variance is a BatchNormalization; a weight of 2 dimensions is dense [out, in], of 3 or 4 a
/// convolution [out, in/group, …].
[[nodiscard]] std::vector<DumpLayer> group_layers(NamedTensors tensors);

// ---- dump_chain.cpp: what follows what

/// How a layer takes the values that come to it.
struct Fit {
    enum class Bridge { none, flatten, global_pool, average_pool };
    Bridge bridge = Bridge::none;
    std::vector<std::int64_t> pool_kernel;  ///< of average_pool; also its strides
    std::int64_t group = 1;                 ///< of a convolution
    Shape out;                              ///< without batch
};

/// Whether `layer` can follow values of shape `in` (without batch), which is what "the shapes chain" means:
///   convolution    `in` is [C, positions…] of the same dimension, and the weight takes C channels, or one channel per group
///                  (depthwise: group = C, C divides the outputs); stride 1 and pads that keep the size are assumed
///   dense          the fan-in is the number of values (flattened if need be); or, after a convolution (`may_pool`), it is C
///   (global
///                  average pool) or C·k² where the positions fall into k×k equal tiles (average pool; in 1-D C·k)
///   normalization  as many entries as channels
[[nodiscard]] std::optional<Fit> fit(const Shape& in, const DumpLayer& layer, bool may_pool);

/// The input's shape (without batch) as --input-shape gives it; nothing if it was not given and no layer needs it.
/// Errors  Error{malformed} with the hint to give --input-shape if there is a convolution.
[[nodiscard]] std::optional<Shape> stated_input(const std::vector<DumpLayer>& layers, const LoadOptions& options);

/// The input that `first` takes in a net of dense layers; in a sketch also a usual one for a convolution.
[[nodiscard]] Shape input_for(const DumpLayer& first);

/// Appends the layers to `model`: Relu between them (after their BatchNormalization), none after the last weight layer.
/// Errors  Error{malformed} at the first layer that does not fit; none in a sketch, which has a note instead.
void emit_chain(std::vector<DumpLayer>& layers, const Shape& input, double bn_epsilon, bool sketch, Model& model);

// ---- dump_order.cpp: which order

/// Puts the layers in order:
///   1. as LoadOptions::order names them, each once, by its own name or by that of one of its tensors;
///   2. else as they were written, unless the tensors' names are in byte order, which sorting may have done;
///   3. else in the only order in which the shapes chain (`fit`), if there is exactly one and its weight layers then stand in
///   natural
///      order of their names (conv2 before conv10). Two layers that could change places make two orders.
/// Errors  Error{malformed} with the hint to give --order; Error{usage} for an --order that does not name each layer once.
/// Cost    the search of 3 gives up, as if there were no order, beyond 512 layers or 200,000 tries.
void order_layers(std::vector<DumpLayer>& layers, StoredOrder stored, const std::optional<Shape>& input, const LoadOptions& options,
                  std::vector<std::string>& notes);

}  // namespace qbound::internal
