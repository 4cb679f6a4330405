// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/loader.hpp"

#include <cstddef>
#include <string_view>

namespace qbound::internal {

enum class NpyKind { boolean, signed_integer, unsigned_integer, floating };

/// What an NPY file says before its data.
struct NpyHeader {
    NpyKind kind = NpyKind::floating;
    std::size_t item_bytes = 8;
    bool big_endian = false;
    bool fortran_order = false;
    Shape shape;
    std::size_t data_offset = 0;  ///< where the data begin in the file
};

/// Parses magic, version and the header dictionary {'descr': …, 'fortran_order': …, 'shape': …}, keys in any order.
///
/// Errors  Error{malformed} at `place` with the byte offset; Error{unsupported} naming a dtype that is not a real number's.
[[nodiscard]] NpyHeader parse_npy_header(Bytes file, std::string_view place);

}  // namespace qbound::internal
