// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"
#include "qbound/norms.hpp"

#include <string_view>
#include <vector>

namespace qbound::test {

/// A pair with its norms, ready for the methods.
class Evaluated {
  public:
    explicit Evaluated(const WeightPair& pair, FanInConvention convention = FanInConvention::grouped, bool assumed_chain = false)
        : norms_(all_norms(pair)),
          spectral_(all_spectral_norms(pair)),
          input_{pair.network(), pair, norms_, convention, assumed_chain, 1, spectral_} {}
    Evaluated(const Evaluated&) = delete;
    Evaluated& operator=(const Evaluated&) = delete;

    [[nodiscard]] Bound bound(std::string_view method) const { return find_method(method)->evaluate(input_); }
    [[nodiscard]] PathConstants constants() const { return path_constants(input_); }

  private:
    static std::vector<LayerNorms> all_norms(const WeightPair& pair) {
        std::vector<LayerNorms> norms;
        for (std::size_t i = 0; i < pair.size(); ++i) {
            norms.push_back(layer_norms(pair, i));
        }
        return norms;
    }

    static std::vector<LayerSpectralNorms> all_spectral_norms(const WeightPair& pair) {
        std::vector<LayerSpectralNorms> norms;
        for (std::size_t i = 0; i < pair.size(); ++i) {
            norms.push_back(layer_spectral_norms(pair, i, std::nullopt, 1));
        }
        return norms;
    }

    std::vector<LayerNorms> norms_;
    std::vector<LayerSpectralNorms> spectral_;
    BoundInput input_;
};

}  // namespace qbound::test
