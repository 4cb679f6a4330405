// SPDX-License-Identifier: Apache-2.0
#include "loader/store_reals.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace qbound::internal {
namespace {

template <class Stored>
void store(std::span<const double> values, std::byte* to) noexcept {
    for (const double value : values) {
        auto raw = std::bit_cast<std::array<std::byte, sizeof(Stored)>>(static_cast<Stored>(value));
        if constexpr (std::endian::native == std::endian::big) {
            std::ranges::reverse(raw);
        }
        std::memcpy(to, raw.data(), raw.size());
        to += raw.size();
    }
}

}  // namespace

void store_reals(std::span<const double> values, RealType type, std::byte* to) noexcept {
    if (type == RealType::float32) {
        store<float>(values, to);
    } else {
        store<double>(values, to);
    }
}

void store_integers(std::span<const double> values, std::byte* to) noexcept {
    store<std::int64_t>(values, to);
}

}  // namespace qbound::internal
