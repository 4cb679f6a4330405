// SPDX-License-Identifier: Apache-2.0
#include "loader/element_types.hpp"
#include "loader/npy_header.hpp"
#include "loader/store_reals.hpp"
#include "loader/text.hpp"
#include "qbound/loader.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace qbound {
namespace {

using internal::fail_malformed;
using internal::NpyHeader;
using internal::NpyKind;
using internal::StoredType;

/// The places, in Fortran order (first index fastest), of an array's items taken in C order (last index fastest).
class FortranPlaces {
  public:
    explicit FortranPlaces(const Shape& shape) : axes_(shape.size()) {
        std::size_t stride = 1;
        for (std::size_t d = 0; d < shape.size(); ++d) {
            axes_[d] = {.extent = static_cast<std::size_t>(shape[d]), .stride = stride, .index = 0};
            stride *= axes_[d].extent;
        }
        std::ranges::reverse(axes_);
    }

    std::size_t next() noexcept {
        const std::size_t place = place_;
        for (Axis& axis : axes_) {
            place_ += axis.stride;
            if (++axis.index < axis.extent) {
                break;
            }
            place_ -= axis.stride * axis.extent;
            axis.index = 0;
        }
        return place;
    }

  private:
    struct Axis {
        std::size_t extent = 0;
        std::size_t stride = 0;
        std::size_t index = 0;
    };
    std::vector<Axis> axes_;  ///< last axis first
    std::size_t place_ = 0;
};

/// Fills `tensor` from `data`, whose items stand in C order or, transposed, in Fortran order.
template <class Read>
void fill(Tensor& tensor, Bytes data, const NpyHeader& header, Read read) {
    const std::byte* items = data.data();
    if (!header.fortran_order) {
        for (double& entry : tensor.data) {
            entry = read(items);
            items += header.item_bytes;
        }
        return;
    }
    FortranPlaces places(tensor.shape);
    for (double& entry : tensor.data) {
        entry = read(items + places.next() * header.item_bytes);
    }
}

StoredType element_type(const NpyHeader& header) {
    using enum StoredType;
    switch (header.kind) {
        case NpyKind::boolean:
            break;
        case NpyKind::floating:
            return header.item_bytes == 2 ? float16 : header.item_bytes == 4 ? float32 : float64;
        case NpyKind::signed_integer:
            return header.item_bytes == 1 ? int8 : header.item_bytes == 2 ? int16 : header.item_bytes == 4 ? int32 : int64;
        case NpyKind::unsigned_integer:
            return header.item_bytes == 1 ? uint8 : header.item_bytes == 2 ? uint16 : header.item_bytes == 4 ? uint32 : uint64;
    }
    return boolean;
}

}  // namespace

Tensor read_npy(Bytes file, std::string_view place) {
    const NpyHeader header = internal::parse_npy_header(file, place);
    const auto count = static_cast<std::size_t>(checked_size(header.shape, place));
    const Bytes data = file.subspan(header.data_offset);
    const std::size_t expected = count * header.item_bytes;  // ≤ 2^40 · 8
    if (data.size() != expected) {
        fail_malformed(std::string(place), "NPY data of " + std::to_string(data.size()) + " bytes where shape " +
                                               to_string(header.shape) + " takes " + std::to_string(expected));
    }
    Tensor tensor{header.shape, std::vector<double>(count)};
    internal::with_element_reader(element_type(header), header.big_endian, place,
                                  [&](auto read) { fill(tensor, data, header, read); });
    return tensor;
}

bool is_float32(const Tensor& tensor) noexcept {
    constexpr double kLargest = std::numeric_limits<float>::max();
    return std::ranges::all_of(tensor.data, [](double value) {
        return std::abs(value) <= kLargest && static_cast<double>(static_cast<float>(value)) == value;
    });
}

std::vector<std::byte> write_npy(const Tensor& tensor, RealType type) {
    std::string header = type == RealType::float32 ? "{'descr': '<f4'" : "{'descr': '<f8'";
    header += ", 'fortran_order': False, 'shape': (";
    for (const std::int64_t extent : tensor.shape) {
        header += std::to_string(extent) + ", ";
    }
    header += "), }";
    constexpr std::size_t kAlignment = 64;
    constexpr std::size_t kPrefixBytes = 10;
    const std::size_t unpadded = kPrefixBytes + header.size() + 1;
    header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
    header += '\n';

    std::string begin("\x93NUMPY\x01\x00", 8);
    begin += static_cast<char>(header.size() & 0xFFU);
    begin += static_cast<char>(header.size() >> 8U);
    begin += header;

    const std::size_t size = tensor.data.size() * internal::stored_size(type);
    std::vector<std::byte> file(begin.size() + size);
    std::memcpy(file.data(), begin.data(), begin.size());
    internal::store_reals(tensor.data, type, file.data() + begin.size());
    return file;
}

}  // namespace qbound
