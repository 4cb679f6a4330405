// SPDX-License-Identifier: Apache-2.0
#include "loader/json_tensor.hpp"
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace qbound::internal {
namespace {

constexpr std::array<std::string_view, 4> kCommonPrefixes{"module.", "_orig_mod.", "model.", "state_dict."};

struct Ending {
    std::string_view text;
    TensorRole role;
};

// Longer endings first: "moving_mean" ends with "mean".
constexpr std::array<Ending, 13> kEndings{{{"num_batches_tracked", TensorRole::counter},
                                           {"moving_variance", TensorRole::variance},
                                           {"running_mean", TensorRole::mean},
                                           {"running_var", TensorRole::variance},
                                           {"global_step", TensorRole::counter},
                                           {"moving_mean", TensorRole::mean},
                                           {"n_averaged", TensorRole::counter},
                                           {"moving_var", TensorRole::variance},
                                           {"weight", TensorRole::weight},
                                           {"epoch", TensorRole::counter},
                                           {"gamma", TensorRole::weight},
                                           {"beta", TensorRole::bias},
                                           {"bias", TensorRole::bias}}};

bool is_separator(char c) noexcept {
    return c == '.' || c == '/' || c == '_';
}

/// "conv1.weight" → ("conv1", weight); a bare "weight" has the prefix "layer".
std::optional<std::pair<std::string, TensorRole>> split(std::string_view name) {
    for (const Ending& ending : kEndings) {
        if (name == ending.text) {
            return std::pair{std::string("layer"), ending.role};
        }
        if (name.size() > ending.text.size() + 1 && name.ends_with(ending.text) &&
            is_separator(name[name.size() - ending.text.size() - 1])) {
            return std::pair{std::string(name.substr(0, name.size() - ending.text.size() - 1)), ending.role};
        }
    }
    return std::nullopt;
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

[[noreturn]] void refuse(const std::string& tensor, const std::string& reason) {
    fail_unsupported("tensor " + in_quotes(tensor), reason, "describe the network in a manifest");
}

/// Decides what the layer is, and that its tensors are those of such a layer.
void classify(DumpLayer& layer) {
    const std::string place = "layer " + in_quotes(layer.name);
    const bool has_mean = layer.tensors.contains(TensorRole::mean);
    if (has_mean != layer.tensors.contains(TensorRole::variance)) {
        fail_malformed(
            place, has_mean ? "it has a running mean and no running variance" : "it has a running variance and no running mean");
    }
    if (has_mean) {
        layer.kind = DumpKind::normalization;
        const Shape& channels = layer.at(TensorRole::mean).shape;
        for (const auto& [role, entry] : layer.tensors) {
            if (channels.size() != 1 || entry.second->shape != channels) {
                fail_malformed(place, "the tensors of a BatchNormalization are lists of one length; " + in_quotes(entry.first) +
                                          " is " + to_string(entry.second->shape));
            }
        }
        return;
    }
    if (!layer.tensors.contains(TensorRole::weight)) {
        refuse(layer.tensors.begin()->second.first, "a bias without a weight");
    }
    const auto& [name, weight] = layer.tensors.at(TensorRole::weight);
    switch (weight->shape.size()) {
        case 2:
            layer.kind = DumpKind::dense;
            return;
        case 3:
        case 4:
            layer.kind = DumpKind::convolution;
            return;
        default:
            refuse(name, "a weight of shape " + to_string(weight->shape) +
                             " is neither a dense layer, nor a convolution in 1-D or 2-D, nor has it running statistics");
    }
}

}  // namespace

std::vector<DumpLayer> group_layers(NamedTensors tensors, std::vector<std::string>& notes) {
    strip_common_prefixes(tensors, notes);
    std::vector<DumpLayer> layers;
    std::unordered_map<std::string, std::size_t> by_name;
    std::vector<std::string> counters;
    for (auto& [name, tensor] : tensors) {
        auto parts = split(name);
        if (!parts) {
            refuse(name, "its name ends in none of weight, bias, gamma, beta, running_mean, running_var");
        }
        auto& [prefix, role] = *parts;
        if (role == TensorRole::counter) {
            counters.push_back(name);
            continue;
        }
        require_weights(*tensor, "tensor " + in_quotes(name));
        const auto [place, is_new] = by_name.emplace(prefix, layers.size());
        if (is_new) {
            layers.push_back({.name = prefix, .kind = DumpKind::dense, .tensors = {}});
        }
        DumpLayer& layer = layers[place->second];
        if (!layer.tensors.emplace(role, std::pair{name, std::move(tensor)}).second) {
            fail_malformed("tensor " + in_quotes(name),
                           "layer " + in_quotes(prefix) + " has " + in_quotes(layer.tensors.at(role).first) + " already");
        }
    }
    if (!counters.empty()) {
        notes.push_back(counters.size() == 1
                            ? "counter " + in_quotes(counters.front()) + " left out"
                            : std::to_string(counters.size()) + " counters left out (" + in_quotes(counters.front()) + ", …)");
    }
    std::ranges::for_each(layers, classify);
    const bool has_weights =
        std::ranges::any_of(layers, [](const DumpLayer& layer) { return layer.kind != DumpKind::normalization; });
    if (!has_weights) {
        fail_malformed("", "no weight of a dense layer or convolution among the tensors");
    }
    return layers;
}

}  // namespace qbound::internal
