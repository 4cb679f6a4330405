// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "onnx.pb.h"
#include "qbound/loader.hpp"

#include <map>
#include <string>
#include <string_view>

namespace qbound::internal {

/// The files that hold a model's external data, each read once; and what a model may ask for beyond its own size.
class ExternalData {
  public:
    explicit ExternalData(const FileSource& beside) : beside_(beside) {}

    /// The `size` bytes that the tensor's external_data entries (location, offset, length) name.
    /// Errors: Error{malformed} at `place`; those of FileSource::read for a file outside the model's folder.
    [[nodiscard]] Bytes bytes(const onnx::TensorProto& tensor, std::size_t size, std::string_view place);

    /// Announces a sparse tensor of `entries` entries in all with `values` of them stored.
    /// Errors: Error{unsupported} at `place` where a model's sparse tensors are in all far larger than what it stores.
    void densify(std::int64_t entries, std::int64_t values, std::string_view place);

  private:
    const FileSource& beside_;
    std::map<std::string, OwnedBytes> files_;
    std::size_t mapped_ = 0;     ///< bytes of all files
    std::size_t delivered_ = 0;  ///< bytes given to tensors
    std::int64_t dense_ = 0;
    std::int64_t stored_ = 0;
};

/// A TensorProto's values, from raw_data, the typed fields or an external file; its data in `proto` is released.
///
/// Types   float, double, float16, bfloat16, bool, int4 … int64, uint4 … uint64. Integers of 64 bits beyond ±2^53 become ±2^62:
/// files
///         write such numbers as the end of an axis, and nothing else.
/// Errors  Error{malformed} at `place` for dims that do not fit the data; Error{unsupported} for other types.
/// Cost    one pass; memory the result.
[[nodiscard]] TensorPtr onnx_tensor(onnx::TensorProto& proto, ExternalData& external, std::string_view place);

/// A SparseTensorProto as a dense tensor; indices are linear or one row of coordinates per value.
/// Errors as onnx_tensor; Error{unsupported} where the dense tensor would be far larger than what the file holds.
[[nodiscard]] TensorPtr onnx_sparse_tensor(onnx::SparseTensorProto& proto, ExternalData& external, std::string_view place);

}  // namespace qbound::internal
