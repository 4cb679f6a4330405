// SPDX-License-Identifier: Apache-2.0
#include "invariants.hpp"

#include <bit>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_call([&] {
        const qbound::Tensor tensor = qbound::read_npy(as_input(data, size), "x.npy");
        check_tensor(tensor);
        // What was read is written and read back, bit for bit.
        const qbound::Tensor back = qbound::read_npy(qbound::write_npy(tensor), "back.npy");
        require(back.shape == tensor.shape);
        require(std::ranges::equal(back.data, tensor.data, [](double a, double b) {
            return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
        }));
    });
    return 0;
}
