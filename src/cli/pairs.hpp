// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/load.hpp"
#include "cli/options.hpp"
#include "qbound/quantize.hpp"
#include "qbound/report.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace qbound::internal {

class Console;

/// A model and the quantized networks that it is to be compared with: one per quantizer, or the one of --quantized.
class ModelPairs {
  public:
    /// Reads the model, and the file of --quantized. Errors: those of the library, with the file put before their place.
    ModelPairs(const std::string& path, const ModelOptions& model, const BoxOptions& box, const QuantizerOptions& quantizer,
               std::vector<Quantizer> quantizers, bool sha256);

    [[nodiscard]] const LoadedNetwork& loaded() const noexcept { return loaded_; }
    [[nodiscard]] const Network& network() const noexcept { return loaded_.lowered.network; }
    /// What a report says of the model, with all notes.
    [[nodiscard]] const ModelSummary& summary() const noexcept { return summary_; }

    /// Calls work(pair, label) for each, in order, with "8 bits" or the like as the label; errors name the model's file.
    void for_each(const std::function<void(const WeightPair&, const std::string&)>& work) const;

  private:
    std::string path_;
    LoadedNetwork loaded_;
    std::optional<LoadedNetwork> other_;
    std::vector<Quantizer> quantizers_;
    ModelSummary summary_;
};

}  // namespace qbound::internal
