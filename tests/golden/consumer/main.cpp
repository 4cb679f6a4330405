// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iostream>
#include <iterator>
#include <qbound/loader.hpp>
#include <qbound/lower.hpp>
#include <qbound/report.hpp>

namespace {

class NoFiles : public qbound::FileSource {
    qbound::OwnedBytes read(std::string_view) const override { return {}; }
    std::vector<std::string> list() const override { return {}; }
};

}  // namespace

int main(int, char** argv) {
    std::ifstream file(argv[1], std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const qbound::Lowered lowered = qbound::lower(qbound::load_model(std::as_bytes(std::span(text)), NoFiles(), {}), {});
    const qbound::WeightPair pair(lowered.network, qbound::Quantizer{});
    std::vector<qbound::Upper> theta_norms;
    const qbound::Result result = qbound::evaluate(pair, qbound::select_methods("fast", lowered.network), {}, theta_norms);
    std::cout << lowered.network.name() << ": " << result.layers.size() << " weight layers\n";
}
