// SPDX-License-Identifier: Apache-2.0
#include "network/model_builder.hpp"

#include "network/index_map.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace qbound::internal {

Shape with_batch_axis(const Shape& sample) {
    Shape full{1};
    full.insert(full.end(), sample.begin(), sample.end());
    return full;
}

ModelBuilder::ModelBuilder(const Network& network) {
    model_.name = network.name();
    model_.format = "manifest";
    model_.batch_axis_optional = false;
    for (const Node& node : network.nodes()) {
        names_.insert(node.name);
    }
}

std::string ModelBuilder::unused(std::string name) {
    while (!names_.insert(name).second) {
        name += '_';
    }
    return name;
}

std::string ModelBuilder::helper(const std::string& node, std::string_view suffix) {
    return unused(node + "." + std::string(suffix));
}

Value ModelBuilder::emit(const std::string& name, std::string op, const std::vector<Value>& inputs,
                         std::vector<std::string> tensors, Attributes attributes, Shape shape) {
    ModelNode node{.name = name, .op = std::move(op), .inputs = {}, .outputs = {name}, .attributes = std::move(attributes)};
    for (const Value& input : inputs) {
        node.inputs.push_back(input.name);
    }
    std::ranges::move(tensors, std::back_inserter(node.inputs));
    model_.nodes.push_back(std::move(node));
    return {name, std::move(shape)};
}

std::string ModelBuilder::tensor(const std::string& node, std::string_view suffix, TensorPtr tensor) {
    std::string name = helper(node, suffix);
    model_.tensors.emplace(name, std::move(tensor));
    return name;
}

std::string ModelBuilder::tensor(const std::string& node, std::string_view suffix, Shape shape, std::vector<double> values) {
    return tensor(node, suffix, std::make_shared<const Tensor>(Tensor{.shape = std::move(shape), .data = std::move(values)}));
}

std::string ModelBuilder::integers(const std::string& node, std::string_view suffix, const std::vector<std::int64_t>& values) {
    Tensor list{.shape = {static_cast<std::int64_t>(values.size())}, .data = {}, .type = ElementType::int64};
    list.data.assign(values.begin(), values.end());
    return tensor(node, suffix, std::make_shared<const Tensor>(std::move(list)));
}

Value ModelBuilder::reshaped(const Value& value, const Shape& shape, const std::string& node, std::string_view suffix) {
    if (value.shape == shape) {
        return value;
    }
    return emit(helper(node, suffix), "Reshape", {value}, {}, {{"shape", with_batch_axis(shape)}}, shape);
}

Value ModelBuilder::canonical(const Value& value, const std::string& node) {
    const Dims dims = dims_of(value.shape);
    return reshaped(value, {dims.channels, dims.height, dims.width}, node, "image");
}

Windowed windowed(ModelBuilder& builder, const std::string& node, const Axes& axes, const Value& in) {
    if (in.shape.size() == 2 && axes[0] == Axis{}) {
        return {in, true};
    }
    return {builder.canonical(in, node), false};
}

Attributes Windowed::attributes(const Axes& axes) const {
    std::vector<std::int64_t> kernel;
    std::vector<std::int64_t> strides;
    std::vector<std::int64_t> dilations;
    std::vector<std::int64_t> begins;
    std::vector<std::int64_t> ends;
    for (std::size_t k = one_dimensional ? 1 : 0; k < 2; ++k) {
        kernel.push_back(axes[k].kernel);
        strides.push_back(axes[k].stride);
        dilations.push_back(axes[k].dilation);
        begins.push_back(axes[k].pad_begin);
        ends.push_back(axes[k].pad_end);
    }
    begins.insert(begins.end(), ends.begin(), ends.end());
    return {{"kernel_shape", kernel}, {"strides", strides}, {"dilations", dilations}, {"pads", begins}};
}

Shape Windowed::out(std::int64_t channels, const Axes& axes) const {
    return one_dimensional ? Shape{channels, axes[1].out} : Shape{channels, axes[0].out, axes[1].out};
}

}  // namespace qbound::internal
