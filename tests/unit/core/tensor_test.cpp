// SPDX-License-Identifier: Apache-2.0
#include "qbound/tensor.hpp"
#include "qbound/error.hpp"
#include "support/catch.hpp"

#include <limits>
#include <string>

using namespace qbound;

namespace {

std::string message_of(const Shape& shape) {
    try {
        static_cast<void>(checked_size(shape, "tensor 'w'"));
    } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::malformed);
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("sizes of shapes", "[tensor]") {
    CHECK(checked_size({}, "") == 1);
    CHECK(checked_size({3, 224, 224}, "") == 150528);
    CHECK(checked_size({5, 0, 7}, "") == 0);
    CHECK(checked_size({kMaxEntries}, "") == kMaxEntries);
    CHECK(checked_size({1 << 20, 1 << 20}, "") == kMaxEntries);
    CHECK(checked_size({std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max(), 0}, "") == 0);
}

TEST_CASE("negative and overflowing shapes are refused with their place", "[tensor]") {
    CHECK(message_of({3, -1, 4}) == "tensor 'w': shape 3x-1x4 has a negative extent");
    CHECK(message_of({0, -1}) == "tensor 'w': shape 0x-1 has a negative extent");
    CHECK(message_of({kMaxEntries, 2}) == "tensor 'w': shape 1099511627776x2 has more than 1099511627776 entries");
    CHECK(message_of({std::int64_t{1} << 62, 4, 4}) ==
          "tensor 'w': shape 4611686018427387904x4x4 has more than 1099511627776 entries");
    CHECK(message_of({std::numeric_limits<std::int64_t>::min()}) == "tensor 'w': shape -9223372036854775808 has a negative extent");
}

TEST_CASE("shapes as text", "[tensor]") {
    CHECK(to_string(Shape{}) == "scalar");
    CHECK(to_string(Shape{10}) == "10");
    CHECK(to_string(Shape{3, 224, 224}) == "3x224x224");
}
