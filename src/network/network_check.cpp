// SPDX-License-Identifier: Apache-2.0
#include "network/network_check.hpp"

#include "network/geometry.hpp"
#include "network/naming.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

namespace qbound::internal {

namespace {

/// Checks one node against its inputs: one function per node kind.
class NodeCheck {
  public:
    NodeCheck(const std::vector<Node>& nodes, const Node& node) : nodes_(nodes), node_(node), place_(node_place(node.name)) {}

    void run() const {
        if (checked_size(node_.shape, place_) == 0 || node_.dims != dims_of(node_.shape)) {
            fail(fmt::format("its shape {} is empty or differs from its dimensions", to_string(node_.shape)));
        }
        std::visit([this](const auto& kind) { check(kind); }, node_.kind);
    }

  private:
    [[noreturn]] void fail(std::string reason) const { throw Error(ErrorKind::malformed, place_, std::move(reason)); }

    const Node& input(std::size_t i) const { return nodes_[static_cast<std::size_t>(node_.inputs[i])]; }

    void check_inputs(std::size_t count) const {
        if (node_.inputs.size() != count) {
            fail(fmt::format("it has {} inputs instead of {}", node_.inputs.size(), count));
        }
    }

    void check_finite(std::span<const double> values, std::string_view what) const {
        const auto bad = std::ranges::find_if_not(values, [](double v) { return std::isfinite(v); });
        if (bad != values.end()) {
            fail(fmt::format("{} {} at index {} is not finite", what, *bad, bad - values.begin()));
        }
    }

    void check_dims(const Dims& expected) const {
        if (node_.dims != expected) {
            fail(fmt::format("its shape is {} instead of {}x{}x{}", to_string(node_.shape), expected.channels, expected.height,
                             expected.width));
        }
    }

    void check_same_shape() const {
        check_inputs(1);
        if (node_.shape != input(0).shape) {
            fail(fmt::format("its shape {} differs from its input's {}", to_string(node_.shape), to_string(input(0).shape)));
        }
    }

    void check_axes(const Axes& axes, bool pool) const {
        const Dims& in = input(0).dims;
        for (const Axis& axis : axes) {
            check_axis(axis, pool, place_);
            if (pool) {
                check_windows_are_real(axis, place_);
            }
        }
        if (axes[0].in != in.height || axes[1].in != in.width) {
            fail(fmt::format("its window slides over {}x{} instead of {}x{}", axes[0].in, axes[1].in, in.height, in.width));
        }
    }

    void check(const Input&) const { fail("only the first node can be the input"); }

    void check(const WeightLayer& layer) const {
        check_inputs(1);
        if (!layer.weight || layer.weight->shape.size() != 4 || checked_size(layer.weight->shape, place_) == 0 ||
            checked_size(layer.weight->shape, place_) != layer.weight->size()) {
            fail("its weight is not a full tensor of rank 4");
        }
        const Shape& w = layer.weight->shape;
        const Dims& in = input(0).dims;
        if (layer.groups < 1 || w[0] % layer.groups != 0 || in.channels % layer.groups != 0 || in.channels / layer.groups != w[1]) {
            fail(fmt::format("a weight of shape {} in {} groups does not fit {} input channels", to_string(w), layer.groups,
                             in.channels));
        }
        check_axes(layer.axes, false);
        if (layer.axes[0].kernel != w[2] || layer.axes[1].kernel != w[3]) {
            fail("its window differs from its weight's");
        }
        if (layer.dense && (layer.groups != 1 || in.positions() != 1 || w[2] != 1 || w[3] != 1)) {
            fail("a dense layer takes a vector");
        }
        if (!layer.bias.empty() && layer.bias.size() != static_cast<std::size_t>(w[0])) {
            fail(fmt::format("it has {} biases for {} outputs", layer.bias.size(), w[0]));
        }
        check_finite(layer.weight->data, "weight");
        check_finite(layer.bias, "bias");
        check_dims({w[0], layer.axes[0].out, layer.axes[1].out});
    }

    void check(const Diagonal& diagonal) const {
        check_same_shape();
        const auto channels = static_cast<std::size_t>(node_.dims.channels);
        if (diagonal.scale.size() != channels || diagonal.shift.size() != channels) {
            fail(fmt::format("it has {} scales and {} shifts for {} channels", diagonal.scale.size(), diagonal.shift.size(),
                             channels));
        }
        check_finite(diagonal.scale, "scale");
        check_finite(diagonal.shift, "shift");
    }

    void check(const Activation& activation) const {
        check_same_shape();
        if (const auto defect = activation_defect(activation)) {
            fail(*defect);
        }
        const auto& slopes = activation.slopes;
        if (activation.function == ActivationFunction::prelu && slopes.size() != 1 &&
            slopes.size() != static_cast<std::size_t>(node_.dims.channels)) {
            fail(fmt::format("it has {} slopes for {} channels", slopes.size(), node_.dims.channels));
        }
    }

    void check(const Sum& sum) const {
        if (node_.inputs.empty() || sum.signs.size() != node_.inputs.size()) {
            fail(fmt::format("it has {} signs for {} inputs", sum.signs.size(), node_.inputs.size()));
        }
        if (!std::ranges::all_of(sum.signs, [](int sign) { return sign == 1 || sign == -1; })) {
            fail("a sign is neither 1 nor -1");
        }
        for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
            if (input(i).shape != node_.shape) {
                fail(fmt::format("its shape {} differs from its input's {}", to_string(node_.shape), to_string(input(i).shape)));
            }
        }
    }

    void check(const Product&) const {
        if (node_.inputs.size() != 2) {
            fail(fmt::format("a product of {} inputs", node_.inputs.size()));
        }
        for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
            if (input(i).shape != node_.shape) {
                fail(fmt::format("its shape {} differs from its input's {}", to_string(node_.shape), to_string(input(i).shape)));
            }
        }
    }

    void check(const Concat& concat) const {
        if (node_.inputs.empty() || concat.axis < 0 || concat.axis > 2) {
            fail(fmt::format("a concatenation of {} inputs along axis {}", node_.inputs.size(), concat.axis));
        }
        const auto extents = [](const Dims& d) { return std::array{d.channels, d.height, d.width}; };
        const auto axis = static_cast<std::size_t>(concat.axis);
        auto total = extents(input(0).dims);
        for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
            auto next = extents(input(i).dims);
            total[axis] += next[axis];
            next[axis] = total[axis];
            if (next != total || total[axis] > kMaxEntries) {
                fail("its inputs do not fit each other");
            }
        }
        check_dims({total[0], total[1], total[2]});
    }

    void check(const MaxPool& pool) const {
        check_inputs(1);
        check_axes(pool.axes, true);
        check_dims({input(0).dims.channels, pool.axes[0].out, pool.axes[1].out});
    }

    void check(const AveragePool& pool) const {
        check_inputs(1);
        check_axes(pool.axes, true);
        for (std::size_t k = 0; k < 2; ++k) {
            const auto& divisors = pool.divisors[k];
            if (divisors.size() != static_cast<std::size_t>(pool.axes[k].out)) {
                fail(fmt::format("it has {} divisors for {} windows", divisors.size(), pool.axes[k].out));
            }
            for (std::size_t o = 0; o < divisors.size(); ++o) {
                if (divisors[o] < real_taps(pool.axes[k], static_cast<std::int64_t>(o)) || divisors[o] > pool.axes[k].kernel) {
                    fail(fmt::format("divisor {} of window {} does not lie between its real taps and its kernel", divisors[o], o));
                }
            }
        }
        check_dims({input(0).dims.channels, pool.axes[0].out, pool.axes[1].out});
    }

    void check(const Select& select) const {
        check_inputs(1);
        if (!std::isfinite(select.constant)) {
            fail(fmt::format("constant {} is not finite", select.constant));
        }
        const auto within = [](const auto& table, std::int64_t extent) {
            return std::ranges::all_of(table, [extent](std::int64_t index) { return index >= -1 && index < extent; });
        };
        const Dims& in = input(0).dims;
        if (!select.separable()) {
            if (!within(select.entries, in.size()) || select.entries.size() != static_cast<std::size_t>(node_.dims.size()) ||
                !std::ranges::all_of(select.maps, [](const auto& map) { return map.empty(); })) {
                fail("its index table does not fit its input and its shape");
            }
            return;
        }
        const std::array extents{in.channels, in.height, in.width};
        std::array<std::int64_t, 3> out{};
        for (std::size_t k = 0; k < 3; ++k) {
            if (!within(select.maps[k], extents[k])) {
                fail("its index table does not fit its input");
            }
            out[k] = static_cast<std::int64_t>(select.maps[k].size());
        }
        check_dims({out[0], out[1], out[2]});
    }

    void check(const View&) const {
        check_inputs(1);
        if (node_.dims.size() != input(0).dims.size()) {
            fail(fmt::format("its shape {} has not as many entries as its input's {}", to_string(node_.shape),
                             to_string(input(0).shape)));
        }
    }

    const std::vector<Node>& nodes_;
    const Node& node_;
    std::string place_;
};

}  // namespace

void check_node(const std::vector<Node>& nodes, NodeId id) {
    const Node& node = nodes[static_cast<std::size_t>(id)];
    if (id == 0) {
        if (!std::holds_alternative<Input>(node.kind) || !node.inputs.empty() ||
            checked_size(node.shape, node_place(node.name)) == 0 || node.dims != dims_of(node.shape)) {
            throw Error(ErrorKind::malformed, node_place(node.name), "the first node is not an input");
        }
        return;
    }
    for (const NodeId input : node.inputs) {
        if (input < 0 || input >= id) {
            throw Error(ErrorKind::malformed, node_place(node.name), fmt::format("input {} is not an earlier node", input));
        }
    }
    NodeCheck(nodes, node).run();
}

void check_box(const Box& box, const Dims& input) {
    const auto size = static_cast<std::int64_t>(box.lower.size());
    if (box.upper.size() != box.lower.size() || (size != input.channels && size != input.size())) {
        throw Error(ErrorKind::malformed, "input box",
                    fmt::format("{} lower and {} upper limits for {} channels of {} entries", box.lower.size(), box.upper.size(),
                                input.channels, input.positions()));
    }
    for (std::size_t i = 0; i < box.lower.size(); ++i) {
        const bool finite = std::isfinite(box.lower[i]) && std::isfinite(box.upper[i]);
        if (!finite || !(box.lower[i] <= box.upper[i])) {
            throw Error(ErrorKind::malformed, "input box",
                        fmt::format("[{}, {}] at index {} is not a finite interval", box.lower[i], box.upper[i], i));
        }
    }
}

}  // namespace qbound::internal
