// SPDX-License-Identifier: Apache-2.0
// The papers' bounds of real trained networks against figures evaluated independently in double precision.
#include "qbound/bounds.hpp"
#include "qbound/norms.hpp"
#include "shared_models.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace qbound;

namespace {

/// log10 of the three bounds: symmetric, per tensor, to nearest, ties to even; grouped fan-in; residual networks as main path.
struct Row {
    const char* network;
    int bits;
    std::int64_t L;
    std::int64_t N;
    double gonon;
    double general;
    double conv;
};

constexpr Row kTable[] = {
    {"mlperf_resnet8_cifar_float", 8, 8, 16384, 22.85, 16.19, 14.56},
    {"mlperf_resnet8_cifar_float", 4, 8, 16384, 24.10, 17.45, 15.81},
    {"mlperf_resnet8_cifar_int8deq", 8, 8, 16384, 22.52, 15.87, 14.23},
    {"mlperf_resnet8_cifar_int8deq", 4, 8, 16384, 24.10, 17.45, 15.81},
    {"mlperf_vww_mobilenetv1_025_float", 8, 28, 36864, 51.13, 37.14, 34.95},
    {"mlperf_vww_mobilenetv1_025_float", 4, 28, 36864, 52.37, 38.55, 36.36},
    {"cifar_resnet20", 8, 20, 16384, 45.31, 27.60, 26.08},
    {"cifar_resnet20", 4, 20, 16384, 46.56, 28.87, 27.35},
    {"squeezenet11_imagenet", 8, 18, 788544, 32.02, 22.25, 19.54},
    {"mobilenetv2_headless", 8, 52, 1204224, 113.14, 67.15, 64.26},
};

void check_log10(const BoundInput& input, const char* method, double expected) {
    INFO(method);
    const Bound bound = find_method(method)->evaluate(input);
    CHECK(bound.value.log10_up() == Approx(expected).margin(0.0051).epsilon(0));
    const bool chain = is_chain(input.network);
    CHECK(bound.guarantee == (chain ? Guarantee::certified : Guarantee::conditional));
}

}  // namespace

TEST_CASE("the papers' bounds of real networks", "[models]") {
    const auto folder = qbound::test::shared_models();
    if (!folder) {
        WARN("skipped: QBOUND_SHARED_MODELS does not name the folder of the real networks");
        return;
    }
    for (const Row& row : kTable) {
        INFO(row.network << " at " << row.bits << " bits");
        const Network network = qbound::test::load_shared_model(*folder, row.network);
        Quantizer quantizer;
        quantizer.bits = row.bits;
        const WeightPair pair(network, quantizer);
        std::vector<LayerNorms> norms;
        for (std::size_t i = 0; i < pair.size(); ++i) {
            norms.push_back(layer_norms(pair, i));
        }
        const BoundInput input{network, pair, norms, FanInConvention::grouped, false, 1};
        const PathConstants c = path_constants(input);
        CHECK(c.L == row.L);
        CHECK(c.N == row.N);
        check_log10(input, "gonon-2023", row.gonon);
        check_log10(input, "houache-general", row.general);
        check_log10(input, "houache-conv", row.conv);
    }
}
