// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.hpp"
#include "qbound/error.hpp"
#include "qbound/report.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <limits>
#include <numeric>

namespace qbound {

namespace {

LayerReport layer_report(const WeightPair& pair, std::size_t index, const LayerNorms& norms) {
    const Network& network = pair.network();
    const Node& node = network.node(network.weight_layers()[index]);
    const WeightLayer& layer = network.layer(index);
    const LayerQuantization& quantization = pair.quantization(index);

    LayerReport report;
    report.name = node.name;
    report.op = node.op;
    report.shape = layer.weight->shape;
    if (layer.dense) {
        report.shape.resize(2);
    }
    report.fan_in = fan_in(layer, FanInConvention::grouped);
    report.fan_in_paper = fan_in(layer, FanInConvention::paper);
    report.norm_inf = norms.inf;
    report.norm_inf_quantized = norms.inf_quantized;
    report.delta_norm_inf = norms.inf_delta;
    report.etas.reserve(quantization.groups.size());
    for (const QuantizationGroup& group : quantization.groups) {
        report.etas.push_back(group.eta);
    }
    report.bits = quantization.bits;
    report.max_abs_delta = quantization.max_abs_delta;
    report.max_abs_bias_delta = quantization.max_abs_bias_delta;
    return report;
}

}  // namespace

MethodSelection select_methods(std::string_view request, const Network& network) {
    MethodSelection selection;
    if (request == "default" || request == "fast" || request == "all") {
        for (const Method& method : methods()) {
            if (request == "fast" && !method.fast) {
                continue;
            }
            // Written so that a count that is not a number is left out.
            if (request == "default" && !(method.operations(network) <= kDefaultOperationBudget)) {
                selection.left_out.emplace_back(method.name);
                continue;
            }
            selection.methods.push_back(&method);
        }
        return selection;
    }
    for (std::size_t begin = 0; begin <= request.size();) {
        const std::size_t end = std::min(request.find(',', begin), request.size());
        const std::string_view name = request.substr(begin, end - begin);
        const Method* method = find_method(name);
        if (method == nullptr) {
            std::vector<std::string> known{"default", "fast", "all"};
            for (const Method& candidate : methods()) {
                known.emplace_back(candidate.name);
            }
            throw Error(ErrorKind::usage, "--methods", fmt::format("'{}' is not a method", internal::one_line(name)),
                        "one of " + internal::join(known, ", "));
        }
        if (std::find(selection.methods.begin(), selection.methods.end(), method) == selection.methods.end()) {
            selection.methods.push_back(method);
        }
        begin = end + 1;
    }
    // In the registry's order, which the joint method relies on.
    std::sort(selection.methods.begin(), selection.methods.end());
    return selection;
}

Result evaluate(const WeightPair& pair, const MethodSelection& selection, const EvaluateOptions& options,
                std::vector<Upper>& theta_norms) {
    std::vector<LayerNorms> norms(pair.size());
    internal::parallel_for(static_cast<std::int64_t>(pair.size()), options.threads, [&](std::int64_t i) {
        const auto index = static_cast<std::size_t>(i);
        norms[index] = layer_norms(pair, index);
    });
    const bool with_spectral =
        std::any_of(selection.methods.begin(), selection.methods.end(), [](const Method* method) { return !method->fast; });
    std::vector<LayerSpectralNorms> spectral;
    for (std::size_t i = 0; with_spectral && i < pair.size(); ++i) {
        const std::optional<Upper> theta = i < theta_norms.size() ? std::optional(theta_norms[i]) : std::nullopt;
        spectral.push_back(layer_spectral_norms(pair, i, theta, options.threads));
    }
    if (theta_norms.empty()) {
        for (const LayerSpectralNorms& layer : spectral) {
            theta_norms.push_back(layer.two);
        }
    }
    const BoundInput input{.network = pair.network(),
                           .pair = pair,
                           .norms = norms,
                           .convention = options.convention,
                           .assumed_chain = options.assumed_chain,
                           .threads = options.threads,
                           .spectral = spectral};

    Result result;
    result.quantizer = pair.quantizer();
    result.convention = options.convention;
    result.constants = path_constants(input);
    result.left_out = selection.left_out;
    for (std::size_t i = 0; i < pair.size(); ++i) {
        result.layers.push_back(layer_report(pair, i, norms[i]));
        if (with_spectral) {
            result.layers.back().norm_2 = spectral[i].two;
            result.layers.back().delta_norm_2 = spectral[i].two_delta;
        }
        result.delta = std::max({result.delta, result.layers.back().max_abs_delta, result.layers.back().max_abs_bias_delta});
    }
    result.bounds = evaluate_methods(selection.methods, input);
    result.best = best_bound(result.bounds);
    if (options.shares && result.best) {
        const Bound& best = result.bounds[*result.best];
        const Method& method = *find_method(best.method);
        if (method.operations(pair.network()) * static_cast<double>(pair.size()) <= kShareOperationBudget) {
            const std::vector<double> shares = approx_layer_shares(method, input, best.value);
            for (std::size_t i = 0; i < shares.size(); ++i) {
                result.layers[i].share = shares[i];
            }
        }
    }
    return result;
}

double Result::gap_up() const noexcept {
    if (!best || !reached) {
        return std::numeric_limits<double>::infinity();
    }
    const Upper bound = bounds[*best].value;
    if (bound.is_zero() && reached->value == 0) {
        return 0;
    }
    // A bound of 0 is the truth, of which no more than 0 can be reached.
    return reached->value > 0 ? next_up(bound.log10_up() - reached->log10_down()) : std::numeric_limits<double>::infinity();
}

ModelSummary summarise(const Network& network, bool assumed_chain) {
    ModelSummary summary;
    summary.name = network.name();
    summary.parameters = network.parameters();
    summary.weight_layers = static_cast<std::int64_t>(network.weight_layers().size());
    summary.input_shape = network.node(network.input()).shape;
    summary.D = network.box().radius();
    summary.topology = assumed_chain ? "assumed-chain" : is_chain(network) ? "chain" : "graph";

    // L and N of docs/theory.md A: along the main path, with every layer's input as that layer sees it.
    summary.max_width = network.node(network.input()).dims.size();
    for (const NodeId id : main_path(network)) {
        const Node& node = network.node(id);
        if (std::holds_alternative<WeightLayer>(node.kind)) {
            ++summary.depth;
            summary.max_width = std::max({summary.max_width, node.dims.size(), network.node(node.inputs.front()).dims.size()});
        }
    }

    const Box& box = network.box();
    const auto [lowest, lower_max] = std::minmax_element(box.lower.begin(), box.lower.end());
    const auto [upper_min, highest] = std::minmax_element(box.upper.begin(), box.upper.end());
    constexpr int kDigits = 6;
    const std::string hull = fmt::format("[{}, {}]", decimal_down(*lowest, kDigits), decimal_up(*highest, kDigits));
    if (*lowest == *lower_max && *upper_min == *highest) {
        summary.input_box = hull;
    } else {
        const bool per_channel = static_cast<std::int64_t>(box.lower.size()) == network.node(network.input()).dims.channels;
        summary.input_box = fmt::format("per {}, within {}", per_channel ? "channel" : "entry", hull);
    }
    return summary;
}

}  // namespace qbound
