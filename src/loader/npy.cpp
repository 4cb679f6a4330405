// SPDX-License-Identifier: Apache-2.0
#include "loader/npy_header.hpp"
#include "loader/text.hpp"
#include "qbound/loader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace qbound {
namespace {

using internal::fail_malformed;
using internal::NpyHeader;
using internal::NpyKind;

constexpr std::int64_t kMaxExactInteger = std::int64_t{1} << 53;

/// The unsigned integer stored at `from`.
template <class Bits>
Bits load(const std::byte* from, bool big_endian) noexcept {
    std::array<std::byte, sizeof(Bits)> raw{};
    std::memcpy(raw.data(), from, sizeof(Bits));
    if (big_endian != (std::endian::native == std::endian::big)) {
        std::ranges::reverse(raw);
    }
    return std::bit_cast<Bits>(raw);
}

/// The double that a binary16 denotes; exact, for binary64 contains binary16.
double from_half(std::uint16_t half) noexcept {
    const std::uint64_t sign = std::uint64_t{half} >> 15U << 63U;
    const std::uint64_t exponent = half >> 10U & 0x1FU;
    const std::uint64_t mantissa = half & 0x3FFU;
    if (exponent == 0) {
        const double magnitude = static_cast<double>(mantissa) * 0x1p-24;
        return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint64_t wide_exponent = exponent == 31 ? 2047 : exponent + (1023 - 15);
    return std::bit_cast<double>(sign | wide_exponent << 52U | mantissa << 42U);
}

struct HalfReader {
    bool big_endian;
    double operator()(const std::byte* from) const noexcept { return from_half(load<std::uint16_t>(from, big_endian)); }
};

struct FloatReader {
    bool big_endian;
    double operator()(const std::byte* from) const noexcept { return std::bit_cast<float>(load<std::uint32_t>(from, big_endian)); }
};

struct DoubleReader {
    bool big_endian;
    double operator()(const std::byte* from) const noexcept { return std::bit_cast<double>(load<std::uint64_t>(from, big_endian)); }
};

struct BoolReader {
    std::string_view place;
    double operator()(const std::byte* from) const {
        const auto value = std::to_integer<unsigned>(*from);
        if (value > 1) {
            fail_malformed(std::string(place), "a boolean of value " + std::to_string(value));
        }
        return value;
    }
};

template <class Integer>
struct IntegerReader {
    bool big_endian;
    std::string_view place;
    double operator()(const std::byte* from) const {
        const auto value = static_cast<Integer>(load<std::make_unsigned_t<Integer>>(from, big_endian));
        if constexpr (sizeof(Integer) == 8) {
            if (std::cmp_greater(value, kMaxExactInteger) || std::cmp_less(value, -kMaxExactInteger)) {
                fail_malformed(std::string(place), "integer " + std::to_string(value) + " is beyond 2^53");
            }
        }
        return static_cast<double>(value);
    }
};

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

void fill_as(Tensor& tensor, Bytes data, const NpyHeader& header, std::string_view place) {
    const bool big = header.big_endian;
    switch (header.kind) {
        case NpyKind::boolean:
            return fill(tensor, data, header, BoolReader{place});
        case NpyKind::floating:
            return header.item_bytes == 2   ? fill(tensor, data, header, HalfReader{big})
                   : header.item_bytes == 4 ? fill(tensor, data, header, FloatReader{big})
                                            : fill(tensor, data, header, DoubleReader{big});
        case NpyKind::signed_integer:
            return header.item_bytes == 1   ? fill(tensor, data, header, IntegerReader<std::int8_t>{big, place})
                   : header.item_bytes == 2 ? fill(tensor, data, header, IntegerReader<std::int16_t>{big, place})
                   : header.item_bytes == 4 ? fill(tensor, data, header, IntegerReader<std::int32_t>{big, place})
                                            : fill(tensor, data, header, IntegerReader<std::int64_t>{big, place});
        case NpyKind::unsigned_integer:
            return header.item_bytes == 1   ? fill(tensor, data, header, IntegerReader<std::uint8_t>{big, place})
                   : header.item_bytes == 2 ? fill(tensor, data, header, IntegerReader<std::uint16_t>{big, place})
                   : header.item_bytes == 4 ? fill(tensor, data, header, IntegerReader<std::uint32_t>{big, place})
                                            : fill(tensor, data, header, IntegerReader<std::uint64_t>{big, place});
    }
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
    fill_as(tensor, data, header, place);
    return tensor;
}

std::vector<std::byte> write_npy(const Tensor& tensor) {
    std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
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

    std::vector<std::byte> file(begin.size() + tensor.data.size() * sizeof(double));
    std::memcpy(file.data(), begin.data(), begin.size());
    std::byte* to = file.data() + begin.size();
    for (const double value : tensor.data) {
        auto raw = std::bit_cast<std::array<std::byte, sizeof(double)>>(value);
        if constexpr (std::endian::native == std::endian::big) {
            std::ranges::reverse(raw);
        }
        std::memcpy(to, raw.data(), raw.size());
        to += raw.size();
    }
    return file;
}

}  // namespace qbound
