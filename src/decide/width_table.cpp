// SPDX-License-Identifier: Apache-2.0
#include "decide/width_table.hpp"

#include "core/parallel.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace qbound {

namespace internal {
namespace {

/// Numbers of each layer whose bits count; `unit_of` says which layers share a weight.
std::vector<std::int64_t> count_numbers(const Network& network, bool quantize_biases, std::vector<std::size_t>& unit_of) {
    std::unordered_map<const Tensor*, std::size_t> units;
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        const WeightLayer& layer = network.layer(i);
        const auto [unit, is_new] = units.emplace(layer.weight.get(), units.size());
        unit_of.push_back(unit->second);
        numbers.push_back((is_new ? layer.weight->size() : 0) +
                          (quantize_biases ? static_cast<std::int64_t>(layer.bias.size()) : 0));
    }
    return numbers;
}

}  // namespace

WidthTable::WidthTable(const Network& network, const AllocateOptions& options)
    : network_(&network), options_(&options), layer_numbers_(count_numbers(network, options.quantizer.quantize_biases, unit_of_)) {
    for (std::size_t i = 0; i < layer_numbers_.size(); ++i) {
        numbers_.resize(std::max(numbers_.size(), unit_of_[i] + 1));
        numbers_[unit_of_[i]] += layer_numbers_[i];
    }
    const bool with_spectral =
        std::any_of(options.methods.begin(), options.methods.end(), [](const Method* method) { return !method->fast; });
    for (const int bits : options.widths) {
        Quantizer quantizer = options.quantizer;
        quantizer.bits = bits;
        const WeightPair& pair = pairs_.emplace_back(network, std::move(quantizer));
        std::vector<LayerNorms>& norms = norms_.emplace_back(pair.size());
        parallel_for(static_cast<std::int64_t>(pair.size()), options.threads,
                     [&](std::int64_t i) { norms[static_cast<std::size_t>(i)] = layer_norms(pair, static_cast<std::size_t>(i)); });
        if (!with_spectral) {
            continue;
        }
        std::vector<LayerSpectralNorms> spectral;
        for (std::size_t i = 0; i < pair.size(); ++i) {
            const std::optional<Upper> theta = spectral_.empty() ? std::nullopt : std::optional(spectral_.front()[i].two);
            spectral.push_back(layer_spectral_norms(pair, i, theta, options.threads));
        }
        spectral_.push_back(std::move(spectral));
    }
}

std::int64_t WidthTable::size(const Choice& choice) const {
    std::int64_t total = 0;
    for (std::size_t unit = 0; unit < units(); ++unit) {
        total += size(unit, choice[unit]);
    }
    return total;
}

double WidthTable::delta(std::size_t unit, int width) const {
    double largest = 0;
    for (std::size_t i = 0; i < unit_of_.size(); ++i) {
        if (unit_of_[i] == unit) {
            const LayerQuantization& quantization = pair(width).quantization(i);
            largest = std::max({largest, quantization.max_abs_delta, quantization.max_abs_bias_delta});
        }
    }
    return largest;
}

BoundObjective::BoundObjective(const WidthTable& table, std::vector<const Method*> methods)
    : table_(table), methods_(std::move(methods)), current_(table.uniform(0)), pair_(table.pair(0)) {
    for (std::size_t i = 0; i < pair_.size(); ++i) {
        norms_.push_back(table.norms(i, 0));
        if (table.with_spectral()) {
            spectral_.push_back(table.spectral(i, 0));
        }
    }
}

BoundInput BoundObjective::input(const Choice& choice) {
    for (std::size_t i = 0; i < pair_.size(); ++i) {
        const int width = choice[table_.unit_of(i)];
        if (current_[table_.unit_of(i)] != width) {
            pair_.take_layer(i, table_.pair(width));
            norms_[i] = table_.norms(i, width);
            if (table_.with_spectral()) {
                spectral_[i] = table_.spectral(i, width);
            }
        }
    }
    current_ = choice;
    const AllocateOptions& options = table_.options();
    return {.network = table_.network(),
            .pair = pair_,
            .norms = norms_,
            .convention = options.convention,
            .assumed_chain = options.assumed_chain,
            .threads = options.threads,
            .spectral = spectral_};
}

const BoundObjective::Known& BoundObjective::known(const Choice& choice) {
    const auto found = known_.find(choice);
    if (found != known_.end()) {
        return found->second;
    }
    const std::vector<Bound> bounds = evaluate_methods(methods_, input(choice));
    const auto best = best_bound(bounds);
    return known_.emplace(choice, best ? Known{bounds[*best].value, bounds[*best].method} : Known{}).first->second;
}

Bound BoundObjective::bound(const Choice& choice) {
    const Known& best = known(choice);
    return {best.method, best.value, Guarantee::certified, {}};
}

std::vector<double> BoundObjective::shares(const Choice& choice) {
    const Bound best = bound(choice);
    const Method& method = *find_method(best.method);
    const double operations = method.norms_only ? 0 : method.operations(table_.network()) * static_cast<double>(pair_.size());
    if (!(operations <= kAllocateOperationBudget)) {
        return {};
    }
    return approx_layer_shares(method, input(choice), best.value);
}

}  // namespace internal

std::int64_t counted_numbers(const Network& network, bool quantize_biases) {
    std::vector<std::size_t> unit_of;
    std::int64_t total = 0;
    for (const std::int64_t numbers : internal::count_numbers(network, quantize_biases, unit_of)) {
        total += numbers;
    }
    return total;
}

}  // namespace qbound
