// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/model.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// Appends nodes to a Model one after the other, each fed by the one before. Names are made unique.
class ChainBuilder {
  public:
    /// The model has its input; the chain begins there.
    explicit ChainBuilder(Model& model) : model_(model), last_(model.inputs.front().name), used_{last_} {}

    /// A name that nothing in the model has: `name` itself if it is free. It counts as used from now on.
    std::string fresh(std::string name);

    /// Adds a tensor under `name`, or a name made from it, and returns that.
    std::string tensor(std::string name, TensorPtr tensor);

    /// Adds a node fed by the last one and then by the tensors `constants`.
    void node(std::string name, std::string_view op, const std::vector<std::string>& constants = {},
              std::map<std::string, Attribute> attributes = {});

    /// The last node is the output.
    void finish() { model_.outputs = {last_}; }

    [[nodiscard]] const std::string& last() const noexcept { return last_; }

  private:
    Model& model_;
    std::string last_;
    std::set<std::string, std::less<>> used_;
};

}  // namespace qbound::internal
