// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace qbound {

/// Extents of an array, outermost first. An empty shape is a scalar (one entry).
using Shape = std::vector<std::int64_t>;

/// No array of qbound holds more entries than this; a file that claims more is malformed.
inline constexpr std::int64_t kMaxEntries = std::int64_t{1} << 40;

/// Number of entries of `shape`.
/// Errors: Error{malformed} at `place` if an extent is negative or the product exceeds kMaxEntries.
[[nodiscard]] std::int64_t checked_size(const Shape& shape, std::string_view place);

/// "3x224x224"; a scalar is "scalar".
[[nodiscard]] std::string to_string(const Shape& shape);

/// What a file says of an array's entries, where it matters: integers divide with truncation, and quantizing saturates at their
/// range.
enum class ElementType : std::uint8_t { real, boolean, int4, uint4, int8, uint8, int16, uint16, int32, uint32, int64, uint64 };

/// A dense array of doubles in C order. Weights of every stored type are held as the exact doubles that they denote
/// (float16, bfloat16, float32 and integers up to 2^53 are all exact in double).
struct Tensor {
    Shape shape;
    std::vector<double> data;
    ElementType type = ElementType::real;  ///< what the file stores; the values are held as doubles all the same

    [[nodiscard]] bool integral() const noexcept { return type != ElementType::real; }
    [[nodiscard]] std::int64_t size() const noexcept { return static_cast<std::int64_t>(data.size()); }
};

/// Tensors are shared between Model, Network and WeightPair and never change once built.
using TensorPtr = std::shared_ptr<const Tensor>;

}  // namespace qbound
