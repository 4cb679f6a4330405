// SPDX-License-Identifier: Apache-2.0
#include "measure/evaluator.hpp"
#include "qbound/measure.hpp"

#include <utility>

namespace qbound {

namespace {

std::vector<std::vector<double>> evaluate(const Network& network, const Parameters& parameters, std::span<const double> x,
                                          int threads, bool keep) {
    internal::Evaluator evaluator(network, parameters, 1, threads, keep);
    evaluator.start(x);
    while (!evaluator.finished()) {
        evaluator.step();
    }
    return std::move(evaluator.values());
}

}  // namespace

Parameters parameters_of(const Network& network) {
    Parameters parameters;
    for (std::size_t i = 0; i < network.weight_layers().size(); ++i) {
        parameters.push_back({network.layer(i).weight, network.layer(i).bias});
    }
    return parameters;
}

Parameters quantized_parameters_of(const WeightPair& pair) {
    Parameters parameters;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        parameters.push_back(pair.quantized(i));
    }
    return parameters;
}

std::vector<double> approx_evaluate(const Network& network, const Parameters& parameters, std::span<const double> x, int threads) {
    return std::move(evaluate(network, parameters, x, threads, false)[static_cast<std::size_t>(network.output())]);
}

std::vector<std::vector<double>> approx_evaluate_all(const Network& network, const Parameters& parameters,
                                                     std::span<const double> x, int threads) {
    return evaluate(network, parameters, x, threads, true);
}

}  // namespace qbound
