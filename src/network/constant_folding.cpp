// SPDX-License-Identifier: Apache-2.0
#include "network/constant_folding.hpp"

#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "network/rearrange.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace qbound::internal {

namespace {

Tensor integers_of(std::vector<std::int64_t> values, Shape shape) {
    return {.shape = std::move(shape), .data = std::vector<double>(values.begin(), values.end()), .type = ElementType::int64};
}

/// The value_* forms of Constant. (`value_string` and `sparse_value` have no meaning here.)
Tensor fold_constant(const Arguments& arguments, const Constants& /*inputs*/) {
    const ModelNode& node = arguments.node();
    if (node.attributes.size() != 1) {
        arguments.malformed("a Constant has one attribute");
    }
    const auto& [name, value] = *node.attributes.begin();
    if (const auto* tensor = std::get_if<TensorPtr>(&value); tensor != nullptr && *tensor) {
        return **tensor;
    }
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        return integers_of({*integer}, {});
    }
    if (const auto* number = std::get_if<double>(&value)) {
        return {.shape = {}, .data = {*number}};
    }
    if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&value)) {
        return integers_of(*integers, {static_cast<std::int64_t>(integers->size())});
    }
    if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
        return {.shape = {static_cast<std::int64_t>(numbers->size())}, .data = *numbers};
    }
    arguments.unsupported(fmt::format("attribute {} of a Constant", quoted(name)));
}

Tensor fold_constant_of_shape(const Arguments& arguments, const Constants& /*inputs*/) {
    const Shape shape = *arguments.integers(0, "shape");
    const std::int64_t size = checked_size(shape, node_place(arguments.node().name));
    arguments.spend(size);
    const auto value = arguments.node().attributes.find("value");
    Tensor result{.shape = shape, .data = {}};
    double filling = 0;
    if (value != arguments.node().attributes.end()) {
        const auto* tensor = std::get_if<TensorPtr>(&value->second);
        if (tensor == nullptr || !*tensor || (*tensor)->size() != 1) {
            arguments.malformed("its value is not a tensor of one entry");
        }
        filling = (*tensor)->data.front();
        result.type = (*tensor)->type;
    }
    result.data.assign(static_cast<std::size_t>(size), filling);
    return result;
}

Tensor fold_identity(const Arguments& arguments, const Constants& inputs) {
    arguments.spend(inputs[0]->size());
    return *inputs[0];
}

Tensor fold_shape(const Arguments& arguments, const Constants& inputs) {
    return *shape_tensor(arguments, inputs[0]->shape);
}

Tensor fold_size(const Arguments& /*arguments*/, const Constants& inputs) {
    return integers_of({inputs[0]->size()}, {});
}

Tensor fold_range(const Arguments& arguments, const Constants& inputs) {
    const double start = *arguments.scalar(0, "start");
    const double limit = *arguments.scalar(1, "limit");
    const double delta = *arguments.scalar(2, "delta");
    const double count = std::ceil((limit - start) / delta);
    if (delta == 0 || !std::isfinite(count)) {
        arguments.malformed(fmt::format("a range from {} to {} in steps of {}", start, limit, delta));
    }
    const auto size = static_cast<std::int64_t>(std::clamp(count, 0.0, 0x1p40));
    arguments.spend(size);
    Tensor result{.shape = {size}, .data = {}, .type = inputs[0]->type};
    for (std::int64_t i = 0; i < size; ++i) {
        result.data.push_back(start + static_cast<double>(i) * delta);
    }
    return result;
}

Tensor fold_concat(const Arguments& arguments, const Constants& inputs) {
    Shape out = inputs.front()->shape;
    const std::size_t axis = axis_of(arguments, integer_attribute(arguments.node(), "axis", 0), out.size());
    out[axis] = 0;
    for (const TensorPtr& input : inputs) {
        Shape others = input->shape;
        if (others.size() != out.size()) {
            arguments.malformed(fmt::format("shape {} beside {}", to_string(input->shape), to_string(inputs.front()->shape)));
        }
        others[axis] = out[axis];
        if (others != out) {
            arguments.malformed(fmt::format("shape {} does not fit {}", to_string(input->shape), to_string(inputs.front()->shape)));
        }
        out[axis] += input->shape[axis];
    }
    const std::int64_t size = checked_size(out, node_place(arguments.node().name));
    arguments.spend(size);
    Tensor result{.shape = out, .data = {}, .type = inputs.front()->type};
    result.data.reserve(static_cast<std::size_t>(size));
    std::size_t outer = 1;
    for (std::size_t k = 0; k < axis; ++k) {
        outer *= static_cast<std::size_t>(out[k]);
    }
    for (std::size_t o = 0; o < outer; ++o) {
        for (const TensorPtr& input : inputs) {
            const std::size_t length = input->data.size() / outer;
            const auto begin = input->data.begin() + static_cast<std::ptrdiff_t>(o * length);
            result.data.insert(result.data.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
        }
    }
    return result;
}

struct Row {
    std::string_view op;
    std::size_t required;  ///< inputs that must be there
    Tensor (*fold)(const Arguments&, const Constants&);
    std::vector<std::string_view> attributes;
};

const std::vector<Row>& rows() {
    static const std::vector<std::string_view> reduction{"axes", "keepdims", "noop_with_empty_axes"};
    static const std::vector<Row> table{
        {"Cast", 1, fold_cast, {"saturate", "to"}},
        {"Concat", 1, fold_concat, {"axis"}},
        {"Constant", 0, fold_constant, {"sparse_value", "value", "value_float", "value_floats", "value_int", "value_ints"}},
        {"ConstantOfShape", 1, fold_constant_of_shape, {"value"}},
        {"DequantizeLinear", 2, fold_dequantize, {"axis", "block_size"}},
        {"Identity", 1, fold_identity, {}},
        {"MatMul", 2, fold_matmul, {}},
        {"QuantizeLinear", 2, fold_quantize, {"axis", "block_size", "output_dtype", "saturate"}},
        {"Range", 3, fold_range, {}},
        {"ReduceMax", 1, fold_reduce, reduction},
        {"ReduceMin", 1, fold_reduce, reduction},
        {"ReduceProd", 1, fold_reduce, reduction},
        {"ReduceSum", 1, fold_reduce, reduction},
        {"Shape", 1, fold_shape, {"end", "start"}},
        {"Size", 1, fold_size, {}},
        {"Where", 3, fold_where, {}},
    };
    return table;
}

const Row* row_of(std::string_view op) {
    const auto row = std::ranges::find(rows(), op, &Row::op);
    return row == rows().end() ? nullptr : &*row;
}

}  // namespace

namespace {

/// Every attribute is understood or refused. Elementwise operators have none that matters; the alignment of opset 1 to 6 is only
/// understood where one operand is computed.
void check_attributes(const Arguments& arguments, const Row* row) {
    static const std::vector<std::string_view> elementwise{"broadcast", "consumed_inputs"};
    const OperatorRow* known = operator_row(arguments.node().op);
    const auto& allowed =
        row != nullptr ? row->attributes : (is_elementwise(arguments.node().op) ? elementwise : known->attributes);
    for (const auto& [name, value] : arguments.node().attributes) {
        if (std::ranges::find(allowed, name) == allowed.end()) {
            arguments.unsupported(fmt::format("attribute {} of {} on constants", quoted(name), arguments.node().op));
        }
    }
}

}  // namespace

bool is_foldable(std::string_view op) {
    return row_of(op) != nullptr || is_elementwise(op) || rearrange_function(op) != nullptr;
}

TensorPtr shape_tensor(const Arguments& arguments, const Shape& full) {
    const auto rank = static_cast<std::int64_t>(full.size());
    const auto position = [&](const std::string& name, std::int64_t fallback) {
        const std::int64_t given = integer_attribute(arguments.node(), name, fallback);
        return std::clamp<std::int64_t>(given < 0 ? given + rank : given, 0, rank);
    };
    const std::int64_t start = position("start", 0);
    const std::int64_t end = std::max(start, position("end", rank));
    return std::make_shared<const Tensor>(
        integers_of(std::vector<std::int64_t>(full.begin() + start, full.begin() + end), {end - start}));
}

bool fold_node(Model& model, const ModelNode& node, const Spend& spend) {
    if (!is_foldable(node.op) || (node.inputs.empty() && node.op != "Constant")) {
        return false;
    }
    Constants inputs;
    for (const std::string& name : node.inputs) {
        const auto tensor = model.tensors.find(name);
        if (!name.empty() && tensor == model.tensors.end()) {
            return false;
        }
        inputs.push_back(name.empty() ? nullptr : tensor->second);
        if (!name.empty()) {
            const std::string place = node_place(node.name) + ": tensor " + quoted(name);
            if (!inputs.back()) {
                throw Error(ErrorKind::malformed, place, "has no data");
            }
            if (checked_size(inputs.back()->shape, place) != inputs.back()->size()) {
                throw Error(ErrorKind::malformed, place,
                            fmt::format("has {} values for shape {}", inputs.back()->size(), to_string(inputs.back()->shape)));
            }
        }
    }
    const Arguments arguments(node, inputs, model.opset, false, spend);
    const Row* row = row_of(node.op);
    check_attributes(arguments, row);
    for (std::size_t i = 0; i < std::max<std::size_t>(row != nullptr ? row->required : 1, node.op == "Concat" ? inputs.size() : 0);
         ++i) {
        if (!arguments.given(i)) {
            arguments.malformed(fmt::format("input {} is missing", i + 1));
        }
    }
    const auto store = [&](std::size_t output, Tensor tensor) {
        if (output < node.outputs.size() && !node.outputs[output].empty()) {
            model.tensors[node.outputs[output]] = std::make_shared<const Tensor>(std::move(tensor));
        }
    };
    if (const Rearrange rearrange = rearrange_function(node.op)) {
        const auto outputs = rearrange(arguments, inputs[0]->shape);
        for (std::size_t k = 0; k < outputs.size(); ++k) {
            store(k, apply(outputs[k], *inputs[0], spend));
        }
    } else {
        store(0, row != nullptr ? row->fold(arguments, inputs) : fold_elementwise(arguments, inputs));
    }
    return true;
}

std::unordered_set<std::string> constant_values(const Model& model) {
    std::unordered_set<std::string> constants;
    for (const auto& [name, tensor] : model.tensors) {
        constants.insert(name);
    }
    for (const ModelNode& node : model.nodes) {  // in topological order
        const bool of_shape = node.op == "Shape" || node.op == "Size";
        const bool constant = of_shape || (is_foldable(node.op) && (!node.inputs.empty() || node.op == "Constant") &&
                                           std::ranges::all_of(node.inputs, [&](const std::string& input) {
                                               return input.empty() || constants.contains(input);
                                           }));
        if (constant) {
            constants.insert(node.outputs.begin(), node.outputs.end());
        }
    }
    return constants;
}

}  // namespace qbound::internal
