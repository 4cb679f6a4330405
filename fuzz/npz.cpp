// SPDX-License-Identifier: Apache-2.0
#include "invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
    check_call([&] {
        for (const auto& [name, tensor] : qbound::read_npz(as_input(data, size), "x.npz", kMaxBytes)) {
            check_tensor(*tensor);
            require(tensor->data.size() <= kMaxBytes);  // one byte at least for each entry
        }
    });
    return 0;
}
