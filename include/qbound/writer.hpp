// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"
#include "qbound/model.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qbound {

/// A tensor that a manifest refers to: where it expects the NPY file, and what write_npy is to be called with.
struct TensorFile {
    std::string path;  ///< relative to the manifest, '/'-separated
    TensorPtr tensor;
    RealType type = RealType::float64;  ///< float32 where that is exact
};

struct ManifestFiles {
    std::string json;
    std::vector<TensorFile> tensors;
};

/// `name` as a file's name that is safe everywhere: letters, digits, '.', '_' and '-', not beginning with '.', at most 100
/// characters.
[[nodiscard]] std::string safe_file_name(std::string_view name);

/// The network manifest of a model of one input and one output in the manifest's operators, as to_model gives it. Real tensors go
/// to one NPY file each, `folder`/NAME.npy with a safe and unique NAME; short lists of integers stay in the text. Reading it back
/// gives the same nodes and the same numbers, bit for bit.
///
/// Errors  Error{unsupported} naming a node whose operator manifests do not have.
/// Cost    linear in the graph; the tensors are shared, not copied.
[[nodiscard]] ManifestFiles write_manifest(const Model& model, const std::string& folder);

struct OnnxFile {
    std::string bytes;
    std::int64_t opset = 0;
    std::int64_t rounded = 0;  ///< numbers that are not exactly what the model has
};

/// The ONNX file of a model of one input and one output, as to_model gives it, with `type` for every real value. `output_shape` has
/// the batch axis in front. The input's box has no place in ONNX and is left out.
///
/// Operators  opset 17, or the first that has what the model needs (19 for AveragePool with dilations, 20 for Gelu by tanh). Scale
///            becomes BatchNormalization of mean 0 and variance 1, after a Reshape to the same shape where readers would fold it
///            into the layer before; Silu, Gelu and Mish become x·Sigmoid(x), x·(1 + Erf(x/√2))/2 and x·Tanh(Softplus(x)).
/// Errors     Error{unsupported} for a number beyond float32's range, and for a file beyond 2 GiB.
/// Cost       twice the file's size in memory.
[[nodiscard]] OnnxFile write_onnx(const Model& model, const Shape& output_shape, RealType type);

}  // namespace qbound
