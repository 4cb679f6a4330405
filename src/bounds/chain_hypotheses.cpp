// SPDX-License-Identifier: Apache-2.0
#include "bounds/chain_hypotheses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace qbound::internal {

namespace {

bool contracts(const Activation& activation) {
    const ActivationRow& row = activation_row(activation.function);
    const auto channels = std::max<std::int64_t>(static_cast<std::int64_t>(activation.slopes.size()), 1);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
        if (!row.facts(activation, activation_slope(activation, channel)).contracts) {
            return false;
        }
    }
    return true;
}

/// At least one output entry is the constant, and the constant is not 0.
bool inserts_nonzero(const Select& select) {
    const auto is_constant = [](std::int64_t source) { return source == -1; };
    const bool constant_used =
        std::ranges::any_of(select.entries, is_constant) ||
        std::ranges::any_of(select.maps, [&](const auto& map) { return std::ranges::any_of(map, is_constant); });
    return constant_used && !(select.constant == 0);
}

std::int64_t ceiling_of_quotient(std::int64_t a, std::int64_t b) noexcept {
    return a > 0 ? (a + b - 1) / b : -(-a / b);
}

/// Taps of output `o` that read an input, not padding.
std::int64_t real_taps(const Axis& axis, std::int64_t o) noexcept {
    const std::int64_t first = std::max<std::int64_t>(ceiling_of_quotient(-axis.source(o, 0), axis.dilation), 0);
    const std::int64_t end = std::min(ceiling_of_quotient(axis.in - axis.source(o, 0), axis.dilation), axis.kernel);
    return std::max<std::int64_t>(end - first, 0);
}

/// Each window has at most as many real entries as its divisor says, so that the weights of an average sum to at most 1.
bool averages(const AveragePool& pool) {
    for (std::size_t a = 0; a < pool.axes.size(); ++a) {
        for (std::int64_t o = 0; o < pool.axes[a].out; ++o) {
            if (real_taps(pool.axes[a], o) > pool.divisors[a][static_cast<std::size_t>(o)]) {
                return false;
            }
        }
    }
    return true;
}

/// What the theorems forbid at this node; empty if nothing. Joins are the chain hypothesis's matter.
std::string violation(const Node& node) {
    return std::visit(
        overloaded{
            [](const Input&) { return std::string(); },
            [](const WeightLayer&) { return std::string(); },
            [&node](const Diagonal& diagonal) {
                const double gain = max_abs(diagonal.scale);
                if (!(gain <= 1)) {
                    return fmt::format("{} scales by up to {}", node.op, decimal_up(gain, 4));
                }
                return max_abs(diagonal.shift) == 0 ? std::string() : fmt::format("{} adds a shift", node.op);
            },
            [&node](const Activation& activation) {
                return contracts(activation) ? std::string() : fmt::format("{} is not 1-Lipschitz with |f(t)| <= |t|", node.op);
            },
            [](const Sum&) { return std::string(); },
            [&node](const Product&) { return fmt::format("{} multiplies two computed values", node.op); },
            [](const Concat&) { return std::string(); },
            [](const MaxPool&) { return std::string(); },
            [&node](const AveragePool& pool) {
                return averages(pool) ? std::string() : fmt::format("{} divides by less than its window", node.op);
            },
            [&node](const Select& select) {
                return inserts_nonzero(select) ? fmt::format("{} inserts the constant {}", node.op, decimal_up(select.constant, 4))
                                               : std::string();
            },
            [](const View&) { return std::string(); },
        },
        node.kind);
}

std::string with_nodes(const std::string& what, const std::string& first, std::size_t count) {
    return count == 1 ? fmt::format("{} (node '{}')", what, first) : fmt::format("{} ({} nodes, first '{}')", what, count, first);
}

}  // namespace

std::vector<std::string> violated_chain_hypotheses(const BoundInput& input, const std::vector<NodeId>& path) {
    const Network& network = input.network;
    std::vector<std::string> reasons;
    if (input.assumed_chain) {
        reasons.emplace_back("topology assumed: the file holds weights but no graph");
    }
    if (!is_chain(network)) {
        const auto joins = [](const Node& node) { return node.inputs.size() > 1; };
        const auto& nodes = network.nodes();
        const auto first = std::find_if(nodes.begin(), nodes.end(), joins);
        const auto count = static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), joins));
        const std::string what = "not a chain: skip connections or branches, read as its main path";
        reasons.push_back(first == nodes.end() ? what : with_nodes(what, first->name, count));
    }
    // Nodes that break the same hypothesis in the same way share a sentence.
    struct Finding {
        std::string what;
        std::string first;
        std::size_t count;
    };
    std::vector<Finding> findings;
    for (const NodeId id : path) {
        const Node& node = network.node(id);
        std::string what = violation(node);
        if (what.empty()) {
            continue;
        }
        const auto same = std::ranges::find(findings, what, &Finding::what);
        if (same == findings.end()) {
            findings.push_back({std::move(what), node.name, 1});
        } else {
            ++same->count;
        }
    }
    for (const Finding& finding : findings) {
        reasons.push_back(with_nodes(finding.what, finding.first, finding.count));
    }
    return reasons;
}

}  // namespace qbound::internal
