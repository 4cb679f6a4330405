// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/options.hpp"
#include "qbound/error.hpp"
#include "qbound/lower.hpp"
#include "qbound/network.hpp"

#include <optional>
#include <string>
#include <vector>

namespace qbound::internal {

struct LoadRequest {
    LoadOptions load;
    const BoxOptions* box = nullptr;  ///< options that may replace the file's box
    bool require_box = true;
    bool weights_only = false;  ///< pass the quantization of activations through
    bool sha256 = false;  ///< whether the digest is wanted
};

/// A network and what is known of the file that it came from.
struct LoadedNetwork {
    Lowered lowered;
    std::string file;
    std::string format;
    std::string sha256;  ///< of the file's bytes; of a folder, of the lines that sha256sum prints for its files in order
    std::vector<std::string> notes;  ///< the reader's, then those of `lowered`
};

/// How messages name the file: itself, or "standard input".
[[nodiscard]] std::string display_name(const std::string& path);

/// What `work` returns; its errors, other than wrong usage, get `path` put before their place.
template <class Work>
auto with_file(const std::string& path, const Work& work) {
    try {
        return work();
    } catch (const Error& error) {
        throw error.kind() == ErrorKind::usage ? error : error.within(path);
    }
}

/// Reads the model that the user named. Errors: those of the library, with the file put before their place.
[[nodiscard]] Model load_model_file(const std::string& path, const LoadOptions& options);

/// Reads and lowers the model that the user named. Errors: those of the library, with the file put before their place.
[[nodiscard]] LoadedNetwork load_network(const std::string& path, const LoadRequest& request);

}  // namespace qbound::internal
