// SPDX-License-Identifier: Apache-2.0
#include "bounds/papers.hpp"
#include "qbound/bounds.hpp"

#include <algorithm>

namespace qbound {

namespace {

/// The row sums of θ, θ' and θ − θ', and the quantization itself.
double norms_of_weights(const Network& network) {
    return 4 * static_cast<double>(network.parameters());
}

constexpr std::string_view kChainHypotheses =
    "a chain; activations 1-Lipschitz with |f(t)| <= |t|; other nodes of gain at most 1 that keep 0 at 0";
constexpr std::string_view kWeightPass = "a pass over the weights";

}  // namespace

std::string_view to_string(Guarantee guarantee) noexcept {
    return guarantee == Guarantee::certified ? "certified" : "conditional";
}

const std::vector<Method>& methods() {
    static const std::vector<Method> all{
        {"gonon-2023", "T1; Gonon et al. 2023, Theorem III.1", kChainHypotheses, kWeightPass, true, norms_of_weights,
         internal::gonon_2023},
        {"houache-general", "T2; Houache et al. 2025, Theorem 4.1", kChainHypotheses, kWeightPass, true, norms_of_weights,
         internal::houache_general},
        {"houache-conv", "T3; Houache et al. 2025, Theorem 4.4", kChainHypotheses, kWeightPass, true, norms_of_weights,
         internal::houache_conv},
    };
    return all;
}

const Method* find_method(std::string_view name) {
    const auto& all = methods();
    const auto found = std::ranges::find(all, name, &Method::name);
    return found == all.end() ? nullptr : &*found;
}

}  // namespace qbound
