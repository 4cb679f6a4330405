// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qbound {

using Bytes = std::span<const std::byte>;

/// Bytes together with whatever keeps them alive (a mapping, a buffer).
struct OwnedBytes {
    Bytes bytes;
    std::shared_ptr<const void> owner;
};

/// The files beside a model file. The library never opens a file itself: the caller decides what a name may reach.
class FileSource {
  public:
    FileSource() = default;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    virtual ~FileSource() = default;

    /// Contents of the file `relative`, '/'-separated, relative to the model file's folder.
    /// Errors: Error{malformed} if it does not exist, is not a regular file, or lies outside that folder, also by a symbolic link.
    [[nodiscard]] virtual OwnedBytes read(std::string_view relative) const = 0;

    /// Names of the regular files directly in the folder, sorted.
    [[nodiscard]] virtual std::vector<std::string> list() const = 0;
};

/// A network manifest without the tensors' data: the graph of a weight dump.
struct TopologySource {
    std::string name;                          ///< for messages; without a file, the name of a topology that qbound carries
    OwnedBytes file;                           ///< the manifest
    std::shared_ptr<const FileSource> beside;  ///< the files beside it; none if it refers to none
};

/// What the user may add to a file that does not say everything.
struct LoadOptions {
    std::vector<std::string> order;             ///< weight dumps: layer names or tensor names in order (--order)
    std::optional<Shape> input_shape;           ///< weight dumps: input shape without batch (--input-shape)
    std::map<std::string, Shape> input_shapes;  ///< shapes by input name, in place of the file's (--input-shape NAME:1,3,224,224)
    std::string input;                          ///< which of several inputs (--input)
    std::string output;                         ///< which of several outputs, or any value or node (--output)
    std::optional<double> bn_epsilon;  ///< weight dumps: ε of BatchNormalization, which they do not store (--bn-eps); else 1e-5
    std::optional<TopologySource> topology;  ///< weight dumps: the graph (--topology); else it may be recognised, or is a chain
    bool sketch = false;  ///< weight dumps: a chain also of layers that do not fit each other, for `write_topology` and a person
};

/// Reads a network from the bytes of its file; the format is found from the content.
///
/// Formats  network manifest (JSON), layer list (JSON), weight dump (JSON object of nested arrays), NPZ (ZIP of NPY), safetensors.
///
/// Dumps    have the graph of LoadOptions::topology; or that of a known architecture whose tensors have these names and shapes; or,
///          assumed (Model::assumed_chain), a chain of their layers.
/// Errors   Error{malformed} with the offset, node or tensor; Error{unsupported} for a format or dtype known but not supported.
/// Cost     one pass; memory the tensors in double plus a small multiple of the file's largest tensor.
[[nodiscard]] Model load_model(Bytes file, const FileSource& beside, const LoadOptions& options);

/// Reads a folder of .npy files as a weight dump: each file is a tensor named like the file without its ending.
[[nodiscard]] Model load_npy_folder(const FileSource& folder, const LoadOptions& options);

/// The model's graph as a manifest without data, for LoadOptions::topology: tensors have their shapes only, but for those that no
/// dump has (Model::supplied). What the reader noted becomes the comment.
/// Errors  Error{unsupported} naming the node that a manifest cannot express.
[[nodiscard]] std::string write_topology(const Model& model);

/// The names of the topologies that qbound carries, sorted; TopologySource takes them.
[[nodiscard]] std::vector<std::string> topology_names();

/// Reads one NPY array: f2, f4, f8, bool, i1..i8, u1..u8, both byte orders, C and Fortran order, header versions 1 to 3.
///
/// Errors   Error{malformed} at `place` for a broken header, a size beyond the data or trailing bytes, an integer beyond ±2^53;
///          Error{unsupported} for other dtypes (object arrays are never unpickled).
/// Cost     one pass, memory the result.
[[nodiscard]] Tensor read_npy(Bytes file, std::string_view place);

/// The arrays of an NPZ archive in file order, by name without ".npy".
/// Errors as read_npy, and for archives whose members expand beyond `max_bytes` in all or beyond their declared size.
[[nodiscard]] std::vector<std::pair<std::string, TensorPtr>> read_npz(Bytes file, std::string_view place, std::size_t max_bytes);

/// True if the bytes begin like a ZIP archive (an NPZ).
[[nodiscard]] bool looks_like_zip(Bytes file) noexcept;

/// How real numbers are stored in a file.
enum class RealType { float32, float64 };

/// True if every entry is a float32 number.
[[nodiscard]] bool is_float32(const Tensor& tensor) noexcept;

/// An NPY file (version 1, '<f8' or '<f4', C order) with the tensor's entries; as float32 they are rounded to nearest.
[[nodiscard]] std::vector<std::byte> write_npy(const Tensor& tensor, RealType type = RealType::float64);

}  // namespace qbound
