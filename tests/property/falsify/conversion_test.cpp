// SPDX-License-Identifier: Apache-2.0
// A network that goes through Model, a manifest or an ONNX file is the same network: values, structure and bounds.
#include "qbound/bounds.hpp"
#include "qbound/error.hpp"
#include "qbound/lower.hpp"
#include "qbound/measure.hpp"
#include "qbound/norms.hpp"
#include "qbound/writer.hpp"
#include "support/catch.hpp"
#include "support/random_graph.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

using namespace qbound;
using namespace qbound::test;

namespace {

class WrittenFolder final : public FileSource {
  public:
    explicit WrittenFolder(const ManifestFiles& files) {
        for (const TensorFile& file : files.tensors) {
            REQUIRE(files_.emplace(file.path, write_npy(*file.tensor, file.type)).second);
        }
    }
    [[nodiscard]] OwnedBytes read(std::string_view relative) const override { return {files_.at(std::string(relative)), nullptr}; }
    [[nodiscard]] std::vector<std::string> list() const override { return {}; }

  private:
    std::map<std::string, std::vector<std::byte>> files_;
};

Network through_model(const Network& network) {
    return lower(to_model(network), {}).network;
}

Network through_manifest(const Network& network) {
    const ManifestFiles files = write_manifest(to_model(network), "net");
    return lower(load_model(std::as_bytes(std::span(files.json)), WrittenFolder(files), {}), {}).network;
}

Network through_onnx(const Network& network, RealType type) {
    Shape out = network.node(network.output()).shape;
    out.insert(out.begin(), 1);
    const OnnxFile file = write_onnx(to_model(network), out, type);
    const WrittenFolder nothing({});
    return lower(load_model(std::as_bytes(std::span(file.bytes)), nothing, {}), {.box = network.box()}).network;
}

std::vector<double> evaluated(const Network& network, Random& random) {
    const Box& box = network.box();
    const Dims& dims = network.node(0).dims;
    const std::size_t repeat = static_cast<std::size_t>(dims.size()) / box.lower.size();
    std::vector<double> x;
    for (std::size_t i = 0; i < static_cast<std::size_t>(dims.size()); ++i) {
        x.push_back(random.uniform(box.lower[i / repeat], box.upper[i / repeat]));
    }
    return approx_evaluate(network, parameters_of(network), x, 1);
}

/// |a − b| ≤ tolerance·max(|a|, |b|, scale), and equal if they are not finite.
bool near(double a, double b, double tolerance, double scale = 0) {
    return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= tolerance * std::max({std::abs(a), std::abs(b), scale});
}

void check_values(const RandomCase& drawn, const Network& other, double tolerance) {
    for (std::uint64_t round = 0; round < 3; ++round) {
        Random one(drawn.seed + round);
        Random two(drawn.seed + round);
        const std::vector<double> a = evaluated(*drawn.network, one);
        const std::vector<double> b = evaluated(other, two);
        REQUIRE(a.size() == b.size());
        double scale = 0;
        for (const double value : a) {
            scale = std::max(scale, std::abs(value));
        }
        for (std::size_t i = 0; i < a.size(); ++i) {
            CAPTURE(i, a[i], b[i]);
            CHECK(near(a[i], b[i], tolerance, std::isfinite(scale) ? scale : 1));
        }
    }
}

/// The weight layers have the same names, numbers and windows.
void check_layers(const Network& network, const Network& other) {
    REQUIRE(network.weight_layers().size() == other.weight_layers().size());
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
        const WeightLayer& a = network.layer(l);
        const WeightLayer& b = other.layer(l);
        CHECK(network.node(network.weight_layers()[l]).name == other.node(other.weight_layers()[l]).name);
        CHECK(a.weight->shape == b.weight->shape);
        CHECK(a.weight->data == b.weight->data);
        CHECK(a.bias == b.bias);
        CHECK(a.groups == b.groups);
        CHECK(a.axes == b.axes);
        CHECK(a.dense == b.dense);
    }
    CHECK(network.box().lower == other.box().lower);
    CHECK(network.box().upper == other.box().upper);
}

std::vector<Bound> bounds_of(const Network& network) {
    Quantizer quantizer;
    quantizer.bits = 4;
    const WeightPair pair(network, quantizer);
    std::vector<LayerNorms> norms;
    for (std::size_t l = 0; l < pair.size(); ++l) {
        norms.push_back(layer_norms(pair, l));
    }
    std::vector<Bound> bounds;
    for (const Method& method : methods()) {
        if (method.fast) {
            bounds.push_back(method.evaluate({network, pair, norms}));
        }
    }
    return bounds;
}

}  // namespace

TEST_CASE("networks go through Model, manifest and ONNX unchanged") {
    constexpr std::uint64_t kCases = 400;
    for (std::uint64_t seed = 1; seed <= kCases; ++seed) {
        GraphOptions options;
        options.extreme_weights = seed % 4 == 0;
        const RandomCase drawn = random_case(seed, options);
        INFO(describe(*drawn.network));
        const Network model = through_model(*drawn.network);
        const Network manifest = through_manifest(*drawn.network);
        const Network onnx = through_onnx(*drawn.network, RealType::float64);
        check_layers(*drawn.network, model);
        check_layers(*drawn.network, manifest);
        check_layers(*drawn.network, onnx);
        if (!options.extreme_weights) {
            check_values(drawn, model, 1e-9);
            check_values(drawn, manifest, 1e-9);
            check_values(drawn, onnx, 1e-5);  // ONNX's attributes are float32
        }
    }
}

TEST_CASE("bounds of networks that went through a manifest") {
    constexpr std::uint64_t kCases = 150;
    for (std::uint64_t seed = 1000; seed < 1000 + kCases; ++seed) {
        GraphOptions options;
        options.extreme_weights = false;
        const RandomCase drawn = random_case(seed, options);
        INFO(describe(*drawn.network));
        std::vector<Bound> before;
        try {
            before = bounds_of(*drawn.network);
        } catch (const Error&) {
            continue;  // a step beyond double
        }
        const std::vector<Bound> after = bounds_of(through_manifest(*drawn.network));
        REQUIRE(before.size() == after.size());
        for (std::size_t m = 0; m < before.size(); ++m) {
            CAPTURE(before[m].method, before[m].value.log10_up(), after[m].value.log10_up());
            CHECK(near(before[m].value.log10_up(), after[m].value.log10_up(), 1e-9, 1));
            CHECK(before[m].guarantee == after[m].guarantee);
        }
    }
}
