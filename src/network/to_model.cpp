// SPDX-License-Identifier: Apache-2.0
// Network → Model: every node kind in the vocabulary of ONNX and of the manifest.
#include "network/model_builder.hpp"
#include "qbound/lower.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

namespace qbound {

namespace internal {

namespace {

/// One function per node kind: appends its nodes and returns the value. The result's shape may be another notation of the node's.
class Raise {
  public:
    Raise(ModelBuilder& builder, const Node& node, std::vector<Value> inputs)
        : builder_(builder), node_(node), inputs_(std::move(inputs)) {}

    Value operator()(const Input&) const { return {node_.name, node_.shape}; }

    Value operator()(const WeightLayer& layer) const {
        std::vector<std::string> tensors;
        const auto add_bias = [&] {
            if (!layer.bias.empty()) {
                tensors.push_back(builder_.tensor(node_.name, "bias", {layer.out_channels()}, layer.bias));
            }
        };
        const Shape& w = layer.weight->shape;
        if (layer.dense) {
            const Value in = builder_.reshaped(inputs_.front(), {w[1]}, node_.name, "flatten");
            tensors.push_back(builder_.tensor(node_.name, "weight", {w[0], w[1]}, layer.weight->data));
            add_bias();
            return builder_.emit(node_.name, "Gemm", {in}, std::move(tensors), {{"transB", std::int64_t{1}}}, {w[0]});
        }
        const Windowed window = windowed(builder_, node_.name, layer.axes, inputs_.front());
        if (window.one_dimensional) {
            tensors.push_back(builder_.tensor(node_.name, "weight", {w[0], w[1], w[3]}, layer.weight->data));
        } else {
            tensors.push_back(builder_.tensor(node_.name, "weight", layer.weight));
        }
        add_bias();
        Attributes attributes = window.attributes(layer.axes);
        attributes.emplace("group", layer.groups);
        return builder_.emit(node_.name, "Conv", {window.in}, std::move(tensors), std::move(attributes),
                             window.out(w[0], layer.axes));
    }

    Value operator()(const Diagonal& diagonal) const {
        const Value in = per_channel(inputs_.front());
        const auto channels = static_cast<std::int64_t>(diagonal.scale.size());
        return builder_.emit(node_.name, "Scale", {in},
                             {builder_.tensor(node_.name, "scale", {channels}, diagonal.scale),
                              builder_.tensor(node_.name, "shift", {channels}, diagonal.shift)},
                             {}, in.shape);
    }

    Value operator()(const Activation& activation) const {
        using enum ActivationFunction;
        Value in = inputs_.front();
        std::vector<std::string> tensors;
        Attributes attributes;
        switch (activation.function) {
            case clip:
                if (std::isfinite(activation.lower)) {
                    attributes.emplace("min", activation.lower);
                }
                if (std::isfinite(activation.upper)) {
                    attributes.emplace("max", activation.upper);
                }
                break;
            case leaky_relu:
            case elu:
                attributes.emplace("alpha", activation.alpha);
                break;
            case hard_sigmoid:
                attributes = {{"alpha", activation.alpha}, {"beta", activation.beta}};
                break;
            case selu:
                attributes = {{"alpha", activation.alpha}, {"gamma", activation.beta}};
                break;
            case prelu: {
                in = per_channel(in);
                Shape shape(in.shape.size(), 1);
                shape.front() = static_cast<std::int64_t>(activation.slopes.size());
                tensors.push_back(builder_.tensor(node_.name, "slope", std::move(shape), activation.slopes));
                break;
            }
            case gelu_tanh:
                attributes.emplace("approximate", std::string("tanh"));
                break;
            case relu:
            case sigmoid:
            case tanh:
            case softplus:
            case softsign:
            case erf:
            case hard_swish:
            case silu:
            case gelu:
            case mish:
                break;
        }
        return builder_.emit(node_.name, std::string(activation_row(activation.function).op), {in}, std::move(tensors),
                             std::move(attributes), in.shape);
    }

    /// A chain of Add and Sub; it begins with the first summand that is added, so that only a sum without one needs a negation.
    Value operator()(const Sum& sum) const {
        std::vector<std::size_t> order(sum.signs.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        const auto first = std::ranges::find(sum.signs, 1) - sum.signs.begin();
        if (first < static_cast<std::ptrdiff_t>(order.size())) {
            std::rotate(order.begin(), order.begin() + first, order.begin() + first + 1);
        }
        const bool alone = order.size() == 1;
        Value total = inputs_[order.front()];
        if (sum.signs[order.front()] < 0) {
            total = negated(total, alone ? node_.name : builder_.helper(node_.name, "negative"));
        } else if (alone) {
            total = builder_.emit(node_.name, "Identity", {total}, {}, {}, node_.shape);
        }
        for (std::size_t i = 1; i < order.size(); ++i) {
            const std::string name = i + 1 == order.size() ? node_.name : builder_.helper(node_.name, "sum" + std::to_string(i));
            total = builder_.emit(name, sum.signs[order[i]] > 0 ? "Add" : "Sub", {total, inputs_[order[i]]}, {}, {}, node_.shape);
        }
        return total;
    }

    Value operator()(const Product&) const { return builder_.emit(node_.name, "Mul", inputs_, {}, {}, node_.shape); }

    Value operator()(const Concat& concat) const {
        const std::size_t rank = node_.shape.size();
        const bool alike = std::ranges::all_of(inputs_, [&](const Value& value) { return value.shape.size() == rank; });
        std::vector<Value> inputs = inputs_;
        auto axis = static_cast<std::size_t>(concat.axis);
        Shape out = node_.shape;
        if (alike && rank == 2 && axis != 1) {
            axis = axis == 0 ? 0 : 1;
        } else if (!(alike && (rank == 3 || (rank == 1 && axis == 0)))) {
            for (Value& value : inputs) {
                value = builder_.canonical(value, node_.name);
            }
            out = {node_.dims.channels, node_.dims.height, node_.dims.width};
        }
        return builder_.emit(node_.name, "Concat", inputs, {}, {{"axis", static_cast<std::int64_t>(axis) + 1}}, std::move(out));
    }

    Value operator()(const MaxPool& pool) const { return raise_max_pool(builder_, node_, pool, inputs_.front()); }
    Value operator()(const AveragePool& pool) const { return raise_average_pool(builder_, node_, pool, inputs_.front()); }
    Value operator()(const Select& select) const { return raise_select(builder_, node_, select, inputs_.front()); }

    Value operator()(const View&) const {
        return builder_.emit(node_.name, "Reshape", {inputs_.front()}, {}, {{"shape", with_batch_axis(node_.shape)}}, node_.shape);
    }

  private:
    /// The value with its channels on one axis.
    Value per_channel(const Value& value) const {
        return dims_of(value.shape).channels == value.shape.front() ? value : builder_.canonical(value, node_.name);
    }

    Value negated(const Value& value, const std::string& name) const {
        const Value in = per_channel(value);
        const std::int64_t channels = in.shape.front();
        const std::vector<double> minus(static_cast<std::size_t>(channels), -1.0);
        return builder_.reshaped(
            builder_.emit(name, "Scale", {in}, {builder_.tensor(name, "scale", {channels}, minus)}, {}, in.shape), value.shape,
            name, "view");
    }

    ModelBuilder& builder_;
    const Node& node_;
    std::vector<Value> inputs_;
};

/// Limits as the manifest has them: one per channel, or one per entry in the input's shape.
TensorPtr limits(const std::vector<double>& values, const Node& input) {
    const auto size = static_cast<std::int64_t>(values.size());
    Tensor tensor{.shape = {size}, .data = values};
    if (size == input.dims.size()) {
        tensor.shape = input.shape;
    } else if (size != input.shape.front()) {
        const auto positions = static_cast<std::size_t>(input.dims.positions());
        tensor = {.shape = input.shape, .data = {}};
        for (const double value : values) {
            tensor.data.insert(tensor.data.end(), positions, value);
        }
    }
    return std::make_shared<const Tensor>(std::move(tensor));
}

}  // namespace

}  // namespace internal

Model to_model(const Network& network) {
    internal::ModelBuilder builder(network);
    const Node& input = network.node(network.input());
    builder.model().inputs.push_back({.name = input.name,
                                      .shape = internal::with_batch_axis(input.shape),
                                      .lower = internal::limits(network.box().lower, input),
                                      .upper = internal::limits(network.box().upper, input)});
    std::vector<internal::Value> values;
    for (const Node& node : network.nodes()) {
        std::vector<internal::Value> inputs;
        for (const NodeId id : node.inputs) {
            inputs.push_back(values[static_cast<std::size_t>(id)]);
        }
        const internal::Value value = std::visit(internal::Raise(builder, node, std::move(inputs)), node.kind);
        values.push_back(builder.reshaped(value, node.shape, node.name, "view"));
    }
    builder.model().outputs = {values[static_cast<std::size_t>(network.output())].name};
    return builder.take();
}

}  // namespace qbound
