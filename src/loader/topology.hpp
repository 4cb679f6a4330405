// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader/json_tree.hpp"
#include "loader/weight_dump.hpp"
#include "qbound/loader.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace qbound::internal {

/// A tensor that a topology leaves to the weight dump.
struct ExpectedTensor {
    Shape shape;                 ///< an extent of −1 is free: the number of classes, say
    std::optional<double> fill;  ///< every entry, where a dump does not have the tensor
};

/// A network without its weights. `graph` has the nodes, the input, and tensors that are written in nodes.
struct Topology {
    Model graph;
    std::map<std::string, ExpectedTensor> tensors;
};

/// A network manifest whose "tensors" may be {"shape": […]}, with an extent of −1 where it is free, or {"shape": […], "fill": 1}.
/// Of tensors with data the shape counts.
/// Errors  Error{malformed} as read_manifest.
[[nodiscard]] Topology read_topology(JsonValue::Object& document, const FileSource& beside);

/// In what the tensors are not those of the topology, in one line: missing, unknown, of another shape. Empty if they are.
[[nodiscard]] std::string difference(const Topology& topology, const NamedTensors& tensors);

/// The topology of LoadOptions::topology with the tensors; without one, the shipped topology that the tensors fit, if there is one.
/// Errors  Error{malformed} if the topology that was given does not fit; Error{usage} for an input shape that does not.
[[nodiscard]] std::optional<Model> match_topology(NamedTensors& tensors, std::string_view format, const LoadOptions& options);

/// A topology that the program carries: a manifest's text.
struct ShippedTopology {
    std::string_view name;
    std::string_view text;
};

/// Those of the folder topologies/, by name. The build makes the function from the files.
[[nodiscard]] std::span<const ShippedTopology> shipped_topologies() noexcept;

}  // namespace qbound::internal
