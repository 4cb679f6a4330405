// SPDX-License-Identifier: Apache-2.0
#include "loader/element_types.hpp"

namespace qbound::internal {

std::size_t bytes_of(StoredType type) noexcept {
    switch (type) {
        case StoredType::boolean:
        case StoredType::int8:
        case StoredType::uint8:
            return 1;
        case StoredType::int16:
        case StoredType::uint16:
        case StoredType::float16:
        case StoredType::bfloat16:
            return 2;
        case StoredType::int32:
        case StoredType::uint32:
        case StoredType::float32:
            return 4;
        case StoredType::int64:
        case StoredType::uint64:
        case StoredType::float64:
            break;
    }
    return 8;
}

void decode_elements(StoredType type, Bytes items, std::string_view place, std::span<double> entries) {
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
