// SPDX-License-Identifier: Apache-2.0
#include "measure/check_arguments.hpp"

#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace qbound::internal {

namespace {

/// No value of an evaluation has more entries (8 GiB), so that a small file cannot ask for all memory.
constexpr std::int64_t kMaxValueEntries = std::int64_t{1} << 30;

}  // namespace

void check_input(const Network& network, std::span<const double> x, std::int64_t batch) {
    const std::int64_t size = batch * network.node(network.input()).dims.size();
    if (static_cast<std::int64_t>(x.size()) != size) {
        throw Error(ErrorKind::malformed, "input data", fmt::format("{} values instead of {}", x.size(), size));
    }
    const auto bad = std::ranges::find_if_not(x, [](double v) { return std::isfinite(v); });
    if (bad != x.end()) {
        throw Error(ErrorKind::malformed, "input data", fmt::format("value {} at index {} is not finite", *bad, bad - x.begin()));
    }
}

void check_parameters(const Network& network, const Parameters& parameters, std::int64_t batch) {
    for (const Node& node : network.nodes()) {
        if (node.dims.size() > kMaxValueEntries / batch) {
            throw Error(
                ErrorKind::unsupported, "node '" + node.name + "'",
                fmt::format("its value has {} entries; at most {} can be evaluated", batch * node.dims.size(), kMaxValueEntries));
        }
    }
    bool fit = parameters.size() == network.weight_layers().size();
    for (std::size_t i = 0; fit && i < parameters.size(); ++i) {
        const auto outputs = static_cast<std::size_t>(network.layer(i).out_channels());
        fit = parameters[i].weight && parameters[i].weight->data.size() == network.layer(i).weight->data.size() &&
              (parameters[i].bias.empty() || parameters[i].bias.size() == outputs);
    }
    if (!fit) {
        throw Error(ErrorKind::usage, "", "the parameters are not those of the network");
    }
}

}  // namespace qbound::internal
