// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

/// A validator for the part of JSON Schema that docs/report.schema.json uses. A keyword that it does not know is an error, so that
/// a schema cannot say something that is then not checked.
namespace qbound::test {

using Json = nlohmann::json;

class JsonSchema {
  public:
    explicit JsonSchema(Json schema) : root_(std::move(schema)) {}

    /// Complaints "path: what is wrong"; empty if `value` is valid. Throws std::logic_error for a schema with unknown keywords.
    [[nodiscard]] std::vector<std::string> validate(const Json& value) const {
        std::vector<std::string> complaints;
        check(root_, value, "$", complaints);
        return complaints;
    }

  private:
    using Complaints = std::vector<std::string>;

    static bool has_type(const Json& value, const std::string& type) {
        if (type == "integer") {
            return value.is_number_integer();
        }
        if (type == "number") {
            return value.is_number();
        }
        return type == value.type_name();  // object, array, string, boolean, null
    }

    [[nodiscard]] const Json& resolve(const std::string& reference) const {
        return root_.at(Json::json_pointer(reference.substr(1)));
    }

    void check(const Json& schema, const Json& value, const std::string& path, Complaints& out) const {
        if (schema.is_boolean()) {
            if (!schema.get<bool>()) {
                out.push_back(path + ": is not allowed");
            }
            return;
        }
        static const std::set<std::string> kNotes{"$schema", "$id", "$defs", "title", "description"};
        for (const auto& [keyword, rule] : schema.items()) {
            if (!kNotes.contains(keyword) && keyword != "additionalProperties") {
                check_keyword(keyword, rule, value, path, out);
            }
        }
        if (schema.contains("additionalProperties") && value.is_object()) {
            const Json known = schema.value("properties", Json::object());
            for (const auto& [name, member] : value.items()) {
                if (!known.contains(name)) {
                    check(schema["additionalProperties"], member, path + "." + name, out);
                }
            }
        }
    }

    void check_keyword(const std::string& keyword, const Json& rule, const Json& value, const std::string& path,
                       Complaints& out) const {
        const auto complain = [&](const std::string& what) { out.push_back(path + ": " + what); };
        if (keyword == "$ref") {
            check(resolve(rule.get<std::string>()), value, path, out);
        } else if (keyword == "type") {
            const Json types = rule.is_array() ? rule : Json::array({rule});
            bool matches = false;
            for (const auto& type : types) {
                matches = matches || has_type(value, type.get<std::string>());
            }
            if (!matches) {
                complain("is not of type " + rule.dump());
            }
        } else if (keyword == "const") {
            if (value != rule) {
                complain("is not " + rule.dump());
            }
        } else if (keyword == "enum") {
            if (std::find(rule.begin(), rule.end(), value) == rule.end()) {
                complain("is not one of " + rule.dump());
            }
        } else if (keyword == "pattern") {
            if (value.is_string() && !std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()))) {
                complain("does not match " + rule.dump());
            }
        } else if (keyword == "minimum") {
            // Written so that a NaN fails.
            if (value.is_number() && !(value.get<double>() >= rule.get<double>())) {
                complain("is less than " + rule.dump());
            }
        } else if (keyword == "maximum") {
            if (value.is_number() && !(value.get<double>() <= rule.get<double>())) {
                complain("is more than " + rule.dump());
            }
        } else if (keyword == "minItems") {
            if (value.is_array() && value.size() < rule.get<std::size_t>()) {
                complain("has fewer than " + rule.dump() + " items");
            }
        } else if (keyword == "required") {
            for (const auto& name : rule) {
                if (value.is_object() && !value.contains(name.get<std::string>())) {
                    complain("lacks " + name.dump());
                }
            }
        } else if (keyword == "properties") {
            for (const auto& [name, member] : rule.items()) {
                if (value.is_object() && value.contains(name)) {
                    check(member, value[name], path + "." + name, out);
                }
            }
        } else if (keyword == "items") {
            for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
                check(rule, value[i], path + "[" + std::to_string(i) + "]", out);
            }
        } else if (keyword == "anyOf") {
            bool matches = false;
            Complaints inner;
            for (const auto& alternative : rule) {
                Complaints found;
                check(alternative, value, path, found);
                matches = matches || found.empty();
                inner.insert(inner.end(), found.begin(), found.end());
            }
            if (!matches) {
                out.insert(out.end(), inner.begin(), inner.end());
            }
        } else {
            throw std::logic_error("schema keyword '" + keyword + "' is not known to the validator");
        }
    }

    Json root_;
};

}  // namespace qbound::test
