// SPDX-License-Identifier: Apache-2.0
#include "loader/chain_builder.hpp"

#include <utility>

namespace qbound::internal {

std::string ChainBuilder::fresh(std::string name) {
    while (model_.tensors.contains(name) || !used_.insert(name).second) {
        name += '_';
    }
    return name;
}

std::string ChainBuilder::tensor(std::string name, TensorPtr tensor) {
    name = fresh(std::move(name));
    model_.tensors.emplace(name, std::move(tensor));
    return name;
}

void ChainBuilder::node(std::string name, std::string_view op, const std::vector<std::string>& constants,
                        std::map<std::string, Attribute> attributes) {
    ModelNode node{.name = fresh(std::move(name)),
                   .op = std::string(op),
                   .inputs = {last_},
                   .outputs = {},
                   .attributes = std::move(attributes)};
    node.inputs.insert(node.inputs.end(), constants.begin(), constants.end());
    node.outputs = {node.name};
    last_ = node.name;
    model_.nodes.push_back(std::move(node));
}

}  // namespace qbound::internal
