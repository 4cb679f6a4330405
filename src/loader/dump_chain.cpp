// SPDX-License-Identifier: Apache-2.0
#include "loader/chain_builder.hpp"
#include "loader/json_tensor.hpp"
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace qbound::internal {
namespace {

/// k with k^rank = tiles, if there is one.
std::optional<std::int64_t> tiles_per_axis(std::int64_t tiles, std::size_t rank) {
    if (rank == 1) {
        return tiles;
    }
    const auto k = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(tiles))));
    return k * k == tiles ? std::optional(k) : std::nullopt;
}

std::optional<Fit> fit_dense(const Shape& in, const DumpLayer& layer, bool may_pool) {
    const Shape& weight = layer.at(TensorRole::weight).shape;
    const std::int64_t fan_in = weight[1];
    Fit result;
    result.out = {weight[0]};
    if (in.size() == 1) {
        return in[0] == fan_in ? std::optional(result) : std::nullopt;
    }
    const std::int64_t channels = in[0];
    if (fan_in % channels != 0) {
        return std::nullopt;
    }
    const std::int64_t tiles = fan_in / channels;  // compared with the positions: their product with the channels may overflow
    const std::int64_t positions = std::accumulate(in.begin() + 1, in.end(), std::int64_t{1}, std::multiplies<>());
    if (tiles == positions) {
        result.bridge = Fit::Bridge::flatten;
        return result;
    }
    if (!may_pool) {
        return std::nullopt;
    }
    if (tiles == 1) {
        result.bridge = Fit::Bridge::global_pool;
        return result;
    }
    const auto k = tiles_per_axis(tiles, in.size() - 1);
    if (!k || std::any_of(in.begin() + 1, in.end(), [&](std::int64_t extent) { return extent % *k != 0; })) {
        return std::nullopt;
    }
    result.bridge = Fit::Bridge::average_pool;
    std::transform(in.begin() + 1, in.end(), std::back_inserter(result.pool_kernel),
                   [&](std::int64_t extent) { return extent / *k; });
    return result;
}

std::optional<Fit> fit_convolution(const Shape& in, const DumpLayer& layer) {
    const Shape& weight = layer.at(TensorRole::weight).shape;
    if (in.size() != weight.size() - 1) {
        return std::nullopt;
    }
    Fit result;
    if (weight[1] != in[0]) {
        if (weight[1] != 1 || weight[0] % in[0] != 0) {
            return std::nullopt;
        }
        result.group = in[0];
    }
    result.out = in;
    result.out[0] = weight[0];
    return result;
}

/// The geometry that a dump does not store: stride 1, and pads that keep the size.
std::map<std::string, Attribute> convolution_attributes(const Shape& weight, std::int64_t group) {
    std::vector<std::int64_t> begin;
    std::vector<std::int64_t> end;
    for (std::size_t d = 2; d < weight.size(); ++d) {
        begin.push_back((weight[d] - 1) / 2);
        end.push_back(weight[d] - 1 - begin.back());
    }
    begin.insert(begin.end(), end.begin(), end.end());
    return {{"pads", begin}, {"strides", std::vector<std::int64_t>(weight.size() - 2, 1)}, {"group", group}};
}

/// Adds the layer's tensor to the model and returns its value name; without one, a tensor of `otherwise` as long as the mean.
std::string normalization_tensor(DumpLayer& layer, TensorRole role, double otherwise, ChainBuilder& chain, Model& model) {
    const auto found = layer.tensors.find(role);
    if (found != layer.tensors.end()) {
        return chain.tensor(found->second.first, found->second.second);
    }
    const Tensor& mean = layer.at(TensorRole::mean);
    std::string name =
        chain.tensor(layer.name + (role == TensorRole::weight ? ".weight" : ".bias"),
                     std::make_shared<const Tensor>(Tensor{mean.shape, std::vector<double>(mean.data.size(), otherwise)}));
    model.supplied.insert(name);
    return name;
}

void emit_bridge(const Fit& step, const DumpLayer& layer, ChainBuilder& chain, Model& model) {
    if (step.bridge == Fit::Bridge::global_pool) {
        chain.node(layer.name + ".pool", "GlobalAveragePool");
        model.notes.push_back("global average pool assumed before " + in_quotes(layer.name) +
                              ", whose fan-in is the number of channels");
    } else if (step.bridge == Fit::Bridge::average_pool) {
        chain.node(layer.name + ".pool", "AveragePool", {}, {{"kernel_shape", step.pool_kernel}, {"strides", step.pool_kernel}});
        model.notes.push_back("average pool of " + to_string(step.pool_kernel) + " assumed before " + in_quotes(layer.name) +
                              " to meet its fan-in");
    }
    if (step.bridge != Fit::Bridge::none) {
        chain.node(layer.name + ".flatten", "Flatten");
    }
}

void emit_layer(DumpLayer& layer, const Fit& step, double bn_epsilon, ChainBuilder& chain, Model& model) {
    emit_bridge(step, layer, chain, model);
    if (layer.kind == DumpKind::normalization) {
        const std::vector<std::string> constants{normalization_tensor(layer, TensorRole::weight, 1, chain, model),
                                                 normalization_tensor(layer, TensorRole::bias, 0, chain, model),
                                                 normalization_tensor(layer, TensorRole::mean, 0, chain, model),
                                                 normalization_tensor(layer, TensorRole::variance, 1, chain, model)};
        chain.node(layer.name, "BatchNormalization", constants, {{"epsilon", bn_epsilon}});
        return;
    }
    std::vector<std::string> constants;
    for (const TensorRole role : {TensorRole::weight, TensorRole::bias}) {
        if (const auto found = layer.tensors.find(role); found != layer.tensors.end()) {
            constants.push_back(chain.tensor(found->second.first, found->second.second));
        }
    }
    if (layer.kind == DumpKind::dense) {
        chain.node(layer.name, "Gemm", constants, {{"transB", std::int64_t{1}}});
        return;
    }
    if (step.group != 1) {
        model.notes.push_back("convolution " + in_quotes(layer.name) + " read as depthwise with " + std::to_string(step.group) +
                              " groups");
    }
    chain.node(layer.name, "Conv", constants, convolution_attributes(layer.at(TensorRole::weight).shape, step.group));
}

/// A layer that does not fit is joined all the same, for a person to mend.
Fit sketched(const Shape& in, const DumpLayer& layer, Model& model) {
    Fit joined;
    joined.out = in;
    if (layer.kind == DumpKind::dense) {
        joined.bridge = in.size() > 1 ? Fit::Bridge::flatten : Fit::Bridge::none;
        joined.out.assign(1, layer.at(TensorRole::weight).shape[0]);
    } else if (layer.kind == DumpKind::convolution) {
        joined.out.front() = layer.at(TensorRole::weight).shape[0];
    }
    model.notes.push_back("to mend: layer " + in_quotes(layer.name) + " does not take what comes to it (" + to_string(in) + ")");
    return joined;
}

}  // namespace

std::optional<Fit> fit(const Shape& in, const DumpLayer& layer, bool may_pool) {
    switch (layer.kind) {
        case DumpKind::dense:
            return fit_dense(in, layer, may_pool);
        case DumpKind::convolution:
            return fit_convolution(in, layer);
        case DumpKind::normalization:
            break;
    }
    Fit same;
    same.out = in;
    return in[0] == layer.at(TensorRole::mean).shape[0] ? std::optional(same) : std::nullopt;
}

std::optional<Shape> stated_input(const std::vector<DumpLayer>& layers, const LoadOptions& options) {
    if (options.input_shape) {
        (void)with_batch(*options.input_shape, "--input-shape");
        return options.input_shape;
    }
    const auto convolution = std::ranges::find(layers, DumpKind::convolution, &DumpLayer::kind);
    if (convolution != layers.end() && !options.sketch) {
        fail_malformed("layer " + in_quotes(convolution->name), "a convolution, and a weight dump does not say the input's shape",
                       "give it, as in --input-shape 3,224,224");
    }
    return std::nullopt;
}

Shape input_for(const DumpLayer& first) {
    if (first.kind == DumpKind::convolution) {  // in a sketch
        constexpr std::int64_t kUsualSize = 224;
        const Shape& weight = first.at(TensorRole::weight).shape;
        Shape shape(weight.size() - 1, kUsualSize);
        shape.front() = weight[1];
        return shape;
    }
    return {first.kind == DumpKind::dense ? first.at(TensorRole::weight).shape[1] : first.at(TensorRole::mean).shape[0]};
}

void emit_chain(std::vector<DumpLayer>& layers, const Shape& input, double bn_epsilon, bool sketch, Model& model) {
    ChainBuilder chain(model);
    Shape shape = input;
    bool may_pool = false;
    std::string owing_relu;  // the weight layer whose Relu comes once its BatchNormalizations are through
    for (DumpLayer& layer : layers) {
        if (layer.kind != DumpKind::normalization && !owing_relu.empty()) {
            chain.node(owing_relu + ".relu", "Relu");
        }
        std::optional<Fit> step = fit(shape, layer, may_pool);
        if (!step && sketch) {
            step = sketched(shape, layer, model);
        }
        if (!step) {
            const Shape& weight = layer.at(layer.kind == DumpKind::normalization ? TensorRole::mean : TensorRole::weight).shape;
            fail_malformed(
                "layer " + in_quotes(layer.name),
                to_string(weight) + " does not take what comes from " + in_quotes(chain.last()) + " (" + to_string(shape) + ")",
                "name the layers in order with --order, or describe the graph with --topology");
        }
        emit_layer(layer, *step, bn_epsilon, chain, model);
        shape = step->out;
        if (layer.kind != DumpKind::normalization) {
            owing_relu = layer.name;
            may_pool = layer.kind == DumpKind::convolution;
        }
    }
    chain.finish();
}

}  // namespace qbound::internal
