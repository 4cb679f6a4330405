// SPDX-License-Identifier: Apache-2.0
#include "loader/operator_fields.hpp"
#include "loader/text.hpp"
#include "qbound/loader.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qbound {
namespace internal {
namespace {

std::string text(const std::string& value) {
    return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <class Range, class Print>
std::string list(const Range& range, const Print& print) {
    std::string out = "[";
    for (const auto& entry : range) {
        out += (out.size() == 1 ? "" : ", ") + print(entry);
    }
    return out + "]";
}

std::string integers(const std::vector<std::int64_t>& values) {
    return list(values, [](std::int64_t value) { return std::to_string(value); });
}

std::string numbers(const std::vector<double>& values) {
    return list(values, short_decimal);
}

/// A tensor with its data.
std::string in_full(const Tensor& tensor) {
    if (tensor.shape.empty()) {
        return short_decimal(tensor.data.front());
    }
    return tensor.shape.size() == 1 ? numbers(tensor.data)
                                    : "{\"shape\": " + integers(tensor.shape) + ", \"data\": " + numbers(tensor.data) + "}";
}

bool is_uniform(const Tensor& tensor) {
    return !tensor.data.empty() && std::ranges::all_of(tensor.data, [&](double entry) { return entry == tensor.data.front(); });
}

class TopologyWriter {
  public:
    explicit TopologyWriter(const Model& model) : model_(model) {}

    [[nodiscard]] std::string write() {
        std::string nodes;
        for (const ModelNode& node : model_.nodes) {
            nodes += (nodes.empty() ? "    {" : ",\n    {") + this->node(node) + "}";
        }
        std::string tensors;
        for (const std::string& name : used_) {
            tensors += (tensors.empty() ? "    " : ",\n    ") + text(name) + ": " + shape_only(name);
        }
        const ModelInput& input = model_.inputs.front();
        std::string out = "{ \"format\": \"qbound-network\", \"version\": 1, \"name\": " + text(model_.name) + ",\n";
        out += "  \"comment\": " + list(model_.notes, text) + ",\n";
        out += "  \"input\": {\"name\": " + text(input.name) +
               ", \"shape\": " + integers({input.shape.begin() + 1, input.shape.end()});
        if (input.lower != nullptr && input.upper != nullptr) {
            out += ", \"lower\": " + in_full(*input.lower) + ", \"upper\": " + in_full(*input.upper);
        }
        out += "},\n  \"output\": " + text(model_.outputs.front()) + ",\n";
        out += "  \"nodes\": [\n" + nodes + " ],\n";
        return out + "  \"tensors\": {\n" + tensors + " } }\n";
    }

  private:
    [[noreturn]] static void refuse(const ModelNode& node, const std::string& reason) {
        fail_unsupported("node " + in_quotes(node.name), reason);
    }

    std::string node(const ModelNode& node) {
        const OperatorFields* op = find_operator(node.op);
        if (op == nullptr) {
            refuse(node, "a manifest has no operator " + in_quotes(node.op));
        }
        if (node.outputs.size() != 1) {
            refuse(node, "it has " + std::to_string(node.outputs.size()) + " outputs; a node of a manifest has one");
        }
        const std::size_t values = op->tensors.empty() ? node.inputs.size() : std::min(op->min_inputs, node.inputs.size());
        const std::vector<std::string> sources(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(values));
        std::string out =
            "\"name\": " + text(node.outputs.front()) + ", \"op\": " + text(node.op) + ", \"inputs\": " + list(sources, text);
        for (std::size_t i = values; i < node.inputs.size(); ++i) {
            if (i - values >= op->tensors.size() || (!node.inputs[i].empty() && !model_.tensors.contains(node.inputs[i]))) {
                refuse(node, "input " + in_quotes(node.inputs[i]) + " is none that a manifest's " + node.op + " has");
            }
            if (!node.inputs[i].empty()) {
                out += ", \"" + std::string(op->tensors[i - values].name) + "\": " + tensor(node.inputs[i]);
            }
        }
        for (const auto& [name, value] : node.attributes) {
            const auto field = std::ranges::find(op->attributes, std::string_view(name), &AttributeField::name);
            if (field == op->attributes.end()) {
                refuse(node, "a manifest's " + node.op + " has no attribute " + in_quotes(name));
            }
            if (!field->only) {
                out += ", " + text(name) + ": " + attribute(node, value);
            }
        }
        return out;
    }

    /// The tensor's name, to be filled from a dump; or its values, if no dump has them.
    std::string tensor(const std::string& name) {
        const Tensor& tensor = *model_.tensors.at(name);
        if (model_.supplied.contains(name) && !is_uniform(tensor)) {
            return in_full(tensor);
        }
        if (seen_.insert(name).second) {
            used_.push_back(name);
        }
        return text(name);
    }

    std::string shape_only(const std::string& name) {
        const Tensor& tensor = *model_.tensors.at(name);
        return "{\"shape\": " + integers(tensor.shape) +
               (model_.supplied.contains(name) ? ", \"fill\": " + short_decimal(tensor.data.front()) : "") + "}";
    }

    static std::string attribute(const ModelNode& node, const Attribute& value) {
        if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            return std::to_string(*integer);
        }
        if (const auto* number = std::get_if<double>(&value); number != nullptr && std::isfinite(*number)) {
            return short_decimal(*number);
        }
        if (const auto* word = std::get_if<std::string>(&value)) {
            return text(*word);
        }
        if (const auto* some = std::get_if<std::vector<std::int64_t>>(&value)) {
            return integers(*some);
        }
        refuse(node, "it has an attribute that a manifest cannot hold");
    }

    const Model& model_;
    std::vector<std::string> used_;  ///< in order of first use
    std::set<std::string> seen_;
};

}  // namespace
}  // namespace internal

std::string write_topology(const Model& model) {
    return internal::TopologyWriter(model).write();
}

}  // namespace qbound
