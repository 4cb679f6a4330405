// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader/text.hpp"
#include "qbound/loader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace qbound::internal {

/// The types in which files store the entries of a tensor. Each is exact in double, integers up to ±2^53.
enum class StoredType { boolean, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, bfloat16, float32, float64 };

/// Bytes of one entry.
[[nodiscard]] std::size_t bytes_of(StoredType type) noexcept;

inline constexpr std::int64_t kMaxExactInteger = std::int64_t{1} << 53;

/// The unsigned integer stored at `from`.
template <class Bits>
[[nodiscard]] Bits load_bits(const std::byte* from, bool big_endian) noexcept {
    std::array<std::byte, sizeof(Bits)> raw{};
    std::memcpy(raw.data(), from, sizeof(Bits));
    if (big_endian != (std::endian::native == std::endian::big)) {
        std::ranges::reverse(raw);
    }
    return std::bit_cast<Bits>(raw);
}

/// The double that a binary16 denotes; exact, for binary64 contains binary16.
[[nodiscard]] inline double from_float16(std::uint16_t half) noexcept {
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

/// The double that a bfloat16 denotes: it is the upper half of a float.
[[nodiscard]] inline double from_bfloat16(std::uint16_t upper) noexcept {
    return std::bit_cast<float>(std::uint32_t{upper} << 16U);
}

/// Error{malformed} at `place` for a byte that is neither 0 nor 1.
[[nodiscard]] inline double from_boolean(std::byte byte, std::string_view place) {
    const auto value = std::to_integer<unsigned>(byte);
    if (value > 1) {
        fail_malformed(std::string(place), "a boolean of value " + std::to_string(value));
    }
    return value;
}

/// Error{malformed} at `place` for an integer beyond ±2^53.
template <class Integer>
[[nodiscard]] double from_integer(Integer value, std::string_view place) {
    if constexpr (sizeof(Integer) == 8) {
        if (std::cmp_greater(value, kMaxExactInteger) || std::cmp_less(value, -kMaxExactInteger)) {
            fail_malformed(std::string(place), "integer " + std::to_string(value) + " is beyond 2^53");
        }
    }
    return static_cast<double>(value);
}

/// Calls use(read), where read(from) is the double that the entry of `type` stored at `from` denotes. One call for a whole array,
/// so that the type is not asked for entry by entry. Errors at `place`, as from_boolean and from_integer.
template <class Use>
void with_element_reader(StoredType type, bool big_endian, std::string_view place, const Use& use) {
    const auto integers = [&]<class Integer>(std::type_identity<Integer>) {
        use([=](const std::byte* from) {
            return from_integer(static_cast<Integer>(load_bits<std::make_unsigned_t<Integer>>(from, big_endian)), place);
        });
    };
    switch (type) {
        case StoredType::boolean:
            return use([=](const std::byte* from) { return from_boolean(*from, place); });
        case StoredType::int8:
            return integers(std::type_identity<std::int8_t>{});
        case StoredType::uint8:
            return integers(std::type_identity<std::uint8_t>{});
        case StoredType::int16:
            return integers(std::type_identity<std::int16_t>{});
        case StoredType::uint16:
            return integers(std::type_identity<std::uint16_t>{});
        case StoredType::int32:
            return integers(std::type_identity<std::int32_t>{});
        case StoredType::uint32:
            return integers(std::type_identity<std::uint32_t>{});
        case StoredType::int64:
            return integers(std::type_identity<std::int64_t>{});
        case StoredType::uint64:
            return integers(std::type_identity<std::uint64_t>{});
        case StoredType::float16:
            return use([=](const std::byte* from) { return from_float16(load_bits<std::uint16_t>(from, big_endian)); });
        case StoredType::bfloat16:
            return use([=](const std::byte* from) { return from_bfloat16(load_bits<std::uint16_t>(from, big_endian)); });
        case StoredType::float32:
            return use(
                [=](const std::byte* from) -> double { return std::bit_cast<float>(load_bits<std::uint32_t>(from, big_endian)); });
        case StoredType::float64:
            return use([=](const std::byte* from) { return std::bit_cast<double>(load_bits<std::uint64_t>(from, big_endian)); });
    }
}

/// Fills `entries` from little-endian items of `type` that stand one after the other; `items` has exactly those bytes.
void decode_elements(StoredType type, Bytes items, std::string_view place, std::span<double> entries);

}  // namespace qbound::internal
