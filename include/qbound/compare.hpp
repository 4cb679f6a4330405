// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Two JSON reports against each other: what got looser, and a gate on it.
namespace qbound {

/// A number of a report, exactly as it was proved: the double, not its decimal.
struct ReportedNumber {
    double value = 0;       ///< ≥ 0; +∞ beyond the range of double
    double log10 = 0;       ///< of `value`; beyond the range of double the report's own, +∞ for a bound that was lost
    std::string guarantee;  ///< certified or conditional; of a reached error lower or measured
    std::string method;     ///< of the best bound: whose it is

    [[nodiscard]] bool is_certified() const noexcept { return guarantee == "certified"; }
    [[nodiscard]] bool is_finite() const noexcept;
};

/// Names of the rows that are no methods.
inline constexpr std::string_view kBestRow = "best";
inline constexpr std::string_view kReachedRow = "reached";

struct ReportedRow {
    std::string name;  ///< a method, kBestRow or kReachedRow
    ReportedNumber number;
};

/// One element of a report's "results", with what it needs of the model.
struct ReportedResult {
    std::string file;  ///< of the model, as the user named it
    std::string name;  ///< of the model
    std::string input_box;
    std::string setting;            ///< in words: "8 bits, granularity channel"; the defaults are left out
    std::string identity;           ///< bits, the whole quantizer, convention and input box: equal for results that may be compared
    std::vector<ReportedRow> rows;  ///< methods as the report has them, then the best bound and the reached error, where there are
};

/// Largest report that is read.
inline constexpr std::size_t kMaxReportBytes = std::size_t{1} << 26;

/// Results of reports of schema qbound.report/1: one object, an array of them, or one on each line (NDJSON).
///
/// Fields that are not compared are not looked at. Errors: Error{malformed} at the field, "results[0].bounds[2]", also for another
/// schema, for NaN, for limits of size and depth, and for two results that nothing tells apart.
[[nodiscard]] std::vector<ReportedResult> parse_reports(std::string_view text);

/// What became of a bound. `looser` and `tighter` are exact; of a reached error they say that it is larger or smaller.
enum class Change : std::uint8_t { looser, tighter, same, appeared, vanished };
/// What became of its guarantee: certified and now conditional is weaker, whatever the values.
enum class GuaranteeChange : std::uint8_t { none, weaker, stronger };

struct RowChange {
    std::string name;
    std::optional<ReportedNumber> before;
    std::optional<ReportedNumber> after;
    Change change = Change::same;
    GuaranteeChange guarantee = GuaranteeChange::none;
    std::optional<double> percent;  ///< 100·(after/before − 1), for display; ∞ from zero; nothing where no ratio of doubles is
    std::optional<double> decades;  ///< log10(after/before), for display; also beyond the range of double
};

struct ResultChange {
    std::string name;  ///< of the model
    std::optional<std::string> file_before;
    std::optional<std::string> file_after;
    std::string setting;
    std::string input_box;
    Change change = Change::same;  ///< appeared: not in the base report; vanished: not in the new one; same: in both
    std::vector<RowChange> rows;
};

struct Comparison {
    std::vector<ResultChange> results;  ///< in the order of the base report, then what appeared
    std::vector<std::string> rows;      ///< the rows that were asked for; empty: all
};

/// Models are matched by file, or else by name where one model on each side has it; then results by what identity says; then rows
/// by name, of which `rows` keeps some. Errors: Error{usage} for a row that neither side has anywhere.
[[nodiscard]] Comparison compare(const std::vector<ReportedResult>& before, const std::vector<ReportedResult>& after,
                                 const std::vector<std::string>& rows = {});

/// A gate on certified bounds: one line for each breach, none if it passes.
///
/// A certified bound breaches that vanished, became conditional, or exceeds (1 + max_percent/100) times what it was: decided on
/// exact doubles with every rounding against the bound; where both are beyond the range of double, on their log10. Besides, every
/// result must be in both reports, and each row that was asked for (the best bound, if none was) must be finite and certified in
/// the new one: what cannot be evaluated fails. No bound before and a finite one now passes: no ratio, but every base would be
/// worse. Conditional bounds and reached errors are not gated. Precondition: max_percent ≥ 0, finite.
[[nodiscard]] std::vector<std::string> regressions(const Comparison& comparison, double max_percent);

/// The gate's outcome, for documents.
struct RegressionGate {
    double max_percent = 0;
    std::vector<std::string> breaches;
};

struct CompareRenderOptions {
    std::string before;  ///< how the reports are called
    std::string after;
    bool changed_only = false;  ///< leave out rows that stayed the same, and results without another
    bool color = false;
    bool header = true;  ///< table and markdown: names of the reports, and the counts
};

/// The whole document, ending in a newline; JSON and NDJSON follow schema qbound.compare/1 (docs/compare.schema.json).
[[nodiscard]] std::string render(const Comparison& comparison, const std::optional<RegressionGate>& gate, Format format,
                                 const CompareRenderOptions& options);

}  // namespace qbound
