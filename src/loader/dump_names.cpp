// SPDX-License-Identifier: Apache-2.0
#include "loader/json_tensor.hpp"
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <array>

namespace qbound::internal {
namespace {

constexpr std::array<std::string_view, 7> kCommonPrefixes{"module.", "_orig_mod.", "model.",           "state_dict.",
                                                          "net.",    "network.",   "model_state_dict."};
constexpr std::array<std::string_view, 4> kCounters{"num_batches_tracked", "global_step", "n_averaged", "epoch"};

bool is_separator(char c) noexcept {
    return c == '.' || c == '/' || c == '_';
}

bool is_counter(std::string_view name) {
    return std::ranges::any_of(kCounters, [name](std::string_view ending) {
        return name == ending ||
               (name.size() > ending.size() && name.ends_with(ending) && is_separator(name[name.size() - ending.size() - 1]));
    });
}

void leave_out_counters(NamedTensors& tensors, std::vector<std::string>& notes) {
    std::vector<std::string> counters;
    std::erase_if(tensors, [&](auto& entry) {
        if (is_counter(entry.first)) {
            counters.push_back(std::move(entry.first));
            return true;
        }
        return false;
    });
    if (!counters.empty()) {
        notes.push_back(counters.size() == 1
                            ? "counter " + in_quotes(counters.front()) + " left out"
                            : std::to_string(counters.size()) + " counters left out (" + in_quotes(counters.front()) + ", …)");
    }
}

void strip_common_prefixes(NamedTensors& tensors, std::vector<std::string>& notes) {
    constexpr int kMaxRounds = 4;  // real names have two or three such prefixes; a hostile one may have a million
    bool stripped = !tensors.empty();
    for (int round = 0; stripped && round < kMaxRounds; ++round) {
        stripped = false;
        for (const std::string_view prefix : kCommonPrefixes) {
            const bool shared = std::ranges::all_of(
                tensors, [&](const auto& entry) { return entry.first.size() > prefix.size() && entry.first.starts_with(prefix); });
            if (shared) {
                for (auto& entry : tensors) {
                    entry.first.erase(0, prefix.size());
                }
                notes.push_back("prefix " + in_quotes(prefix) + " taken off all tensor names");
                stripped = true;
            }
        }
    }
}

}  // namespace

void clean_names(NamedTensors& tensors, std::vector<std::string>& notes) {
    leave_out_counters(tensors, notes);
    strip_common_prefixes(tensors, notes);
    for (const auto& [name, tensor] : tensors) {
        require_weights(*tensor, "tensor " + in_quotes(name));
    }
}

}  // namespace qbound::internal
