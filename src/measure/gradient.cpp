// SPDX-License-Identifier: Apache-2.0
#include "measure/gradient.hpp"

#include "measure/gradient_convolution.hpp"

#include <algorithm>
#include <utility>

namespace qbound::internal {

/// One backward pass: the adjoint of each node, from the output to the input. One function per node kind adds a node's adjoint to
/// those of its inputs.
class ReverseMode::Pass {
  public:
    Pass(const ReverseMode& mode, std::span<const std::vector<double>> values, int threads)
        : mode_(mode), values_(values), threads_(threads), adjoints_(mode.network_.nodes().size()) {}

    std::vector<double> run(std::span<const double> c) {
        const Network& network = mode_.network_;
        adjoints_[index(network.output())].assign(c.begin(), c.end());
        for (id_ = network.output(); id_ > network.input(); --id_) {
            const std::vector<double> adjoint = std::exchange(adjoints_[index(id_)], {});
            if (!adjoint.empty()) {
                std::visit([&](const auto& kind) { propagate(kind, adjoint); }, network.node(id_).kind);
            }
        }
        return std::move(target(network.input()));
    }

  private:
    static std::size_t index(NodeId id) noexcept { return static_cast<std::size_t>(id); }
    [[nodiscard]] const Node& node() const { return mode_.network_.node(id_); }
    [[nodiscard]] NodeId source() const { return node().inputs.front(); }
    [[nodiscard]] const Dims& source_dims() const { return mode_.network_.node(source()).dims; }

    /// The adjoint of `id`, zero at first.
    std::vector<double>& target(NodeId id) {
        std::vector<double>& adjoint = adjoints_[index(id)];
        if (adjoint.empty()) {
            adjoint.assign(static_cast<std::size_t>(mode_.network_.node(id).dims.size()), 0.0);
        }
        return adjoint;
    }

    void propagate(const Input&, const std::vector<double>&) {}

    void propagate(const WeightLayer& layer, const std::vector<double>& adjoint) {
        const std::size_t l = mode_.layer_of_[index(id_)];
        add_adjoint(layer, *mode_.parameters_[l].weight, mode_.transposed_[l], source_dims(), adjoint, target(source()), threads_);
    }

    void propagate(const Diagonal& diagonal, const std::vector<double>& adjoint) {
        auto& into = target(source());
        for_each_entry([&](std::size_t channel, std::size_t i) { into[i] += diagonal.scale[channel] * adjoint[i]; });
    }

    void propagate(const Activation& activation, const std::vector<double>& adjoint) {
        auto& into = target(source());
        const auto& at = values_[index(source())];
        const auto derivative = activation_row(activation.function).approx_derivative;
        for_each_entry([&](std::size_t channel, std::size_t i) {
            const double slope = activation_slope(activation, static_cast<std::int64_t>(channel));
            into[i] += derivative(activation, slope, at[i]) * adjoint[i];
        });
    }

    void propagate(const Sum& sum, const std::vector<double>& adjoint) {
        for (std::size_t k = 0; k < sum.signs.size(); ++k) {
            auto& into = target(node().inputs[k]);
            for (std::size_t i = 0; i < adjoint.size(); ++i) {
                into[i] += sum.signs[k] * adjoint[i];
            }
        }
    }

    void propagate(const Product&, const std::vector<double>& adjoint) {
        for (const std::size_t k : {0U, 1U}) {  // each factor's derivative is the other; one node may be both
            const auto& other = values_[index(node().inputs[1 - k])];
            auto& into = target(node().inputs[k]);
            for (std::size_t i = 0; i < adjoint.size(); ++i) {
                into[i] += other[i] * adjoint[i];
            }
        }
    }

    void propagate(const Concat& concat, const std::vector<double>& adjoint) {
        // Along its axis each input is a run of consecutive entries, repeated once per index of the axes before.
        const auto run_of = [&](const Dims& dims) {
            return concat.axis == 0 ? dims.size() : concat.axis == 1 ? dims.positions() : dims.width;
        };
        const std::int64_t whole = run_of(node().dims);
        std::int64_t offset = 0;
        for (const NodeId input : node().inputs) {
            const std::int64_t run = run_of(mode_.network_.node(input).dims);
            auto& into = target(input);
            for (std::size_t i = 0; i < into.size(); ++i) {
                const auto at = static_cast<std::int64_t>(i);
                into[i] += adjoint[static_cast<std::size_t>(at / run * whole + offset + at % run)];
            }
            offset += run;
        }
    }

    void propagate(const MaxPool& pool, const std::vector<double>& adjoint) {
        auto& into = target(source());
        const auto& at = values_[index(source())];
        for_each_window(pool.axes, [&](std::size_t out, std::int64_t, std::int64_t, auto&& for_each_tap) {
            std::size_t largest = at.size();
            for_each_tap([&](std::size_t in) {
                if (largest == at.size() || at[in] > at[largest]) {
                    largest = in;
                }
            });
            into[largest] += adjoint[out];
        });
    }

    void propagate(const AveragePool& pool, const std::vector<double>& adjoint) {
        auto& into = target(source());
        for_each_window(pool.axes, [&](std::size_t out, std::int64_t row, std::int64_t column, auto&& for_each_tap) {
            const auto divisor = static_cast<double>(pool.divisors[0][static_cast<std::size_t>(row)]) *
                                 static_cast<double>(pool.divisors[1][static_cast<std::size_t>(column)]);
            const double share = adjoint[out] / divisor;
            for_each_tap([&](std::size_t in) { into[in] += share; });
        });
    }

    void propagate(const Select& select, const std::vector<double>& adjoint) {
        auto& into = target(source());
        if (!select.separable()) {
            for (std::size_t i = 0; i < adjoint.size(); ++i) {
                if (select.entries[i] >= 0) {
                    into[static_cast<std::size_t>(select.entries[i])] += adjoint[i];
                }
            }
            return;
        }
        const Dims& in = source_dims();
        std::size_t out = 0;
        for (const std::int32_t channel : select.maps[0]) {
            for (const std::int32_t row : select.maps[1]) {
                for (const std::int32_t column : select.maps[2]) {
                    if (channel >= 0 && row >= 0 && column >= 0) {
                        into[static_cast<std::size_t>((channel * in.height + row) * in.width + column)] += adjoint[out];
                    }
                    ++out;
                }
            }
        }
    }

    void propagate(const View&, const std::vector<double>& adjoint) {
        auto& into = target(source());
        for (std::size_t i = 0; i < adjoint.size(); ++i) {
            into[i] += adjoint[i];
        }
    }

    /// f(channel, entry) for every entry of the node.
    template <class F>
    void for_each_entry(F&& f) const {
        const auto channels = static_cast<std::size_t>(node().dims.channels);
        const auto positions = static_cast<std::size_t>(node().dims.positions());
        for (std::size_t channel = 0; channel < channels; ++channel) {
            for (std::size_t i = channel * positions; i < (channel + 1) * positions; ++i) {
                f(channel, i);
            }
        }
    }

    /// f(output entry, row, column, for_each_tap) for every window, for_each_tap(g) calling g(input entry) for its real entries.
    template <class F>
    void for_each_window(const Axes& axes, F&& f) const {
        const Dims& out = node().dims;
        const Dims& in = source_dims();
        std::size_t entry = 0;
        for (std::int64_t channel = 0; channel < out.channels; ++channel) {
            for (std::int64_t row = 0; row < out.height; ++row) {
                for (std::int64_t column = 0; column < out.width; ++column, ++entry) {
                    f(entry, row, column, [&](auto&& tap) {
                        for (std::int64_t i = 0; i < axes[0].kernel; ++i) {
                            const std::int64_t h = axes[0].source(row, i);
                            for (std::int64_t j = 0; h >= 0 && h < in.height && j < axes[1].kernel; ++j) {
                                const std::int64_t w = axes[1].source(column, j);
                                if (w >= 0 && w < in.width) {
                                    tap(static_cast<std::size_t>((channel * in.height + h) * in.width + w));
                                }
                            }
                        }
                    });
                }
            }
        }
    }

    const ReverseMode& mode_;
    std::span<const std::vector<double>> values_;
    int threads_;
    NodeId id_ = 0;
    std::vector<std::vector<double>> adjoints_;
};

ReverseMode::ReverseMode(const Network& network, const Parameters& parameters)
    : network_(network), parameters_(parameters), layer_of_(network.nodes().size()), transposed_(parameters.size()) {
    for (std::size_t l = 0; l < network.weight_layers().size(); ++l) {
        layer_of_[static_cast<std::size_t>(network.weight_layers()[l])] = l;
        if (adjoint_is_product(network.layer(l))) {
            transposed_[l] = transposed_kernel(network.layer(l), *parameters[l].weight);
        }
    }
}

std::vector<double> ReverseMode::gradient(std::span<const std::vector<double>> values, std::span<const double> c,
                                          int threads) const {
    return Pass(*this, values, threads).run(c);
}

}  // namespace qbound::internal
