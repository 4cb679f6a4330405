// SPDX-License-Identifier: Apache-2.0
#include "report/methods_report.hpp"

#include "qbound/bounds.hpp"
#include "qbound/report.hpp"
#include "report/json_writer.hpp"
#include "report/text_table.hpp"

namespace qbound::internal {

namespace {

TextTable table() {
    TextTable text({{"method"}, {"theorem"}, {"hypotheses"}, {"cost"}, {"fast"}});
    for (const Method& method : methods()) {
        text.add_row({{std::string(method.name)},
                      {std::string(method.theorem)},
                      {std::string(method.hypotheses)},
                      {std::string(method.cost)},
                      {method.fast ? "yes" : "no"}});
    }
    return text;
}

}  // namespace

std::string methods_table() {
    // Whole sentences do not fit in columns of a terminal.
    std::string out;
    for (const Method& method : methods()) {
        out += std::string(method.name) + (method.fast ? "  (fast)\n" : "\n");
        out += "    theorem     " + std::string(method.theorem) + '\n';
        out += "    hypotheses  " + std::string(method.hypotheses) + '\n';
        out += "    cost        " + std::string(method.cost) + '\n';
    }
    return out;
}

std::string methods_markdown() {
    return table().markdown();
}

std::string methods_json() {
    JsonWriter json(JsonWriter::Style::indented);
    json.begin_object();
    json.key("schema").text("qbound.methods/1");
    json.key("qbound_version").text(version());
    json.key("methods").begin_array();
    for (const Method& method : methods()) {
        json.begin_object();
        json.key("name").text(method.name);
        json.key("theorem").text(method.theorem);
        json.key("hypotheses").text(method.hypotheses);
        json.key("cost").text(method.cost);
        json.key("fast").boolean(method.fast);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.str() + '\n';
}

}  // namespace qbound::internal
