// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/compare.hpp"

#include <string>
#include <vector>

/// Reports written by hand.
namespace qbound::test {

struct RowText {
    std::string method;
    std::string value = "1";  ///< as JSON has it
    std::string guarantee = "certified";
    std::string log10 = "0";
};

inline std::string number_text(const RowText& row) {
    return R"("value": )" + row.value + R"(, "log10": )" + row.log10;
}

struct ResultText {
    std::string bits = "8";
    std::string quantizer =
        R"({"rounding": "round", "granularity": "tensor", "symmetric": true, "ties": "even", "quantize_biases": false})";
    std::vector<RowText> bounds;
    std::string best = "null";
    std::string more;  ///< further members

    [[nodiscard]] std::string str() const {
        std::string rows;
        for (const RowText& row : bounds) {
            rows += (rows.empty() ? "" : ", ") + std::string(R"({"method": ")") + row.method + R"(", )" + number_text(row) +
                    R"(, "guarantee": ")" + row.guarantee + R"("})";
        }
        return R"({"bits": )" + bits + R"(, "quantizer": )" + quantizer + R"(, "convention": "grouped", "bounds": [)" + rows +
               R"(], "best": )" + best + more + "}";
    }
};

inline std::string best_text(const RowText& row) {
    return R"({"method": ")" + row.method + R"(", )" + number_text(row) + "}";
}

/// A result of one bound, which is its best one.
inline ResultText one_bound(const std::string& value, const std::string& method = "joint") {
    return {.bounds = {{method, value}}, .best = best_text({method, value}), .more = {}};
}

struct ModelText {
    std::string file = "net.json";
    std::string name = "net";
    std::string box = "[0, 1]";
};

inline std::string report_text(const std::vector<ResultText>& results, const ModelText& model = {}) {
    std::string list;
    for (const ResultText& result : results) {
        list += (list.empty() ? "" : ", ") + result.str();
    }
    return R"({"schema": "qbound.report/1", "model": {"file": ")" + model.file + R"(", "name": ")" + model.name +
           R"(", "input_box": ")" + model.box + R"("}, "results": [)" + list + "]}";
}

inline std::vector<ReportedResult> parsed(const std::vector<ResultText>& results, const ModelText& model = {}) {
    return parse_reports(report_text(results, model));
}

}  // namespace qbound::test
