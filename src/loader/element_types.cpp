// SPDX-License-Identifier: Apache-2.0
#include "loader/element_types.hpp"

namespace qbound::internal {

std::size_t bytes_of(ElementType type) noexcept {
    switch (type) {
        case ElementType::boolean:
        case ElementType::int8:
        case ElementType::uint8:
            return 1;
        case ElementType::int16:
        case ElementType::uint16:
        case ElementType::float16:
        case ElementType::bfloat16:
            return 2;
        case ElementType::int32:
        case ElementType::uint32:
        case ElementType::float32:
            return 4;
        case ElementType::int64:
        case ElementType::uint64:
        case ElementType::float64:
            break;
    }
    return 8;
}

void decode_elements(ElementType type, Bytes items, std::string_view place, std::span<double> entries) {
    if (items.size() != entries.size() * bytes_of(type)) {
        throw Error(ErrorKind::internal, std::string(place), "the bytes are not those of the entries");
    }
    const std::size_t step = bytes_of(type);
    with_element_reader(type, false, place, [&](auto read) {
        const std::byte* from = items.data();
        for (double& entry : entries) {
            entry = read(from);
            from += step;
        }
    });
}

}  // namespace qbound::internal
