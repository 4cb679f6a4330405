// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader/json_tree.hpp"
#include "qbound/loader.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace qbound::internal {

/// One reader per format; each turns what it is given into a Model and knows nothing of what follows.
/// All throw Error{malformed} or Error{unsupported} as `load_model` does.

/// A JSON document: manifest, layer list or weight dump, told apart by its top-level fields.
[[nodiscard]] Model read_json_model(Bytes file, const FileSource& beside, const LoadOptions& options);

/// {"format": "qbound-network", "version": 1, "name", "input", "output", "nodes", "tensors", "comment"}.
/// A node's value has the node's name. "comment" may hold any value and is not read.
[[nodiscard]] Model read_manifest(JsonValue::Object& document, const FileSource& beside, const LoadOptions& options);

/// {"layers": [{"weight", "bias", "activation", …}], "input", "name", "comment"}.
///
/// A weight of 2 dimensions is dense [out, in]; one of 3 or 4 is a convolution in 1-D or 2-D, with strides, pads, dilations, group.
/// An activation is an ONNX operator name in any case; a layer without one has none. Its attributes (alpha, …) stand beside it.
/// Flatten is put before a dense layer whose input has more than one dimension. Layers are named "layer1", "layer1.relu", … unless
/// they have a name.
[[nodiscard]] Model read_layer_list(JsonValue::Object& document, const FileSource& beside, const LoadOptions& options);

/// {"conv1.weight": [[…]], …}; objects inside are joined by dots.
[[nodiscard]] Model read_weight_dump(JsonValue::Object& document, const LoadOptions& options);

/// An NPZ archive as a weight dump.
[[nodiscard]] Model read_npz_model(Bytes file, const FileSource& beside, const LoadOptions& options);

/// A header length of 8 bytes, then the header, a JSON object; also if the length is beyond the file.
[[nodiscard]] bool looks_like_safetensors(Bytes file) noexcept;

/// A safetensors file as a weight dump. Every tensor's bytes lie in the data, are as many as its shape takes, and are its own.
/// Cost  the header's JSON tree, and the tensors in double: at most eight times the file.
[[nodiscard]] Model read_safetensors(Bytes file, const FileSource& beside, const LoadOptions& options);

/// An ONNX model (protobuf), opset 1 to 21, external data in its folder. Shapes are ONNX's own; attributes keep their types, and what
/// Model has no type for is a text in parentheses. Operators of other domains are named "domain.Op".
[[nodiscard]] Model read_onnx_model(Bytes file, const FileSource& beside, const LoadOptions& options);

}  // namespace qbound::internal
