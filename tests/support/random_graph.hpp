// SPDX-License-Identifier: Apache-2.0
#pragma once
// Random small networks with random θ', reproducible from a seed: every node kind, every activation, odd geometry, odd numbers.

#include "qbound/network.hpp"
#include "qbound/quantize.hpp"
#include "support/random.hpp"

#include <cstdint>
#include <memory>
#include <set>
#include <string>

namespace qbound::test {

/// What a random graph may contain. Everything by default.
struct GraphOptions {
    bool branches = true;           ///< skips, Sum, Concat; otherwise the graph is a chain
    bool biases = true;             ///< biases, and biases that change
    bool contracting_only = false;  ///< only what the papers' hypotheses admit: ρ contracting, no gain, no shift, zero padding
    bool caps = true;               ///< activations with bounded values or differences
    bool unit_gain_only = false;    ///< nothing between weight layers has a gain below 1 in the bounds on norms
    bool rising_only = false;  ///< every entry of θ, θ' and θ − θ' rises with every input entry, which are ≥ 0; θ' is a network
    bool products = true;            ///< products of two computed values
    bool rational_only = false;      ///< only activations that are exact in rationals
    bool extreme_weights = true;     ///< now and then weights from 1e−30 to 1e30, or sums that cancel
    std::int64_t max_entries = 160;  ///< per node
    int steps = 11;                  ///< nodes that are drawn, at most; those that the output does not need are dropped
};

/// A network with θ', and what occurs in it. The pair refers to the network: neither moves.
struct RandomCase {
    std::uint64_t seed = 0;
    std::unique_ptr<const Network> network;
    std::unique_ptr<const Network> second;  ///< θ' as a second network; null if a quantizer makes θ'
    std::unique_ptr<const WeightPair> pair;
    std::set<std::string> features;  ///< kinds and odd conditions that occur, for counting what a run covered
};

/// The same case for the same seed and options, everywhere.
[[nodiscard]] RandomCase random_case(std::uint64_t seed, const GraphOptions& options = {});

/// Everything that a reader needs to see what failed: seed, box, nodes with their attributes, quantizer.
[[nodiscard]] std::string describe(const RandomCase& random_case);
[[nodiscard]] std::string describe(const Network& network);

}  // namespace qbound::test
