// SPDX-License-Identifier: Apache-2.0
#include "cli/sha256.hpp"

#include "qbound/error.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <array>

namespace qbound::internal {

std::string sha256(Bytes bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
        throw Error(ErrorKind::internal, "", "SHA-256 is not available");
    }
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        text += fmt::format("{:02x}", digest[i]);
    }
    return text;
}

}  // namespace qbound::internal
