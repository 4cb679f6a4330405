// SPDX-License-Identifier: Apache-2.0
// Random small chains: the bounds against the exact error, and against the formulas evaluated in rationals from their definitions.
#include "evaluated.hpp"
#include "support/catch.hpp"
#include "support/exact_evaluate.hpp"
#include "support/networks.hpp"
#include "support/random.hpp"

#include <cmath>
#include <optional>
#include <vector>

using namespace qbound;
using test::Evaluated;
using test::exact;
using test::NetworkBuilder;
using test::Rational;

namespace {

struct Layer {
    test::Matrix weight;
    std::vector<double> bias;
};

struct Chain {
    std::int64_t inputs = 1;
    double lower = -1;
    double upper = 1;
    Activation activation;
    std::vector<Layer> layers;

    [[nodiscard]] Network build() const {
        NetworkBuilder builder({inputs}, lower, upper);
        for (std::size_t l = 0; l < layers.size(); ++l) {
            builder.dense("d" + std::to_string(l), layers[l].weight, layers[l].bias);
            if (l + 1 < layers.size()) {
                builder.add("a" + std::to_string(l), "Activation", activation);
            }
        }
        return builder.build();
    }
};

enum class Biases { none, equal, changed };

/// θ and θ' = θ + Δ. `aligned`: everything positive and every entry moved by the same step, where the bounds are nearly reached.
std::pair<Chain, Chain> random_pair(test::Random& random, Biases biases, bool aligned) {
    Chain a;
    a.inputs = random.integer(1, 3);
    const double radius = random.coin() ? random.uniform(0.01, 1) : random.uniform(1, 4);
    a.upper = radius;
    a.lower = random.coin() ? -radius : 0;
    switch (aligned ? 0 : random.integer(0, 2)) {
        case 1:
            a.activation.function = ActivationFunction::leaky_relu;
            a.activation.alpha = random.uniform(-1, 1);
            break;
        case 2:
            a.activation.function = ActivationFunction::clip;
            a.activation.lower = -random.uniform(0, 2);
            a.activation.upper = random.uniform(0, 2);
            break;
        default:
            break;
    }
    Chain b = a;
    const double scale = std::ldexp(1.0, static_cast<int>(random.integer(-6, 3)));
    const double step = random.coin() ? scale * random.uniform(0.001, 0.1) : random.uniform(0, 2);
    const auto moved = [&](double w) { return aligned ? w + step : w + random.uniform(-step, step); };
    const auto entry = [&] { return random.integer(0, 5) == 0 ? 0 : random.uniform(aligned ? 0 : -scale, scale); };
    std::int64_t width = a.inputs;
    const std::int64_t depth = random.integer(1, 4);
    for (std::int64_t l = 0; l < depth; ++l) {
        const std::int64_t next = random.integer(1, 3);
        Layer original;
        Layer quantized;
        for (std::int64_t i = 0; i < next; ++i) {
            std::vector<double> row(static_cast<std::size_t>(width));
            std::vector<double> other(row.size());
            for (std::size_t j = 0; j < row.size(); ++j) {
                row[j] = entry();
                other[j] = moved(row[j]);
            }
            original.weight.push_back(row);
            quantized.weight.push_back(other);
            if (biases != Biases::none) {
                original.bias.push_back(entry());
                quantized.bias.push_back(biases == Biases::changed ? moved(original.bias.back()) : original.bias.back());
            }
        }
        a.layers.push_back(original);
        b.layers.push_back(quantized);
        width = next;
    }
    return {a, b};
}

/// The greatest exact error over the corners of the box, its centre, and where single inputs are 0.
Rational worst_error(const WeightPair& pair, const Chain& chain) {
    const Parameters theta = parameters_of(pair.network());
    const Parameters quantized = quantized_parameters_of(pair);
    Rational worst = 0;
    std::int64_t points = 1;
    for (std::int64_t i = 0; i < chain.inputs; ++i) {
        points *= 3;
    }
    for (std::int64_t point = 0; point < points; ++point) {
        std::vector<double> x;
        for (std::int64_t i = 0, code = point; i < chain.inputs; ++i, code /= 3) {
            x.push_back(code % 3 == 0 ? chain.lower : code % 3 == 1 ? chain.upper : 0);
        }
        const Rational error = test::largest_magnitude(test::true_difference(pair.network(), theta, quantized, x));
        worst = error > worst ? error : worst;
    }
    return worst;
}

Rational larger(const Rational& a, const Rational& b) {
    return a < b ? b : a;
}

/// Quantities of the theorems in exact rationals.
struct Exact {
    std::vector<Rational> norm;       ///< ‖W_l‖, both networks
    std::vector<Rational> augmented;  ///< ‖[W_l b_l]‖, both networks
    Rational bias_max = 0;
    Rational delta = 0;
    Rational radius;
    std::int64_t widest = 0;
    std::int64_t widths = 0;

    Exact(const Chain& a, const Chain& b) : radius(larger(abs(exact(a.lower)), abs(exact(a.upper)))), widest(a.inputs) {
        for (std::size_t l = 0; l < a.layers.size(); ++l) {
            norm.emplace_back(0);
            augmented.emplace_back(0);
            for (const Layer* layer : {&a.layers[l], &b.layers[l]}) {
                for (std::size_t i = 0; i < layer->weight.size(); ++i) {
                    const Rational row = test::abs_sum(layer->weight[i]);
                    const Rational bias = layer->bias.empty() ? Rational{0} : abs(exact(layer->bias[i]));
                    norm[l] = larger(norm[l], row);
                    augmented[l] = larger(augmented[l], row + bias);
                    bias_max = larger(bias_max, bias);
                }
            }
            for (std::size_t i = 0; i < a.layers[l].weight.size(); ++i) {
                for (std::size_t j = 0; j < a.layers[l].weight[i].size(); ++j) {
                    delta = larger(delta, abs(exact(a.layers[l].weight[i][j]) - exact(b.layers[l].weight[i][j])));
                }
                if (!a.layers[l].bias.empty()) {
                    delta = larger(delta, abs(exact(a.layers[l].bias[i]) - exact(b.layers[l].bias[i])));
                }
            }
            widest = std::max(widest, static_cast<std::int64_t>(a.layers[l].weight.size()));
            widths += static_cast<std::int64_t>(a.layers[l].weight.front().size());
        }
    }

    [[nodiscard]] std::int64_t depth() const { return static_cast<std::int64_t>(norm.size()); }

    [[nodiscard]] Rational gonon(bool changed) const {
        const std::int64_t L = depth();
        Rational r = larger(1, bias_max);
        for (const Rational& n : norm) {
            r = larger(r, n);
        }
        const std::int64_t factor = changed ? std::max(widest * L * L, widest * L * (L + 1) / 2 + L) : widest * L * L;
        return larger(radius, 1) * factor * test::power(r, L - 1) * delta;
    }

    [[nodiscard]] Rational mean_power(bool changed) const {
        if (depth() == 1) {
            return 1;
        }
        Rational result = 0;
        for (std::int64_t l = 1; l <= depth(); ++l) {
            for (std::int64_t i = 1; i <= (changed || l == 1 ? l : l - 1); ++i) {
                Rational product = 1;
                for (std::int64_t j = i; j <= depth(); ++j) {
                    product *= j == l ? Rational{1} : augmented[static_cast<std::size_t>(j - 1)];
                }
                result = larger(result, product);
            }
        }
        return result;
    }

    [[nodiscard]] Rational general(bool changed) const {
        return larger(radius, 1) * (widths + (changed ? depth() : 0)) * mean_power(changed) * delta;
    }

    [[nodiscard]] Rational conv(bool has_bias, bool changed) const {
        if (has_bias) {
            return general(changed);  // dense layers: fan-in is the input's width
        }
        Rational product = 0;
        for (std::size_t l = 0; l < norm.size(); ++l) {
            Rational others = 1;
            for (std::size_t k = 0; k < norm.size(); ++k) {
                others *= k == l ? Rational{1} : norm[k];
            }
            product = larger(product, others);
        }
        return radius * widths * product * delta;
    }
};

void check_close(const Bound& bound, const Rational& formula) {
    INFO(bound.method);
    CHECK(test::encloses_from_above(exact(bound.value), formula, test::power_of_two(-44)));
    CHECK(bound.guarantee == Guarantee::certified);
}

}  // namespace

TEST_CASE("the bounds cover the exact error of random chains and equal their formulas", "[bounds]") {
    const std::uint64_t seed = 71;
    test::Random random(seed);
    Rational nearest = 0;  // the greatest error / houache-conv seen: the test can fail
    for (int round = 0; round < 400; ++round) {
        const auto biases = static_cast<Biases>(round % 3);
        const bool aligned = round % 2 == 0;
        INFO("seed " << seed << ", round " << round);
        const auto [a, b] = random_pair(random, biases, aligned);
        const Network network = a.build();
        const Network other = b.build();
        const WeightPair pair(network, other);
        const Evaluated evaluated(pair);
        const PathConstants c = evaluated.constants();
        const Exact reference(a, b);

        check_close(evaluated.bound("gonon-2023"), reference.gonon(c.biases_change));
        check_close(evaluated.bound("houache-general"), reference.general(c.biases_change));
        check_close(evaluated.bound("houache-conv"), reference.conv(c.has_bias, c.biases_change));

        const Rational error = worst_error(pair, a);
        for (const Method& method : methods()) {
            const Bound bound = evaluated.bound(method.name);
            INFO(method.name);
            if (bound.guarantee != Guarantee::certified || bound.value.is_infinite()) {
                continue;
            }
            CHECK(exact(bound.value) >= error);
            if (method.name == "houache-conv" && !bound.value.is_zero()) {
                nearest = larger(nearest, error / exact(bound.value));
            }
        }
    }
    CHECK(nearest > Rational{99, 100});
}

TEST_CASE("the bounds cover the exact error of quantized random chains", "[bounds]") {
    const std::uint64_t seed = 72;
    test::Random random(seed);
    for (int round = 0; round < 200; ++round) {
        INFO("seed " << seed << ", round " << round);
        const Chain chain = random_pair(random, round % 2 == 0 ? Biases::equal : Biases::none, false).first;
        const Network network = chain.build();
        Quantizer quantizer;
        quantizer.bits = static_cast<int>(random.integer(2, 6));
        quantizer.rounding = random.coin() ? Rounding::floor : Rounding::nearest;
        quantizer.symmetric = random.coin();
        quantizer.granularity = static_cast<Granularity>(random.integer(0, 2));
        quantizer.quantize_biases = random.coin();
        const WeightPair pair(network, quantizer);
        const Evaluated evaluated(pair);
        const Rational error = worst_error(pair, chain);
        for (const char* method : {"gonon-2023", "houache-general", "houache-conv"}) {
            INFO(method);
            CHECK(exact(evaluated.bound(method).value) >= error);
        }
    }
}
