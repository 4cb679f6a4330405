// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loader/json_fields.hpp"
#include "loader/operator_fields.hpp"
#include "qbound/loader.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::internal {

/// Puts the tensors of JSON nodes into a Model.
class TensorTable {
  public:
    TensorTable(Model& model, const FileSource& beside) : model_(model), beside_(beside) {}

    /// The field's value name: a string names a tensor that the model has, anything else is a tensor written in place, which is
    /// then stored as "node.field".
    [[nodiscard]] std::string value_name(Fields& fields, std::string_view field, JsonValue& value, std::string_view node);

  private:
    Model& model_;
    const FileSource& beside_;
};

/// Takes the tensors that `op` knows out of `fields`: their value names, in ONNX's order.
[[nodiscard]] std::vector<std::string> read_tensor_fields(const OperatorFields& op, Fields& fields, TensorTable& tensors,
                                                          std::string_view node);

/// Takes the attributes that `op` knows out of `fields`. Fields that it does not know stay untaken.
[[nodiscard]] std::map<std::string, Attribute> read_attribute_fields(const OperatorFields& op, Fields& fields);

/// Error{malformed} if a node has the name of another node, of an input or of a tensor: a value's name says which value it is.
void require_unique_names(const Model& model);

}  // namespace qbound::internal
