// SPDX-License-Identifier: Apache-2.0
#include "cli/pairs.hpp"

#include "network/input_box.hpp"
#include "report/measure_report.hpp"

#include <fmt/format.h>
#include <utility>

namespace qbound::internal {

namespace {

/// Says which layer of the quantized network each layer was compared with, where the names do not say so.
void note_matching(const WeightPair& pair, const Network& quantized, std::vector<std::string>& notes) {
    const Network& network = pair.network();
    std::string differing;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        const std::string& name = network.node(network.weight_layers()[i]).name;
        const std::string& other = quantized.node(quantized.weight_layers()[pair.matched()[i]]).name;
        if (name != other) {
            differing += fmt::format("{}{} = {}", differing.empty() ? "" : ", ", name, other);
        }
    }
    if (!differing.empty()) {
        notes.push_back("layers matched by their place in the graph: " + differing);
    }
}

}  // namespace

ModelPairs::ModelPairs(const std::string& path, const ModelOptions& model, const BoxOptions& box, const QuantizerOptions& quantizer,
                       std::vector<Quantizer> quantizers, bool sha256)
    : path_(path),
      loaded_(load_network(path, {.load = model.load_options(),
                                  .box = &box,
                                  .require_box = true,
                                  .weights_only = model.weights_only,
                                  .sha256 = sha256})),
      quantizers_(std::move(quantizers)),
      summary_(summarise(network(), loaded_.lowered.assumed_chain)) {
    summary_.file = loaded_.file;
    summary_.format = loaded_.format;
    summary_.sha256 = loaded_.sha256;
    summary_.notes = loaded_.notes;
    if (!quantizer.given()) {
        summary_.notes.emplace_back("no bit width given: 8 bits");
    }
    if (quantizer.quantized.empty()) {
        return;
    }
    other_ = load_network(quantizer.quantized, {.load = model.load_options(),
                                                .box = nullptr,
                                                .require_box = false,
                                                .weights_only = model.weights_only,
                                                .sha256 = false});
    summary_.notes.push_back("quantized network: " + quantizer.quantized);
    for (const std::string& note : other_->notes) {
        if (note != kAssumedBoxNote) {  // both networks are bounded on the first one's
            summary_.notes.push_back("quantized network: " + note);
        }
    }
    with_file(display_name(path_),
              [&] { note_matching(WeightPair(network(), other_->lowered.network), other_->lowered.network, summary_.notes); });
}

void ModelPairs::for_each(const std::function<void(const WeightPair&, const std::string&)>& work) const {
    with_file(display_name(path_), [&] {
        if (other_) {
            work(WeightPair(network(), other_->lowered.network), quantizer_label(std::nullopt));
        }
        for (const Quantizer& quantizer : quantizers_) {
            work(WeightPair(network(), quantizer), quantizer_label(quantizer));
        }
    });
}

}  // namespace qbound::internal
