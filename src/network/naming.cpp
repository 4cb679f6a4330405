// SPDX-License-Identifier: Apache-2.0
#include "network/naming.hpp"

#include <fmt/format.h>

namespace qbound::internal {

namespace {
constexpr std::size_t kLongestName = 200;
}

std::string quoted(std::string_view name) {
    std::string text = "'";
    for (const char c : name.substr(0, kLongestName)) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20 || code == 0x7f) {
            text += fmt::format("\\x{:02x}", code);
        } else {
            text += c;
        }
    }
    text += name.size() > kLongestName ? "…'" : "'";
    return text;
}

std::string node_place(std::string_view name) {
    return "node " + quoted(name);
}

}  // namespace qbound::internal
