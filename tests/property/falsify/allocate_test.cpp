// SPDX-License-Identifier: Apache-2.0
// Bits per layer on random graphs of every node kind: goals are met by the bound that an evaluation from scratch gives, and a
// single width is never better.
#include "qbound/allocate.hpp"
#include "qbound/error.hpp"
#include "qbound/report.hpp"
#include "support/catch.hpp"
#include "support/random_graph.hpp"

#include <optional>

using namespace qbound;

namespace {

/// The smallest certified bound of a pair made from scratch, if it is finite.
std::optional<Upper> fresh(const Network& network, const AllocateOptions& options, const std::vector<int>& bits) {
    Quantizer quantizer = options.quantizer;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        quantizer.bits_by_layer[network.node(network.weight_layers()[i]).name] = bits[i];
    }
    std::vector<Upper> theta_norms;
    const Result result = evaluate(WeightPair(network, quantizer), {options.methods, {}}, {}, theta_norms);
    return result.best ? std::optional(result.bounds[*result.best].value) : std::nullopt;
}

}  // namespace

TEST_CASE("allocate on random graphs: goals are met, single widths are not better", "[property]") {
    const std::uint64_t first_seed = 41000;
    int targets = 0;
    int smaller = 0;
    for (std::uint64_t seed = first_seed; seed < first_seed + 120; ++seed) {
        const test::RandomCase random_case = test::random_case(seed);
        const Network& network = *random_case.network;
        AllocateOptions options;
        options.widths = {2, 4, 6, 8};
        options.methods = select_methods(seed % 2 == 0 ? "fast" : "all", network).methods;
        options.quantizer.granularity = seed % 3 == 0 ? Granularity::channel : Granularity::tensor;
        options.quantizer.quantize_biases = seed % 5 == 0;
        INFO(test::describe(random_case));
        for (const int width : options.widths) {
            const std::vector<int> uniform(network.weight_layers().size(), width);
            const std::int64_t size = counted_numbers(network, options.quantizer.quantize_biases) * width;
            std::optional<Upper> value;
            try {
                value = fresh(network, options, uniform);
            } catch (const Error& error) {
                REQUIRE(error.kind() == ErrorKind::malformed);  // weights that overflow when they are quantized
                break;
            }
            if (!value) {
                continue;
            }
            const Allocation at_target = allocate(network, options, {*value, std::nullopt}).best;
            CHECK(at_target.bound.value <= *value);
            CHECK(at_target.size <= size);
            CHECK(fresh(network, options, at_target.bits) == at_target.bound.value);
            const Allocation at_budget = allocate(network, options, {std::nullopt, size}).best;
            CHECK(at_budget.size <= size);
            CHECK(at_budget.bound.value <= *value);
            CHECK(fresh(network, options, at_budget.bits) == at_budget.bound.value);
            ++targets;
            smaller += at_target.size < size ? 1 : 0;
        }
    }
    CHECK(targets > 300);
    CHECK(smaller > 30);
}
