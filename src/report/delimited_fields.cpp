// SPDX-License-Identifier: Apache-2.0
#include "report/delimited_fields.hpp"

#include "report/text.hpp"

namespace qbound::internal {

namespace {

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + '"';
}

std::string tsv_field(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '\t':
                escaped += "\\t";
                break;
            case '\n':
                escaped += "\\n";
                break;
            case '\r':
                escaped += "\\r";
                break;
            default:
                escaped += c;
        }
    }
    return escaped;
}

}  // namespace

std::string delimited_line(Delimited kind, const std::vector<std::string>& fields) {
    std::string out;
    for (const std::string& field : fields) {
        if (!out.empty() || &field != &fields.front()) {
            out += kind == Delimited::csv ? ',' : '\t';
        }
        out += kind == Delimited::csv ? csv_field(valid_utf8(field)) : tsv_field(valid_utf8(field));
    }
    return out + '\n';
}

}  // namespace qbound::internal
