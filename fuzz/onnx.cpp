// SPDX-License-Identifier: Apache-2.0
// An ONNX file through the loader and, where that succeeds, through lowering: an Error, or a network.
#include "invariants.hpp"
#include "qbound/lower.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const OneFile beside;
    check_call([&] {
        const qbound::Model model = qbound::load_model(as_input(data, size), beside, {});
        for (const auto& [name, tensor] : model.tensors) {
            check_tensor(*tensor);
        }
        for (const bool weights_only : {false, true}) {
            check_call([&] { (void)qbound::lower(model, {.box = {}, .weights_only = weights_only, .require_box = false}); });
        }
    });
    return 0;
}
