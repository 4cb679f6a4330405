// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace qbound::internal {

/// Which node computes which value.
class Producers {
  public:
    explicit Producers(const Model& model) {
        for (std::size_t i = 0; i < model.nodes.size(); ++i) {
            for (const std::string& output : model.nodes[i].outputs) {
                by_value_.emplace(output, i);
            }
        }
        by_value_.erase("");
    }

    /// Index of the node whose output `value` is; nothing for inputs and tensors.
    [[nodiscard]] std::optional<std::size_t> of(const std::string& value) const {
        const auto found = by_value_.find(value);
        return found == by_value_.end() ? std::nullopt : std::optional(found->second);
    }

  private:
    std::unordered_map<std::string, std::size_t> by_value_;
};

}  // namespace qbound::internal
