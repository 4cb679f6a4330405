// SPDX-License-Identifier: Apache-2.0
// Every hypothesis of the chain theorems is checked on the network, and says its name when it fails.
#include "evaluated.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"

#include <string>
#include <vector>

using namespace qbound;
using test::Evaluated;
using test::NetworkBuilder;

namespace {

using Reasons = std::vector<std::string>;

/// The reasons why the bounds are only conditional; all three methods say the same.
Reasons reasons(const Network& network, bool assumed_chain = false) {
    const WeightPair pair(network, network);
    const Evaluated evaluated(pair, FanInConvention::grouped, assumed_chain);
    const Bound first = evaluated.bound("gonon-2023");
    for (const char* method : {"gonon-2023", "houache-general", "houache-conv"}) {
        const Bound bound = evaluated.bound(method);
        CHECK(bound.method == method);
        CHECK(bound.reasons == first.reasons);
        CHECK((bound.guarantee == Guarantee::certified) == bound.reasons.empty());
    }
    return first.reasons;
}

/// A chain with one node of the given kind between two layers of width 2.
Network around(std::string op, NodeKind kind) {
    return NetworkBuilder({2}).dense("a", {{1, 2}, {3, 4}}).add("n", std::move(op), std::move(kind)).dense("b", {{1, 1}}).build();
}

Activation activation(ActivationFunction function, double alpha = 0, double beta = 0) {
    Activation result;
    result.function = function;
    result.alpha = alpha;
    result.beta = beta;
    return result;
}

Activation clip(double lower, double upper) {
    Activation result = activation(ActivationFunction::clip);
    result.lower = lower;
    result.upper = upper;
    return result;
}

Reasons expansive(const std::string& op) {
    return {op + " is not 1-Lipschitz with |f(t)| <= |t| (node 'n')"};
}

}  // namespace

TEST_CASE("activations that contract keep a chain certified", "[bounds]") {
    CHECK(reasons(around("Relu", activation(ActivationFunction::relu))).empty());
    CHECK(reasons(around("Tanh", activation(ActivationFunction::tanh))).empty());
    CHECK(reasons(around("Softsign", activation(ActivationFunction::softsign))).empty());
    CHECK(reasons(around("LeakyRelu", activation(ActivationFunction::leaky_relu, 0.1))).empty());
    CHECK(reasons(around("LeakyRelu", activation(ActivationFunction::leaky_relu, -1))).empty());
    CHECK(reasons(around("Elu", activation(ActivationFunction::elu, 1))).empty());
    CHECK(reasons(around("Clip", clip(0, 6))).empty());
    CHECK(reasons(around("Clip", clip(-1, 0))).empty());
    Activation prelu = activation(ActivationFunction::prelu);
    prelu.slopes = {0.25, -0.5};
    CHECK(reasons(around("PRelu", prelu)).empty());
}

TEST_CASE("activations that do not contract are named", "[bounds]") {
    CHECK(reasons(around("Sigmoid", activation(ActivationFunction::sigmoid))) == expansive("Sigmoid"));
    CHECK(reasons(around("Softplus", activation(ActivationFunction::softplus))) == expansive("Softplus"));
    CHECK(reasons(around("Gelu", activation(ActivationFunction::gelu))) == expansive("Gelu"));
    CHECK(reasons(around("Silu", activation(ActivationFunction::silu))) == expansive("Silu"));
    CHECK(reasons(around("HardSwish", activation(ActivationFunction::hard_swish))) == expansive("HardSwish"));
    CHECK(reasons(around("Mish", activation(ActivationFunction::mish))) == expansive("Mish"));
    CHECK(reasons(around("Erf", activation(ActivationFunction::erf))) == expansive("Erf"));
    CHECK(reasons(around("HardSigmoid", activation(ActivationFunction::hard_sigmoid, 0.2, 0.5))) == expansive("HardSigmoid"));
    CHECK(reasons(around("LeakyRelu", activation(ActivationFunction::leaky_relu, 1.5))) == expansive("LeakyRelu"));
    CHECK(reasons(around("Elu", activation(ActivationFunction::elu, 2))) == expansive("Elu"));
    CHECK(reasons(around("Clip", clip(0.5, 6))) == expansive("Clip"));
    CHECK(reasons(around("Clip", clip(-6, -0.5))) == expansive("Clip"));
    Activation prelu = activation(ActivationFunction::prelu);
    prelu.slopes = {0.25, -1.5};  // the second channel's
    CHECK(reasons(around("PRelu", prelu)) == expansive("PRelu"));
}

TEST_CASE("a diagonal must not enlarge or shift", "[bounds]") {
    CHECK(reasons(around("Scale", Diagonal{{1, -1}, {0, -0.0}})).empty());
    CHECK(reasons(around("Scale", Diagonal{{0.5, -1.25}, {0, 0}})) == Reasons{"Scale scales by up to 1.25 (node 'n')"});
    CHECK(reasons(around("BatchNormalization", Diagonal{{0.5, 0.5}, {0, 1e-300}})) ==
          Reasons{"BatchNormalization adds a shift (node 'n')"});
}

TEST_CASE("selections may insert zeros and nothing else", "[bounds]") {
    const auto padded = [](double constant, std::int32_t source) {
        Select pad;
        pad.maps = {std::vector<std::int32_t>{0, 1, source}, std::vector<std::int32_t>{0}, std::vector<std::int32_t>{0}};
        pad.constant = constant;
        return NetworkBuilder({2}).dense("a", {{1, 2}, {3, 4}}).add("n", "Pad", pad, {3}).dense("b", {{1, 1, 1}}).build();
    };
    CHECK(reasons(padded(0, -1)).empty());
    CHECK(reasons(padded(-0.5, -1)) == Reasons{"Pad inserts the constant -0.5 (node 'n')"});
    CHECK(reasons(padded(-0.5, 1)).empty());
    Select general;
    general.entries = {1, -1};
    general.constant = 3;
    CHECK(reasons(around("Gather", general)) == Reasons{"Gather inserts the constant 3 (node 'n')"});
    general.constant = 0;
    CHECK(reasons(around("Gather", general)).empty());
}

TEST_CASE("pools are harmless", "[bounds]") {
    const auto pooled = [](NodeKind pool) {
        return NetworkBuilder({1, 4, 4})
            .conv("a", test::tensor({1, 1, 1, 1}, {2}))
            .add("n", "Pool", std::move(pool), {1, 3, 3})
            .add("f", "Flatten", View{}, {9})
            .dense("b", {std::vector<double>(9, 1)})
            .build();
    };
    const Axes axes{Axis{4, 3, 2, 2, 1, 1, 1}, Axis{4, 3, 2, 2, 1, 1, 1}};
    CHECK(reasons(pooled(MaxPool{axes})).empty());
    CHECK(reasons(pooled(AveragePool{axes, {std::vector<std::int64_t>{1, 2, 1}, std::vector<std::int64_t>{2, 2, 2}}})).empty());
}

TEST_CASE("skips and branches are read as a main path, conditionally", "[bounds]") {
    const Network network = NetworkBuilder({1})
                                .dense("a", {{1}})
                                .relu("r")
                                .dense("b", {{1}})
                                .add("s", "Add", Sum{{1, 1}}, {1}, {3, 1})
                                .dense("c", {{1}})
                                .add("t", "Add", Sum{{1, 1}}, {1}, {5, 4})
                                .build();
    CHECK(reasons(network) == Reasons{"not a chain: skip connections or branches, read as its main path (2 nodes, first 's')"});
    const WeightPair pair(network, network);
    CHECK(Evaluated(pair).constants().L == 3);
}

TEST_CASE("only the layers of the main path count", "[bounds]") {
    // The longer branch has weights 2 and 3, the shorter 100.
    const auto build = [](double shift) {
        return NetworkBuilder({1})
            .dense("a", {{2}})
            .dense("b", {{3 + shift}})
            .add("c", "Gemm",
                 [] {
                     WeightLayer layer;
                     layer.weight = test::dense_weight({{100}});
                     return layer;
                 }(),
                 {1}, {0})
            .add("s", "Add", Sum{{1, 1}}, {1}, {3, 2})
            .build();
    };
    const Network network = build(0);
    const Network other = build(0.5);
    const WeightPair pair(network, other);
    const PathConstants c = Evaluated(pair).constants();
    CHECK(c.layers == std::vector<std::size_t>{0, 1});
    CHECK(c.L == 2);
    CHECK(c.r.value_up() == Approx(3.5));
    CHECK(c.delta == Approx(0.5));
}

TEST_CASE("an assumed topology is a reason", "[bounds]") {
    CHECK(reasons(around("Relu", activation(ActivationFunction::relu)), true) ==
          Reasons{"topology assumed: the file holds weights but no graph"});
}

TEST_CASE("one sentence for each hypothesis, however many nodes break it", "[bounds]") {
    const Network network = NetworkBuilder({1})
                                .add("s1", "Sigmoid", activation(ActivationFunction::sigmoid))
                                .dense("a", {{1}})
                                .add("d", "Scale", Diagonal{{2}, {0}})
                                .add("s2", "Sigmoid", activation(ActivationFunction::sigmoid))
                                .build();
    CHECK(reasons(network) ==
          Reasons{"Sigmoid is not 1-Lipschitz with |f(t)| <= |t| (2 nodes, first 's1')", "Scale scales by up to 2 (node 'd')"});
}
