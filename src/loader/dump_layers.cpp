// SPDX-License-Identifier: Apache-2.0
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace qbound::internal {
namespace {

struct Ending {
    std::string_view text;
    TensorRole role;
};

// Longer endings first: "moving_mean" ends with "mean".
constexpr std::array<Ending, 9> kEndings{{{"moving_variance", TensorRole::variance},
                                          {"running_mean", TensorRole::mean},
                                          {"running_var", TensorRole::variance},
                                          {"moving_mean", TensorRole::mean},
                                          {"moving_var", TensorRole::variance},
                                          {"weight", TensorRole::weight},
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
        case 0:
        case 1:
            refuse(name, layer.tensors.contains(TensorRole::bias)
                             ? "a weight and bias per channel without running statistics (LayerNorm, GroupNorm, InstanceNorm?)"
                             : "a weight per channel alone (slopes of PRelu, a scale?)");
        default:
            refuse(name, "a weight of shape " + to_string(weight->shape) +
                             " is neither a dense layer, nor a convolution in 1-D or 2-D, nor has it running statistics");
    }
}

}  // namespace

std::vector<DumpLayer> group_layers(NamedTensors tensors) {
    std::vector<DumpLayer> layers;
    std::unordered_map<std::string, std::size_t> by_name;
    for (auto& [name, tensor] : tensors) {
        auto parts = split(name);
        if (!parts) {
            refuse(name, "its name ends in none of weight, bias, gamma, beta, running_mean, running_var");
        }
        auto& [prefix, role] = *parts;
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
    std::ranges::for_each(layers, classify);
    const bool has_weights =
        std::ranges::any_of(layers, [](const DumpLayer& layer) { return layer.kind != DumpKind::normalization; });
    if (!has_weights) {
        fail_malformed("", "no weight of a dense layer or convolution among the tensors");
    }
    return layers;
}

}  // namespace qbound::internal
