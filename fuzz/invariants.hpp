// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/error.hpp"
#include "qbound/loader.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What every input must do: give an Error of one line, or a result that keeps its promises. Anything else aborts.

inline void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

inline qbound::Bytes as_input(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

inline void check_tensor(const qbound::Tensor& tensor) {
    require(qbound::checked_size(tensor.shape, "") == tensor.size());
}

inline void check_model(const qbound::Model& model) {
    require(model.inputs.size() == 1 && model.outputs.size() == 1 && !model.nodes.empty());
    require(qbound::checked_size(model.inputs[0].shape, "") > 0);
    for (const auto& [name, tensor] : model.tensors) {
        check_tensor(*tensor);
        require(!tensor->data.empty() && std::ranges::all_of(tensor->data, [](double entry) { return std::isfinite(entry); }));
    }
    for (const qbound::ModelNode& node : model.nodes) {
        require(!node.name.empty() && !node.op.empty() && node.outputs.size() == 1);
    }
}

/// Calls `read`, which may throw a qbound::Error and nothing else.
template <class Read>
void check_call(Read read) {
    try {
        read();
    } catch (const qbound::Error& error) {
        require(error.kind() != qbound::ErrorKind::internal && !error.reason().empty());
        require(std::string_view(error.what()).find('\n') == std::string_view::npos);
    }
}

/// Every file beside the model is one small array, unless its name says that it is missing.
class OneFile final : public qbound::FileSource {
  public:
    [[nodiscard]] qbound::OwnedBytes read(std::string_view relative) const override {
        if (relative.find("missing") != std::string_view::npos) {
            throw qbound::Error(qbound::ErrorKind::malformed, std::string(relative), "no such file");
        }
        return {file_, nullptr};
    }
    [[nodiscard]] std::vector<std::string> list() const override { return {}; }

  private:
    std::vector<std::byte> file_ = qbound::write_npy({{2, 2}, {1, -2, 3, -4}});
};
