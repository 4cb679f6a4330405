// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/guarantee.hpp"
#include "qbound/network.hpp"
#include "qbound/norms.hpp"
#include "qbound/quantize.hpp"
#include "qbound/rounding.hpp"
#include "qbound/spectral.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qbound {

struct Bound {
    std::string method;
    Upper value;
    Guarantee guarantee = Guarantee::certified;
    std::vector<std::string> reasons;  ///< why it is only conditional
};

/// Everything that a method may read. Built once per network and bit width.
struct BoundInput {
    const Network& network;
    const WeightPair& pair;
    const std::vector<LayerNorms>& norms;  ///< one per weight layer
    FanInConvention convention = FanInConvention::grouped;
    bool assumed_chain = false;  ///< the topology is a guess: chain bounds are conditional
    int threads = 1;
    std::span<const LayerSpectralNorms> spectral = {};  ///< one per weight layer, for the methods that are not Method::fast
    /// Values of methods already evaluated on this input, by name: joint reports no more than what stands beside it.
    const std::map<std::string_view, Upper>* known = nullptr;
};

/// The constants of the papers, on the main path; shown in reports. Computed once per pair.
struct PathConstants {
    std::int64_t L = 0;                 ///< weight layers on the main path
    std::int64_t N = 0;                 ///< largest width
    double D = 0;                       ///< radius of the box
    double delta = 0;                   ///< ≥ max|θ − θ'| over the layers of the path (rounded up)
    Upper r;                            ///< [GBGR]: max(1, max ‖W_l‖, max ‖b_l‖), both networks
    Upper r_mean_power;                 ///< r_mean^{L−1}
    Upper r_conv_power;                 ///< r_conv^{L−1}, r_l without bias if no layer of the path has one
    std::int64_t width_sum = 0;         ///< Σ N_{l−1}, inputs as the layers see them
    std::int64_t fan_in_sum = 0;        ///< Σ fan_l, grouped
    std::int64_t fan_in_max = 0;        ///< grouped
    std::int64_t fan_in_sum_paper = 0;  ///< c_in·p², without +1
    std::int64_t fan_in_max_paper = 0;  ///< c_in·p² and +1 for a layer with a bias, as printed in [HAT]
    bool has_bias = false;              ///< some layer of the path has a bias other than 0, in θ or θ'
    bool biases_change = false;         ///< some bias of the path differs between θ and θ'
    std::vector<std::size_t> layers;    ///< indices of the path's weight layers
    std::vector<std::string> violated;  ///< hypotheses of the chain theorems that fail, one sentence each; empty on a proper chain
};

/// The constants of T1–T3 on the main path (Network's main_path), and the hypotheses T0 that fail, checked one by one.
/// Cost: linear in nodes, layers and channels; reads no weights. Source: docs/theory.md T0, N1, N2.
[[nodiscard]] PathConstants path_constants(const BoundInput& input);

/// One bound method. The registry drives CLI, report, README and man page: a new bound is one entry.
struct Method {
    std::string_view name;        ///< stable, e.g. "houache-conv"
    std::string_view theorem;     ///< where it is proved, e.g. "T3; Houache et al. 2025, Theorem 4.4"
    std::string_view hypotheses;  ///< one line
    std::string_view cost;        ///< one line, in words
    bool fast;                    ///< part of `--methods fast`: no spectral norms
    /// Multiply-adds, from shapes alone, so that `default` can leave out what would take too long.
    double (*operations)(const Network&);
    Bound (*evaluate)(const BoundInput&);
    bool norms_only = false;  ///< evaluate() reads norms and quantization, never weights: cheap once those are there
};

/// The bounds of `methods`, which stand in the registry's order, on one input; loosest first. `input.known` is not read.
[[nodiscard]] std::vector<Bound> evaluate_methods(std::span<const Method* const> methods, BoundInput input);

/// The smallest finite certified one of `bounds`; the first on a tie.
[[nodiscard]] std::optional<std::size_t> best_bound(std::span<const Bound> bounds);

/// What each layer costs a bound: 1 − (the method's value with θ' = θ in that layer)/(its value), between 0 and 1, one per weight
/// layer. For display: rounded to nearest, no guarantee. Empty if the value is zero or infinite. Cost: as many evaluations as there
/// are layers; norms are taken from `input`.
[[nodiscard]] std::vector<double> approx_layer_shares(const Method& method, const BoundInput& input, Upper value);

/// All methods, from the loosest to the tightest as a rule.
[[nodiscard]] const std::vector<Method>& methods();

/// The method of that name, or nullptr.
[[nodiscard]] const Method* find_method(std::string_view name);

}  // namespace qbound
