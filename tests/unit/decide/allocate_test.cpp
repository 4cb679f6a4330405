// SPDX-License-Identifier: Apache-2.0
#include "qbound/allocate.hpp"
#include "qbound/error.hpp"
#include "small_chains.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace qbound;
using test::NetworkBuilder;

namespace {

std::vector<const Method*> named(std::initializer_list<const char*> names) {
    std::vector<const Method*> methods;
    for (const char* name : names) {
        methods.push_back(find_method(name));
    }
    return methods;
}

const AllocationGoal kAnySize{std::nullopt, std::numeric_limits<std::int64_t>::max()};

void check_same_bound(const Network& network, const AllocateOptions& options, const Allocation& allocation) {
    const Bound fresh = test::evaluated(network, options, allocation.bits);
    CHECK(allocation.bound.method == fresh.method);
    CHECK(allocation.bound.value == fresh.value);
    CHECK(allocation.bound.guarantee == Guarantee::certified);
}

ErrorKind kind_of(const Network& network, const AllocateOptions& options, const AllocationGoal& goal) {
    try {
        static_cast<void>(allocate(network, options, goal));
    } catch (const Error& error) {
        return error.kind();
    }
    throw std::logic_error("no error");
}

}  // namespace

TEST_CASE("allocate: the bound is that of a pair with these bits, and never worse than a single width's", "[decide]") {
    test::Random random(31);
    for (int round = 0; round < 25; ++round) {
        CAPTURE(round);
        const Network network = test::small_chain(random);
        AllocateOptions options = test::options_for(round % 2 == 0 ? named({"layerwise-inf", "layerwise-2", "interval", "joint"})
                                                                   : named({"houache-conv", "layerwise-inf"}));
        options.quantizer.granularity = round % 3 == 0 ? Granularity::channel : Granularity::tensor;
        options.quantizer.symmetric = round % 5 != 0;
        std::vector<Bound> uniform;
        std::vector<std::int64_t> sizes;
        for (const int width : options.widths) {
            const std::vector<int> bits(network.weight_layers().size(), width);
            uniform.push_back(test::evaluated(network, options, bits));
            sizes.push_back(test::size_of(network, bits));
        }
        for (std::size_t w = 0; w < uniform.size(); ++w) {
            const AllocationResult at_target = allocate(network, options, {uniform[w].value, std::nullopt});
            CHECK(at_target.best.bound.value <= uniform[w].value);
            CHECK(at_target.best.size <= sizes[w]);
            CHECK(at_target.best.size == test::size_of(network, at_target.best.bits));
            REQUIRE(at_target.uniform);
            CHECK(at_target.best.size <= at_target.uniform->size);
            check_same_bound(network, options, at_target.best);
            check_same_bound(network, options, *at_target.uniform);

            const AllocationResult at_budget = allocate(network, options, {std::nullopt, sizes[w]});
            CHECK(at_budget.best.size <= sizes[w]);
            CHECK(at_budget.best.bound.value <= uniform[w].value);
            REQUIRE(at_budget.uniform);
            CHECK(at_budget.best.bound.value <= at_budget.uniform->bound.value);
            check_same_bound(network, options, at_budget.best);
        }
    }
}

TEST_CASE("allocate: a layer that costs much and matters little gets fewer bits", "[decide]") {
    // The second layer has all of its 64 weights equal, so that one step serves at any width: its bits buy nothing.
    NetworkBuilder builder({2});
    builder.dense("first", test::Matrix(8, {0.31, -0.77}))
        .relu("a")
        .dense("flat", test::Matrix(8, std::vector<double>(8, 0.5)))
        .relu("b")
        .dense("last", {{0.11, -0.23, 0.37, -0.41, 0.53, -0.61, 0.71, -0.83}});
    const Network network = builder.build();
    const AllocateOptions options = test::options_for(named({"layerwise-inf"}), {2, 4, 8});
    const AllocationResult result = allocate(network, options, {std::nullopt, (16 + 64 + 8) * 4});
    CHECK(result.best.bits == std::vector<int>{8, 2, 8});
    CHECK(result.best.size == 16 * 8 + 64 * 2 + 8 * 8);
    CHECK(result.bits_matter);
    REQUIRE(result.layers.size() == 3);
    CHECK(result.layers[1].numbers == 64);
    CHECK(result.layers[1].max_abs_delta == 0);
    CHECK(result.layers[1].share.value() == 0);
    CHECK(result.layers[0].share.value() > 0);
}

TEST_CASE("allocate: layers that share a weight count it once and get the same bits", "[decide]") {
    test::Random random(32);
    const auto weight = test::tensor({4, 4, 1, 1}, random.vector(16, -0.5, 0.5));
    NetworkBuilder builder({4, 1, 1});
    builder.conv("one", weight, random.vector(4, -1, 1))
        .relu("a")
        .conv("two", weight)
        .relu("b")
        .conv("three", test::tensor({4, 4, 1, 1}, random.vector(16, -0.5, 0.5)));
    const Network network = builder.build();
    CHECK(counted_numbers(network, false) == 32);
    CHECK(counted_numbers(network, true) == 36);
    const AllocateOptions options = test::options_for(named({"layerwise-inf"}), {2, 3, 4, 5, 6, 7, 8});
    for (std::int64_t budget = 64; budget <= 256; budget += 24) {
        const AllocationResult result = allocate(network, options, {std::nullopt, budget});
        CHECK(result.best.bits[0] == result.best.bits[1]);
        CHECK(result.best.size == 16 * (result.best.bits[0] + result.best.bits[2]));
        CHECK(result.best.size <= budget);
        CHECK(result.layers[1].numbers == 0);
    }
}

TEST_CASE("allocate: quantized biases count", "[decide]") {
    NetworkBuilder builder({2});
    builder.dense("d", {{1, 0.3}, {0.2, -1}}, {0.1, 0.7});
    const Network network = builder.build();
    AllocateOptions options = test::options_for(named({"layerwise-inf"}), {2, 8});
    options.quantizer.quantize_biases = true;
    CHECK(allocate(network, options, kAnySize).best.size == 6 * 8);
    CHECK(kind_of(network, options, {std::nullopt, 6 * 2 - 1}) == ErrorKind::usage);
    CHECK(allocate(network, options, {std::nullopt, 6 * 2}).best.bits == std::vector<int>{2});
}

TEST_CASE("allocate: what cannot be", "[decide]") {
    test::Random random(33);
    const Network network = test::small_chain(random);
    AllocateOptions options = test::options_for(named({"layerwise-inf"}));
    CHECK(kind_of(network, options, {Upper::exactly(1e-9), std::nullopt}) == ErrorKind::unsupported);
    CHECK(kind_of(network, options, {std::nullopt, 2 * counted_numbers(network, false) - 1}) == ErrorKind::usage);
    options.widths = {4, 4};
    CHECK(kind_of(network, options, kAnySize) == ErrorKind::usage);
    options.widths = {1, 2};
    CHECK(kind_of(network, options, kAnySize) == ErrorKind::usage);
    options.widths = {3, 8};
    options.quantizer.granularity = Granularity::network;
    CHECK(kind_of(network, options, kAnySize) == ErrorKind::usage);
    options.uniform = true;
    const AllocationResult uniform = allocate(network, options, kAnySize);
    for (const int bits : uniform.best.bits) {
        CHECK(bits == 8);
    }
    check_same_bound(network, options, uniform.best);

    // On an assumed chain the papers' bounds are only conditional.
    AllocateOptions conditional = test::options_for(named({"gonon-2023"}));
    conditional.assumed_chain = true;
    CHECK(kind_of(network, conditional, kAnySize) == ErrorKind::unsupported);
}

TEST_CASE("allocate: a bound that the values' ranges hold is met by the narrowest bits, which is said", "[decide]") {
    Activation clip;
    clip.function = ActivationFunction::clip;
    clip.lower = 0;
    clip.upper = 1e-3;
    NetworkBuilder builder({2});
    builder.dense("d", {{1, 0.3}, {0.2, -1}}).add("c", "Clip", clip);
    const Network network = builder.build();
    const AllocationResult result = allocate(network, test::options_for(named({"layerwise-inf"})), kAnySize);
    CHECK(result.best.bits == std::vector<int>{2});
    CHECK_FALSE(result.bits_matter);
}

TEST_CASE("allocate: threads change nothing", "[decide]") {
    test::Random random(34);
    const Network network = test::small_chain(random);
    AllocateOptions options = test::options_for(named({"layerwise-inf", "layerwise-2", "interval", "joint"}));
    const AllocationGoal goal{std::nullopt, 4 * counted_numbers(network, false)};
    const AllocationResult one = allocate(network, options, goal);
    options.threads = 3;
    const AllocationResult three = allocate(network, options, goal);
    CHECK(one.best.bits == three.best.bits);
    CHECK(one.best.bound.value == three.best.bound.value);
}

TEST_CASE("allocation frontier: sizes rise, bounds fall, each with its own bound", "[decide]") {
    test::Random random(35);
    for (int round = 0; round < 5; ++round) {
        CAPTURE(round);
        const Network network = test::small_chain(random);
        AllocateOptions options = test::options_for(named({"layerwise-inf", "layerwise-2", "interval", "joint"}));
        const std::vector<Allocation> frontier = allocation_frontier(network, options, 12);
        REQUIRE(frontier.size() >= 2);
        CHECK(frontier.size() <= 12);
        for (std::size_t i = 0; i < frontier.size(); ++i) {
            check_same_bound(network, options, frontier[i]);
            CHECK(frontier[i].size == test::size_of(network, frontier[i].bits));
            if (i > 0) {
                CHECK(frontier[i - 1].size < frontier[i].size);
                CHECK(frontier[i].bound.value < frontier[i - 1].bound.value);
            }
        }
        options.uniform = true;
        for (const Allocation& point : allocation_frontier(network, options, 12)) {
            CHECK(point.bits == std::vector<int>(point.bits.size(), point.bits.front()));
        }
    }
}
