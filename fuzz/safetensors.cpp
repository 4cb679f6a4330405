// SPDX-License-Identifier: Apache-2.0
// load_model on safetensors files, as they are and with a header length that fits whatever the bytes are.
#include "invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const OneFile beside;
    qbound::LoadOptions options;
    options.input_shape = qbound::Shape{2, 4, 4};
    check_call([&] { check_model(qbound::load_model(as_input(data, size), beside, options)); });

    // Up to the first line break the header, behind it the data: most mutations of a text stay files.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t header = std::min(text.find('\n'), size);
    std::string file(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) {
        file[i] = static_cast<char>(header >> (8 * i) & 0xFFU);
    }
    file.append(text.substr(0, header)).append(text.substr(std::min(header + 1, size)));
    check_call([&] { check_model(qbound::load_model(std::as_bytes(std::span(file)), beside, options)); });
    return 0;
}
