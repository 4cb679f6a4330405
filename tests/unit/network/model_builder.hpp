// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/error.hpp"
#include "qbound/lower.hpp"
#include "qbound/model.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace qbound::test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Integers = std::vector<std::int64_t>;

/// Exact, uneven numbers in [−11/8, 11/8], the same as in make_reference_values.py.
inline std::vector<double> filling(std::int64_t count, std::int64_t seed) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < count; ++i) {
        values.push_back(static_cast<double>((i * 37 + seed * 11 + i * i % 7) % 23 - 11) / 8.0);
    }
    return values;
}

/// Builds a Model by hand: input "x", then nodes, the last of which is the output unless another is named.
class ModelBuilder {
  public:
    /// `sample` is the input's shape without batch; its box is [−1, 2].
    explicit ModelBuilder(Shape sample) {
        sample.insert(sample.begin(), 1);
        model.name = "test";
        model.inputs.push_back({"x", std::move(sample), scalar(-1), scalar(2)});
        model.outputs = {"x"};
    }

    static TensorPtr scalar(double value) { return std::make_shared<Tensor>(Tensor{{}, {value}}); }

    ModelBuilder& tensor(const std::string& name, Shape shape, std::vector<double> data) {
        model.tensors[name] = std::make_shared<Tensor>(Tensor{std::move(shape), std::move(data)});
        return *this;
    }

    /// A tensor of filling() values.
    ModelBuilder& filled(const std::string& name, Shape shape, std::int64_t seed) {
        std::int64_t size = 1;
        for (const std::int64_t extent : shape) {
            size *= extent;
        }
        return tensor(name, std::move(shape), filling(size, seed));
    }

    ModelBuilder& node(const std::string& name, const std::string& op, std::vector<std::string> inputs,
                       std::map<std::string, Attribute> attributes = {}) {
        model.nodes.push_back({name, op, std::move(inputs), {name}, std::move(attributes)});
        model.outputs = {name};
        return *this;
    }

    [[nodiscard]] Lowered lowered() const { return lower(model, {}); }
    [[nodiscard]] Network network() const { return lowered().network; }

    Model model;
};

/// The message of the Error that `action` throws; empty if it throws none.
template <class Action>
std::string message_of(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

/// The kind of that Error.
template <class Action>
ErrorKind kind_of_error(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.kind();
    }
    throw std::logic_error("no Error was thrown");
}

}  // namespace qbound::test
