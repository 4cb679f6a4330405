// SPDX-License-Identifier: Apache-2.0
// Model → network manifest.
#include "loader/operator_fields.hpp"
#include "loader/text.hpp"
#include "qbound/error.hpp"
#include "qbound/writer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace qbound {
namespace internal {
namespace {

using Json = nlohmann::ordered_json;

/// Lists of integers up to this length stay in the text.
constexpr std::size_t kMaxInlineEntries = 1024;

std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Where the tensors' files go.
class TensorPaths {
  public:
    explicit TensorPaths(std::string folder) : folder_(std::move(folder)) {}

    /// A path for a tensor of that name. Names that differ in case only get different files, for file systems that do not tell them
    /// apart.
    std::string path(const std::string& name) {
        const std::string safe = safe_file_name(name);
        std::string unique = safe;
        for (int count = 2; !used_.insert(lower_case(unique)).second; ++count) {
            unique = safe + "-" + std::to_string(count);
        }
        return folder_ + "/" + unique + ".npy";
    }

  private:
    static std::string lower_case(std::string text) {
        std::ranges::transform(text, text.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return text;
    }

    std::string folder_;
    std::set<std::string> used_;
};

class ManifestWriter {
  public:
    ManifestWriter(const Model& model, const std::string& folder) : model_(model), paths_(folder) {}

    ManifestFiles write() {
        std::string text = R"({ "format": "qbound-network", "version": 1, "name": )" + text_of(model_.name) + ",\n";
        text += "  \"input\": " + text_of(input(model_.inputs.front())) + ",\n";
        text += "  \"output\": " + text_of(model_.outputs.front()) + ",\n";
        text += "  \"nodes\": [";
        for (std::size_t i = 0; i < model_.nodes.size(); ++i) {
            text += (i == 0 ? "\n    " : ",\n    ") + text_of(node(model_.nodes[i]));
        }
        text += "],\n  \"tensors\": {";
        bool first = true;
        for (const auto& [name, tensor] : model_.tensors) {
            text += (std::exchange(first, false) ? "\n    " : ",\n    ") + text_of(name) + ": " + text_of(stored(name, tensor));
        }
        text += "} }\n";
        files_.json = std::move(text);
        return std::move(files_);
    }

  private:
    Json stored(const std::string& name, const TensorPtr& tensor) {
        if (tensor->integral() && tensor->shape.size() == 1 && tensor->data.size() <= kMaxInlineEntries) {
            return std::vector<std::int64_t>(tensor->data.begin(), tensor->data.end());
        }
        files_.tensors.push_back(
            {.path = paths_.path(name), .tensor = tensor, .type = is_float32(*tensor) ? RealType::float32 : RealType::float64});
        return {{"npy", files_.tensors.back().path}};
    }

    Json limits(const ModelInput& input, const TensorPtr& tensor, const std::string& side) {
        const bool same = std::ranges::all_of(tensor->data, [&](double value) { return value == tensor->data.front(); });
        const Shape per_channel{input.shape.at(1)};
        if (same && (tensor->shape.empty() || tensor->shape == per_channel)) {
            return tensor->data.front();
        }
        if (tensor->shape.size() == 1 && tensor->data.size() <= kMaxInlineEntries) {
            return tensor->data;
        }
        return stored(input.name + "." + side, tensor);
    }

    Json input(const ModelInput& input) {
        Json json{{"name", input.name}, {"shape", Shape(input.shape.begin() + 1, input.shape.end())}};
        if (input.lower && input.upper) {
            json["lower"] = limits(input, input.lower, "lower");
            json["upper"] = limits(input, input.upper, "upper");
        }
        return json;
    }

    Json node(const ModelNode& node) const {
        const OperatorFields* fields = find_operator(node.op);
        if (fields == nullptr) {
            fail_unsupported("node " + in_quotes(node.name), "a manifest has no operator " + node.op);
        }
        Json json{{"name", node.name}, {"op", node.op}, {"inputs", Json::array()}};
        std::size_t tensors = 0;
        for (const std::string& name : node.inputs) {
            if (!model_.tensors.contains(name)) {
                json["inputs"].push_back(name);
            } else if (tensors < fields->tensors.size()) {
                json[std::string(fields->tensors[tensors++].name)] = name;
            } else {
                fail_unsupported("node " + in_quotes(node.name), "a manifest has no field for its input " + in_quotes(name));
            }
        }
        for (const AttributeField& field : fields->attributes) {
            const auto found = node.attributes.find(std::string(field.name));
            if (found != node.attributes.end() && !field.only) {
                json[found->first] = value_of(found->second, node);
            }
        }
        return json;
    }

    static Json value_of(const Attribute& attribute, const ModelNode& node) {
        return std::visit(
            [&](const auto& value) -> Json {
                if constexpr (std::is_same_v<std::decay_t<decltype(value)>, TensorPtr>) {
                    fail_unsupported("node " + in_quotes(node.name), "an attribute that is a tensor");
                } else {
                    return value;
                }
            },
            attribute);
    }

    const Model& model_;
    TensorPaths paths_;
    ManifestFiles files_;
};

}  // namespace
}  // namespace internal

std::string safe_file_name(std::string_view name) {
    constexpr std::size_t kLongest = 100;
    std::string safe;
    for (const char c : name.substr(0, kLongest)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        safe += plain ? c : '_';
    }
    if (safe.empty() || safe.front() == '.' || safe.front() == '-') {
        safe.insert(safe.begin(), '_');
    }
    return safe;
}

ManifestFiles write_manifest(const Model& model, const std::string& folder) {
    return internal::ManifestWriter(model, folder).write();
}

}  // namespace qbound
