// SPDX-License-Identifier: Apache-2.0
#include "support/exact_evaluate.hpp"

#include "support/ball.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <type_traits>

namespace qbound::test {

namespace {

template <class Number>
Number number(double x) {
    if constexpr (std::is_same_v<Number, Rational>) {
        return exact(x);
    } else {
        return Number(x);
    }
}

bool is_smooth(ActivationFunction function) {
    using enum ActivationFunction;
    switch (function) {
        case relu:
        case clip:
        case leaky_relu:
        case prelu:
        case hard_sigmoid:
        case hard_swish:
        case softsign:
            return false;
        case sigmoid:
        case ActivationFunction::tanh:
        case softplus:
        case elu:
        case selu:
        case ActivationFunction::erf:
        case silu:
        case gelu:
        case gelu_tanh:
        case mish:
            return true;
    }
    throw std::logic_error("an activation without an exact evaluation");
}

/// ρ(t) of an activation that is made of rational pieces.
template <class Number>
Number rational_activation(const Activation& a, double slope, const Number& t) {
    const Number zero = number<Number>(0);
    const Number one = number<Number>(1);
    const auto unit_clamp = [&](const Number& v) { return smaller(larger(v, zero), one); };
    switch (a.function) {
        case ActivationFunction::relu:
            return larger(t, zero);
        case ActivationFunction::clip: {
            const Number raised = std::isfinite(a.lower) ? larger(t, number<Number>(a.lower)) : t;
            return std::isfinite(a.upper) ? smaller(raised, number<Number>(a.upper)) : raised;
        }
        case ActivationFunction::leaky_relu:
        case ActivationFunction::prelu:
            return Number(larger(t, zero) + number<Number>(slope) * smaller(t, zero));
        case ActivationFunction::hard_sigmoid:
            return unit_clamp(Number(number<Number>(a.alpha) * t + number<Number>(a.beta)));
        case ActivationFunction::hard_swish:
            return Number(t * unit_clamp(Number(t / number<Number>(6) + number<Number>(0.5))));
        case ActivationFunction::softsign:
            return Number(t / (one + larger(t, Number(-t))));
        default:
            throw std::logic_error("not a rational activation");
    }
}

/// κ of a smooth activation, generously: it only multiplies radii of 1e−90.
long double generous_slope(const Activation& a) {
    const long double alpha = 1 + std::abs(static_cast<long double>(a.alpha));
    return 2 * alpha * (1 + std::abs(static_cast<long double>(a.beta)));
}

Rational activate(const Activation& a, double slope, const Rational& t) {
    return rational_activation(a, slope, t);
}

Ball activate(const Activation& a, double slope, const Ball& t) {
    if (!is_smooth(a.function)) {
        return rational_activation(a, slope, t);
    }
    Ball result(reference(a, slope, t.middle), generous_slope(a) * t.radius);
    result.radius += magnitude(result) * kReferenceError.convert_to<long double>();
    return result;
}

/// Values of all nodes, one function per kind.
template <class Number>
class Evaluation {
  public:
    using Values = std::vector<Number>;

    Evaluation(const Network& network, const Parameters& parameters) : network_(network), parameters_(parameters) {}

    std::vector<Values> run(std::span<const double> x) {
        for (const double entry : x) {
            input_.push_back(number<Number>(entry));
        }
        for (const Node& node : network_.nodes()) {
            node_ = &node;
            values_.push_back(std::visit([&](const auto& kind) { return value(kind); }, node.kind));
        }
        return std::move(values_);
    }

  private:
    const Values& in(std::size_t k = 0) const { return values_[static_cast<std::size_t>(node_->inputs[k])]; }
    const Dims& in_dims(std::size_t k = 0) const { return network_.node(node_->inputs[k]).dims; }
    static std::size_t at(const Dims& dims, std::int64_t c, std::int64_t h, std::int64_t w) {
        return static_cast<std::size_t>((c * dims.height + h) * dims.width + w);
    }

    /// f(channel, row, column) for each output entry, in order.
    template <class F>
    Values tabulate(F&& f) const {
        Values result;
        for (std::int64_t c = 0; c < node_->dims.channels; ++c) {
            for (std::int64_t h = 0; h < node_->dims.height; ++h) {
                for (std::int64_t w = 0; w < node_->dims.width; ++w) {
                    result.push_back(f(c, h, w));
                }
            }
        }
        return result;
    }

    /// f(tap row, tap column, row, column) for each tap of a window that is a real entry.
    template <class F>
    void for_each_tap(const Axes& axes, std::int64_t row, std::int64_t column, F&& f) const {
        for (std::int64_t i = 0; i < axes[0].kernel; ++i) {
            for (std::int64_t j = 0; j < axes[1].kernel; ++j) {
                const std::int64_t h = row * axes[0].stride - axes[0].pad_begin + i * axes[0].dilation;
                const std::int64_t w = column * axes[1].stride - axes[1].pad_begin + j * axes[1].dilation;
                if (h >= 0 && h < in_dims().height && w >= 0 && w < in_dims().width) {
                    f(i, j, h, w);
                }
            }
        }
    }

    Values value(const Input&) { return input_; }

    Values value(const WeightLayer& layer) {
        const QuantizedLayer& p = parameters_[layer_++];
        const Shape& shape = p.weight->shape;
        return tabulate([&](std::int64_t o, std::int64_t row, std::int64_t column) {
            Number sum = number<Number>(p.bias.empty() ? 0 : p.bias[static_cast<std::size_t>(o)]);
            const std::int64_t first = o / (shape[0] / layer.groups) * shape[1];
            for (std::int64_t c = 0; c < shape[1]; ++c) {
                for_each_tap(layer.axes, row, column, [&](std::int64_t i, std::int64_t j, std::int64_t h, std::int64_t w) {
                    const double weight =
                        p.weight->data[static_cast<std::size_t>(((o * shape[1] + c) * shape[2] + i) * shape[3] + j)];
                    sum += number<Number>(weight) * in()[at(in_dims(), first + c, h, w)];
                });
            }
            return sum;
        });
    }

    Values value(const Diagonal& diagonal) {
        return tabulate([&](std::int64_t c, std::int64_t h, std::int64_t w) {
            const auto channel = static_cast<std::size_t>(c);
            return Number(number<Number>(diagonal.scale[channel]) * in()[at(in_dims(), c, h, w)] +
                          number<Number>(diagonal.shift[channel]));
        });
    }

    Values value(const Activation& activation) {
        return tabulate([&](std::int64_t c, std::int64_t h, std::int64_t w) {
            return activate(activation, activation_slope(activation, c), in()[at(in_dims(), c, h, w)]);
        });
    }

    Values value(const Sum& sum) {
        Values result(static_cast<std::size_t>(node_->dims.size()), number<Number>(0));
        for (std::size_t k = 0; k < sum.signs.size(); ++k) {
            for (std::size_t i = 0; i < result.size(); ++i) {
                result[i] = Number(result[i] + (sum.signs[k] > 0 ? in(k)[i] : Number(-in(k)[i])));
            }
        }
        return result;
    }

    Values value(const Product&) {
        Values result(static_cast<std::size_t>(node_->dims.size()), number<Number>(0));
        for (std::size_t i = 0; i < result.size(); ++i) {
            result[i] = Number(in(0)[i] * in(1)[i]);
        }
        return result;
    }

    Values value(const Concat& concat) {
        return tabulate([&](std::int64_t c, std::int64_t h, std::int64_t w) {
            std::array<std::int64_t, 3> i{c, h, w};
            for (std::size_t k = 0;; ++k) {
                const Dims& dims = in_dims(k);
                const std::array<std::int64_t, 3> extents{dims.channels, dims.height, dims.width};
                auto& along = i[static_cast<std::size_t>(concat.axis)];
                if (along < extents[static_cast<std::size_t>(concat.axis)]) {
                    return in(k)[at(dims, i[0], i[1], i[2])];
                }
                along -= extents[static_cast<std::size_t>(concat.axis)];
            }
        });
    }

    Values value(const MaxPool& pool) {
        return tabulate([&](std::int64_t c, std::int64_t row, std::int64_t column) {
            std::optional<Number> largest;
            for_each_tap(pool.axes, row, column, [&](std::int64_t, std::int64_t, std::int64_t h, std::int64_t w) {
                const Number& entry = in()[at(in_dims(), c, h, w)];
                largest = largest ? larger(*largest, entry) : entry;
            });
            return largest.value();
        });
    }

    Values value(const AveragePool& pool) {
        return tabulate([&](std::int64_t c, std::int64_t row, std::int64_t column) {
            Number sum = number<Number>(0);
            for_each_tap(pool.axes, row, column,
                         [&](std::int64_t, std::int64_t, std::int64_t h, std::int64_t w) { sum += in()[at(in_dims(), c, h, w)]; });
            const auto divisor =
                pool.divisors[0][static_cast<std::size_t>(row)] * pool.divisors[1][static_cast<std::size_t>(column)];
            return Number(sum / number<Number>(static_cast<double>(divisor)));
        });
    }

    Values value(const Select& select) {
        const Number constant = number<Number>(select.constant);
        if (!select.separable()) {
            Values result;
            for (const std::int64_t entry : select.entries) {
                result.push_back(entry < 0 ? constant : in()[static_cast<std::size_t>(entry)]);
            }
            return result;
        }
        return tabulate([&](std::int64_t c, std::int64_t h, std::int64_t w) {
            const auto channel = select.maps[0][static_cast<std::size_t>(c)];
            const auto row = select.maps[1][static_cast<std::size_t>(h)];
            const auto column = select.maps[2][static_cast<std::size_t>(w)];
            return channel < 0 || row < 0 || column < 0 ? constant : in()[at(in_dims(), channel, row, column)];
        });
    }

    Values value(const View&) { return in(); }

    const Network& network_;
    const Parameters& parameters_;
    const Node* node_ = nullptr;
    std::size_t layer_ = 0;
    Values input_;
    std::vector<Values> values_;
};

Enclosure enclosure(const Rational& value) {
    return {value, value};
}

Rational as_rational(const Real& value) {
    // A Real is mantissa · 2^exponent with at most 400 bits.
    int exponent = 0;
    const Real fraction = frexp(value, &exponent);
    return Rational(ldexp(fraction, 400).convert_to<Integer>()) * power_of_two(exponent - 400);
}

Enclosure enclosure(const Ball& value) {
    const Rational middle = as_rational(value.middle);
    const Rational radius = as_rational(Real(value.radius));
    return {middle - radius, middle + radius};
}

template <class Number>
std::vector<std::vector<Enclosure>> enclose_all(const Network& network, const Parameters& parameters, std::span<const double> x) {
    std::vector<std::vector<Enclosure>> result;
    for (const auto& values : Evaluation<Number>(network, parameters).run(x)) {
        auto& entries = result.emplace_back();
        for (const Number& value : values) {
            entries.push_back(enclosure(value));
        }
    }
    return result;
}

}  // namespace

bool is_rational(const Network& network) {
    int softsigns = 0;
    for (const Node& node : network.nodes()) {
        if (const auto* activation = std::get_if<Activation>(&node.kind)) {
            if (is_smooth(activation->function)) {
                return false;
            }
            softsigns += activation->function == ActivationFunction::softsign ? 1 : 0;
        }
    }
    return softsigns <= 1;
}

std::int64_t operation_count(const Network& network) {
    std::int64_t count = 0;
    for (const Node& node : network.nodes()) {
        const std::int64_t per_entry =
            std::visit(overloaded{
                           [](const WeightLayer& layer) { return layer.fan_in() + 1; },
                           [](const MaxPool& pool) { return pool.axes[0].kernel * pool.axes[1].kernel; },
                           [](const AveragePool& pool) { return pool.axes[0].kernel * pool.axes[1].kernel; },
                           [](const Sum& sum) { return static_cast<std::int64_t>(sum.signs.size()); },
                           [](const auto&) { return std::int64_t{1}; },
                       },
                       node.kind);
        count += per_entry * node.dims.size();
    }
    return count;
}

std::vector<std::vector<Enclosure>> true_values(const Network& network, const Parameters& parameters, std::span<const double> x) {
    return is_rational(network) && operation_count(network) <= kRationalOperations ? enclose_all<Rational>(network, parameters, x)
                                                                                   : enclose_all<Ball>(network, parameters, x);
}

std::vector<Enclosure> true_difference(const Network& network, const Parameters& theta, const Parameters& quantized,
                                       std::span<const double> x) {
    const auto output = static_cast<std::size_t>(network.output());
    const auto a = true_values(network, theta, x)[output];
    const auto b = true_values(network, quantized, x)[output];
    std::vector<Enclosure> result;
    for (std::size_t i = 0; i < a.size(); ++i) {
        result.push_back({a[i].lower - b[i].upper, a[i].upper - b[i].lower});
    }
    return result;
}

Rational largest_magnitude(std::span<const Enclosure> entries) {
    Rational largest = 0;
    for (const Enclosure& entry : entries) {
        largest = std::max({largest, entry.lower, Rational(-entry.upper)});
    }
    return largest;
}

}  // namespace qbound::test
