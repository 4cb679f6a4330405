// SPDX-License-Identifier: Apache-2.0
// A report through the reader; what is read is compared with itself, gated and rendered.
#include "invariants.hpp"
#include "qbound/compare.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_call([&] {
        const std::vector<qbound::ReportedResult> results = qbound::parse_reports(text);
        require(!results.empty());
        for (const qbound::ReportedResult& result : results) {
            for (const qbound::ReportedRow& row : result.rows) {
                require(row.number.value >= 0 && !std::isnan(row.number.log10));
            }
        }
        const qbound::Comparison comparison = qbound::compare(results, results);
        require(comparison.results.size() == results.size());
        const qbound::RegressionGate gate{.max_percent = 0, .breaches = qbound::regressions(comparison, 0)};
        // Nothing changed, so that only a missing best bound can breach.
        require(gate.breaches.size() <= results.size());
        for (const qbound::ResultChange& result : comparison.results) {
            require(result.change == qbound::Change::same);
            require(std::ranges::all_of(result.rows, [](const auto& row) { return row.change == qbound::Change::same; }));
        }
        for (const auto format : {qbound::Format::table, qbound::Format::json, qbound::Format::csv, qbound::Format::markdown}) {
            require(!qbound::render(comparison, gate, format, {.before = "a", .after = "b"}).empty());
        }
    });
    return 0;
}
