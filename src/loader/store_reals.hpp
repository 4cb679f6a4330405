// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"

#include <cstddef>
#include <span>

namespace qbound::internal {

/// Bytes of one entry.
[[nodiscard]] constexpr std::size_t stored_size(RealType type) noexcept {
    return type == RealType::float32 ? sizeof(float) : sizeof(double);
}

/// Writes the values to `to`, little-endian, stored_size(type) bytes each.
void store_reals(std::span<const double> values, RealType type, std::byte* to) noexcept;

/// Integers that doubles hold exactly, as int64.
void store_integers(std::span<const double> values, std::byte* to) noexcept;

}  // namespace qbound::internal
