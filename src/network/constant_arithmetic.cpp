// SPDX-License-Identifier: Apache-2.0
// Arithmetic on constants: elementwise with broadcasting, Where, Cast, MatMul and reductions.
#include "network/attributes.hpp"
#include "network/constant_folding.hpp"
#include "network/rearrange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace qbound::internal {

namespace {

enum class Result { like_inputs, boolean, real };

/// x op y, and for operators of one operand y = 0. Integers are divided with truncation.
struct Elementwise {
    std::string_view op;
    std::size_t operands;
    double (*of)(double x, double y, bool integral);
    Result result = Result::like_inputs;
};

constexpr double truth(bool value) {
    return value ? 1 : 0;
}

constexpr std::array kElementwise{
    Elementwise{"Abs", 1, [](double x, double, bool) { return std::fabs(x); }},
    Elementwise{"Add", 2, [](double x, double y, bool) { return x + y; }},
    Elementwise{"And", 2, [](double x, double y, bool) { return truth(x != 0 && y != 0); }, Result::boolean},
    Elementwise{"Ceil", 1, [](double x, double, bool) { return std::ceil(x); }},
    Elementwise{"Div", 2, [](double x, double y, bool integral) { return integral ? std::trunc(x / y) : x / y; }},
    Elementwise{"Equal", 2, [](double x, double y, bool) { return truth(x == y); }, Result::boolean},
    Elementwise{"Exp", 1, [](double x, double, bool) { return std::exp(x); }},
    Elementwise{"Floor", 1, [](double x, double, bool) { return std::floor(x); }},
    Elementwise{"Greater", 2, [](double x, double y, bool) { return truth(x > y); }, Result::boolean},
    Elementwise{"Less", 2, [](double x, double y, bool) { return truth(x < y); }, Result::boolean},
    Elementwise{"Log", 1, [](double x, double, bool) { return std::log(x); }},
    Elementwise{"Max", 2, [](double x, double y, bool) { return std::max(x, y); }},
    Elementwise{"Min", 2, [](double x, double y, bool) { return std::min(x, y); }},
    Elementwise{"Mod", 2, [](double x, double y, bool) { return x - y * std::floor(x / y); }},
    Elementwise{"Mul", 2, [](double x, double y, bool) { return x * y; }},
    Elementwise{"Neg", 1, [](double x, double, bool) { return -x; }},
    Elementwise{"Not", 1, [](double x, double, bool) { return truth(x == 0); }, Result::boolean},
    Elementwise{"Or", 2, [](double x, double y, bool) { return truth(x != 0 || y != 0); }, Result::boolean},
    Elementwise{"Pow", 2, [](double x, double y, bool) { return std::pow(x, y); }},
    Elementwise{"Reciprocal", 1, [](double x, double, bool) { return 1 / x; }, Result::real},
    Elementwise{"Relu", 1, [](double x, double, bool) { return x > 0 ? x : 0; }},
    Elementwise{"Sqrt", 1, [](double x, double, bool) { return std::sqrt(x); }, Result::real},
    Elementwise{"Sub", 2, [](double x, double y, bool) { return x - y; }},
    Elementwise{"Sum", 2, [](double x, double y, bool) { return x + y; }},
};

const Elementwise* elementwise(std::string_view op) {
    const auto* row = std::ranges::find(kElementwise, op, &Elementwise::op);
    return row == kElementwise.end() ? nullptr : row;
}

Spend spend_of(const Arguments& arguments) {
    return [&arguments](std::int64_t entries) { arguments.spend(entries); };
}

Tensor stretch(const Arguments& arguments, const Tensor& tensor, const Shape& out) {
    return apply(stretched(tensor.shape, out, spend_of(arguments)), tensor, spend_of(arguments));
}

/// ONNX's TensorProto.DataType of the types that Cast may name.
struct NumberType {
    std::int64_t code;
    int fraction_bits;  ///< 0: an integer type
    int smallest_exponent;
    double largest;
};

constexpr std::array kFloats{
    NumberType{1, 23, -126, 0x1.fffffep127},                        // FLOAT
    NumberType{10, 10, -14, 65504},                                 // FLOAT16
    NumberType{11, 52, -1022, std::numeric_limits<double>::max()},  // DOUBLE
    NumberType{16, 7, -126, 0x1.fep127},                            // BFLOAT16
};
constexpr std::array<std::pair<std::int64_t, ElementType>, 10> kIntegers{{{2, ElementType::uint8},
                                                                          {3, ElementType::int8},
                                                                          {4, ElementType::uint16},
                                                                          {5, ElementType::int16},
                                                                          {6, ElementType::int32},
                                                                          {7, ElementType::int64},
                                                                          {12, ElementType::uint32},
                                                                          {13, ElementType::uint64},
                                                                          {21, ElementType::uint4},
                                                                          {22, ElementType::int4}}};
constexpr std::int64_t kBool = 9;

/// x to nearest, ties to even, in a binary format.
double rounded_to(const NumberType& type, double x) {
    if (x == 0 || !std::isfinite(x)) {
        return x;
    }
    const int unit = std::max(std::ilogb(x), type.smallest_exponent) - type.fraction_bits;
    const double result = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
    return std::fabs(result) > type.largest ? std::copysign(std::numeric_limits<double>::infinity(), x) : result;
}

}  // namespace

bool is_elementwise(std::string_view op) {
    return elementwise(op) != nullptr;
}

Tensor fold_elementwise(const Arguments& arguments, const Constants& inputs) {
    const Elementwise& row = *elementwise(arguments.node().op);
    const bool variadic = row.op == "Sum" || row.op == "Max" || row.op == "Min";
    if (variadic ? inputs.empty() : inputs.size() != row.operands) {
        arguments.malformed(fmt::format("{} of {} operands", row.op, inputs.size()));
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        (void)arguments.constant(i, "operand");
    }
    const bool integral = std::ranges::all_of(inputs, [](const TensorPtr& t) { return t->integral(); });
    Tensor result = *inputs.front();
    if (row.operands == 1) {
        for (double& x : result.data) {
            x = row.of(x, 0, integral);
        }
    }
    for (std::size_t i = 1; i < inputs.size(); ++i) {
        const Shape out = broadcast_shape(arguments.node(), result.shape, inputs[i]->shape);
        result = stretch(arguments, result, out);
        const Tensor right = stretch(arguments, *inputs[i], out);
        for (std::size_t k = 0; k < result.data.size(); ++k) {
            if (integral && (row.op == "Div" || row.op == "Mod") && right.data[k] == 0) {
                arguments.malformed("an integer is divided by 0");
            }
            result.data[k] = row.of(result.data[k], right.data[k], integral);
        }
    }
    if (row.result == Result::boolean) {
        result.type = ElementType::boolean;
    } else if (row.result == Result::real || !integral) {
        result.type = ElementType::real;
    }
    return result;
}

Tensor fold_where(const Arguments& arguments, const Constants& inputs) {
    const Shape out =
        broadcast_shape(arguments.node(), inputs[0]->shape, broadcast_shape(arguments.node(), inputs[1]->shape, inputs[2]->shape));
    const Tensor condition = stretch(arguments, *inputs[0], out);
    Tensor result = stretch(arguments, *inputs[1], out);
    const Tensor otherwise = stretch(arguments, *inputs[2], out);
    for (std::size_t k = 0; k < result.data.size(); ++k) {
        result.data[k] = condition.data[k] != 0 ? result.data[k] : otherwise.data[k];
    }
    return result;
}

Tensor fold_cast(const Arguments& arguments, const Constants& inputs) {
    const std::int64_t to = integer_attribute(arguments.node(), "to", 0);
    arguments.spend(inputs[0]->size());
    Tensor result = *inputs[0];
    const auto* type = std::ranges::find(kFloats, to, &NumberType::code);
    const auto* integer = std::ranges::find(kIntegers, to, &std::pair<std::int64_t, ElementType>::first);
    if (type != kFloats.end()) {
        result.type = ElementType::real;
        std::ranges::for_each(result.data, [&](double& x) { x = rounded_to(*type, x); });
    } else if (to == kBool) {
        result.type = ElementType::boolean;
        std::ranges::for_each(result.data, [](double& x) { x = truth(x != 0); });
    } else if (integer != kIntegers.end()) {
        result.type = integer->second;
        std::ranges::for_each(result.data, [](double& x) { x = std::trunc(x); });
    } else {
        arguments.unsupported(fmt::format("Cast to data type {}", to));
    }
    return result;
}

Tensor fold_matmul(const Arguments& arguments, const Constants& inputs) {
    const Tensor& a = *inputs[0];
    const Tensor& b = *inputs[1];
    if (a.shape.size() != 2 || b.shape.size() != 2 || a.shape[1] != b.shape[0]) {
        arguments.unsupported(fmt::format("MatMul of constants of shapes {} and {}", to_string(a.shape), to_string(b.shape)));
    }
    const std::int64_t m = a.shape[0];
    const std::int64_t n = b.shape[1];
    const std::int64_t depth = a.shape[1];
    arguments.spend(m * n);
    Tensor result{.shape = {m, n},
                  .data = std::vector<double>(static_cast<std::size_t>(m * n), 0.0),
                  .type = a.integral() && b.integral() ? a.type : ElementType::real};
    for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t p = 0; p < depth; ++p) {
            const double x = a.data[static_cast<std::size_t>(i * depth + p)];
            for (std::int64_t j = 0; j < n; ++j) {
                result.data[static_cast<std::size_t>(i * n + j)] += x * b.data[static_cast<std::size_t>(p * n + j)];
            }
        }
    }
    return result;
}

Tensor fold_reduce(const Arguments& arguments, const Constants& inputs) {
    const Tensor& in = *inputs[0];
    const std::string& op = arguments.node().op;
    const bool keep = integer_attribute(arguments.node(), "keepdims", 1) != 0;
    const auto given = arguments.integers(1, "axes");
    std::vector<std::size_t> axes;
    if (given && !given->empty()) {
        axes = axes_of(arguments, *given, in.shape.size());
    } else if (integer_attribute(arguments.node(), "noop_with_empty_axes", 0) != 0) {
        return in;
    } else {
        for (std::size_t k = 0; k < in.shape.size(); ++k) {
            axes.push_back(k);
        }
    }
    std::vector<std::size_t> order;  // kept axes, then reduced ones
    Shape out;
    std::size_t group = 1;
    for (std::size_t k = 0; k < in.shape.size(); ++k) {
        if (!std::ranges::binary_search(axes, k)) {
            order.push_back(k);
            out.push_back(in.shape[k]);
        } else if (keep) {
            out.push_back(1);
        }
    }
    for (const std::size_t k : axes) {
        order.push_back(k);
        group *= static_cast<std::size_t>(in.shape[k]);
    }
    if (group == 0) {
        arguments.malformed("it reduces over no entry");
    }
    const Tensor sorted = apply(permuted(in.shape, order, spend_of(arguments)), in, spend_of(arguments));
    Tensor result{.shape = out, .data = {}, .type = in.type};
    for (std::size_t i = 0; i < sorted.data.size(); i += group) {
        double value = sorted.data[i];
        for (std::size_t k = i + 1; k < i + group; ++k) {
            const double next = sorted.data[k];
            value = op == "ReduceProd"  ? value * next
                    : op == "ReduceMax" ? std::max(value, next)
                    : op == "ReduceMin" ? std::min(value, next)
                                        : value + next;
        }
        result.data.push_back(value);
    }
    return result;
}

}  // namespace qbound::internal
