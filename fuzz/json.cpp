// SPDX-License-Identifier: Apache-2.0
// load_model on JSON documents and on whatever the bytes are taken for, with and without the options of weight dumps.
#include "invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const OneFile beside;
    qbound::LoadOptions options;
    check_call([&] { check_model(qbound::load_model(as_input(data, size), beside, options)); });
    options.input_shape = qbound::Shape{2, 4, 4};
    check_call([&] { check_model(qbound::load_model(as_input(data, size), beside, options)); });
    options.order = {"b", "a"};
    check_call([&] { check_model(qbound::load_model(as_input(data, size), beside, options)); });
    return 0;
}
