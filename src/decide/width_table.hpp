// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/allocate.hpp"
#include "qbound/norms.hpp"
#include "qbound/spectral.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace qbound::internal {

/// The width of every unit, as its position among the candidate widths. A unit is a weight layer, or all that share one weight.
using Choice = std::vector<int>;

/// What bounds read of the layers at every candidate width, computed once: whatever the bits of the others, it is the same.
class WidthTable {
  public:
    /// Cost: layer_norms of every layer at every width; layer_spectral_norms, where a method is not Method::fast.
    WidthTable(const Network& network, const AllocateOptions& options);

    [[nodiscard]] const Network& network() const noexcept { return *network_; }
    [[nodiscard]] const AllocateOptions& options() const noexcept { return *options_; }
    [[nodiscard]] int widths() const noexcept { return static_cast<int>(pairs_.size()); }
    [[nodiscard]] std::size_t units() const noexcept { return numbers_.size(); }
    [[nodiscard]] std::size_t unit_of(std::size_t layer) const { return unit_of_[layer]; }
    /// Numbers whose bits count, by unit and by layer.
    [[nodiscard]] std::int64_t numbers(std::size_t unit) const { return numbers_[unit]; }
    [[nodiscard]] std::int64_t numbers_of_layer(std::size_t layer) const { return layer_numbers_[layer]; }
    [[nodiscard]] std::int64_t size(std::size_t unit, int width) const {
        return numbers_[unit] * options_->widths[static_cast<std::size_t>(width)];
    }
    [[nodiscard]] std::int64_t size(const Choice& choice) const;
    /// The largest change of a weight or bias of the unit.
    [[nodiscard]] double delta(std::size_t unit, int width) const;
    /// All units at one width.
    [[nodiscard]] Choice uniform(int width) const { return Choice(units(), width); }

    [[nodiscard]] const WeightPair& pair(int width) const { return pairs_[static_cast<std::size_t>(width)]; }
    [[nodiscard]] const LayerNorms& norms(std::size_t layer, int width) const {
        return norms_[static_cast<std::size_t>(width)][layer];
    }
    /// Precondition: some method is not Method::fast.
    [[nodiscard]] const LayerSpectralNorms& spectral(std::size_t layer, int width) const {
        return spectral_[static_cast<std::size_t>(width)][layer];
    }
    [[nodiscard]] bool with_spectral() const noexcept { return !spectral_.empty(); }

  private:
    const Network* network_;
    const AllocateOptions* options_;
    std::vector<std::size_t> unit_of_;
    std::vector<std::int64_t> layer_numbers_;
    std::vector<std::int64_t> numbers_;
    std::vector<WeightPair> pairs_;                          ///< by width
    std::vector<std::vector<LayerNorms>> norms_;             ///< by width and layer
    std::vector<std::vector<LayerSpectralNorms>> spectral_;  ///< the same
};

/// The smallest finite certified bound of some methods, as a function of the choice. Remembers what it has computed.
class BoundObjective {
  public:
    /// Refers to `table`.
    BoundObjective(const WidthTable& table, std::vector<const Method*> methods);

    /// +∞ if no bound is finite and certified.
    [[nodiscard]] Upper value(const Choice& choice) { return known(choice).value; }
    /// The bound, in full. Precondition: its value is finite.
    [[nodiscard]] Bound bound(const Choice& choice);
    /// approx_layer_shares of that bound's method; empty where that would take too long.
    [[nodiscard]] std::vector<double> shares(const Choice& choice);

    /// Choices evaluated, each once.
    [[nodiscard]] std::size_t evaluations() const noexcept { return known_.size(); }
    [[nodiscard]] bool knows(const Choice& choice) const { return known_.contains(choice); }

  private:
    struct Known {
        Upper value = Upper::infinity();
        std::string method;
    };
    const Known& known(const Choice& choice);
    [[nodiscard]] BoundInput input(const Choice& choice);

    const WidthTable& table_;
    std::vector<const Method*> methods_;
    std::map<Choice, Known> known_;
    // The pair and the norms of one choice; the next differs from it in few layers.
    Choice current_;
    WeightPair pair_;
    std::vector<LayerNorms> norms_;
    std::vector<LayerSpectralNorms> spectral_;
};

}  // namespace qbound::internal
