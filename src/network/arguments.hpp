// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/index_map.hpp"
#include "qbound/model.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qbound::internal {

/// What an operator knows beside the value that it works on: its attributes, and its other inputs where they are constants.
class Arguments {
  public:
    /// `constants` has one entry per input of the node, null where the input is absent or computed. `spend` is told of every table
    /// that is about to be made, and throws if they become too large.
    Arguments(const ModelNode& node, std::vector<TensorPtr> constants, std::int64_t opset, bool batch_axis_optional, Spend spend)
        : node_(node),
          constants_(std::move(constants)),
          opset_(opset),
          batch_axis_optional_(batch_axis_optional),
          spend_(std::move(spend)) {}

    [[nodiscard]] const ModelNode& node() const noexcept { return node_; }
    [[nodiscard]] std::int64_t opset() const noexcept { return opset_; }
    [[nodiscard]] bool batch_axis_optional() const noexcept { return batch_axis_optional_; }
    void spend(std::int64_t entries) const { spend_(entries); }

    /// Whether input `i` is there, constant or not.
    [[nodiscard]] bool given(std::size_t i) const { return i < node_.inputs.size() && !node_.inputs[i].empty(); }
    /// The constant behind input `i`. Errors: Error{unsupported} if it is computed, Error{malformed} if it is absent.
    [[nodiscard]] TensorPtr constant(std::size_t i, std::string_view role) const;
    /// The constant of one entry behind input `i`; nothing if it is absent.
    [[nodiscard]] std::optional<double> scalar(std::size_t i, std::string_view role) const;
    /// Integers from input `i`, or from the attribute of that name as older opsets have it; nothing if neither is there.
    /// Errors: Error{malformed} for an entry that is no integer. Extents beyond ±2^62 are cut to that.
    [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::size_t i, const std::string& attribute) const;

    [[noreturn]] void malformed(std::string reason, std::string hint = {}) const;
    [[noreturn]] void unsupported(std::string reason, std::string hint = {}) const;

  private:
    const ModelNode& node_;
    std::vector<TensorPtr> constants_;
    std::int64_t opset_;
    bool batch_axis_optional_;
    Spend spend_;
};

/// The axis counted from the front of `rank` axes. Errors: Error{malformed} if it is outside −rank … rank − 1.
[[nodiscard]] std::size_t axis_of(const Arguments& arguments, std::int64_t axis, std::size_t rank);

/// The axes, counted from the front and sorted. Errors: Error{malformed} if one is outside or occurs twice.
[[nodiscard]] std::vector<std::size_t> axes_of(const Arguments& arguments, const std::vector<std::int64_t>& axes, std::size_t rank);

/// A tensor's entries as integers. Errors: Error{malformed} naming input `i` for an entry that is none.
[[nodiscard]] std::vector<std::int64_t> integer_entries(const Arguments& arguments, const Tensor& tensor, std::size_t i);

/// The shape that both operands broadcast to, aligned at the last axis (ONNX and NumPy). Errors: Error{malformed}.
[[nodiscard]] Shape broadcast_shape(const ModelNode& node, const Shape& a, const Shape& b);

}  // namespace qbound::internal
