// SPDX-License-Identifier: Apache-2.0
#include "qbound/compare.hpp"

#include "qbound/error.hpp"
#include "report/numbers.hpp"
#include "report/text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace qbound {

namespace {

using internal::join;
using internal::one_line;
using internal::shortest;

/// Where both are beyond the range of double, their logarithms decide.
bool exceeds(const ReportedNumber& a, const ReportedNumber& b) {
    return std::isfinite(a.value) || std::isfinite(b.value) ? a.value > b.value : a.log10 > b.log10;
}

/// The opposite, but false where a value is NaN.
bool is_at_most(const ReportedNumber& a, const ReportedNumber& b) {
    return std::isfinite(a.value) || std::isfinite(b.value) ? a.value <= b.value : a.log10 <= b.log10;
}

/// a·b for a, b ≥ 0 without over- or underflow, rounded up or down; exact if it is a double. fma tells the rounding's sign.
double product_up(double a, double b) {
    const double product = a * b;
    return std::fma(a, b, -product) > 0 ? next_up(product) : product;
}
double product_down(double a, double b) {
    const double product = a * b;
    return std::fma(a, b, -product) < 0 ? next_down(product) : product;
}

/// Whether after ≤ before·(1 + percent/100), every rounding against it. False for whatever is no number.
bool within(const ReportedNumber& before, const ReportedNumber& after, double percent) {
    if (is_at_most(after, before)) {
        return true;
    }
    if (!std::isfinite(after.value)) {
        // Both beyond the range of double, or the new one alone.
        const double allowed = libm_down(std::log10(next_down(1 + next_down(percent / 100))));
        return !std::isfinite(before.value) && next_up(after.log10 - before.log10) <= allowed;
    }
    // 100·after ≤ (100 + percent)·before, both scaled by the power of two that brings `before` into [1/2, 1): exact for `after`,
    // which is larger. Percents and decimals that are doubles are then decided exactly.
    constexpr double kHundred = 100;
    const double sum = kHundred + percent;
    const bool rounded = sum - kHundred != percent || sum - percent != kHundred;
    int exponent = 0;
    const double base = std::frexp(before.value, &exponent);
    const double scaled = std::ldexp(after.value, -exponent);
    return scaled < std::numeric_limits<double>::max() / (2 * kHundred) &&
           product_up(scaled, kHundred) <= product_down(base, rounded ? next_down(sum) : sum);
}

void describe_change(RowChange& row) {
    if (!row.before || !row.after) {
        row.change = row.after ? Change::appeared : Change::vanished;
        return;
    }
    const ReportedNumber& before = *row.before;
    const ReportedNumber& after = *row.after;
    row.change = exceeds(after, before) ? Change::looser : exceeds(before, after) ? Change::tighter : Change::same;
    if (row.name != kReachedRow && before.is_certified() != after.is_certified()) {
        row.guarantee = before.is_certified() ? GuaranteeChange::weaker : GuaranteeChange::stronger;
    }
    if (row.change == Change::same) {
        if (before.is_finite()) {
            row.percent = 0;
            row.decades = 0;
        }
        return;
    }
    if (std::isfinite(before.value) && std::isfinite(after.value)) {
        row.percent = (after.value - before.value) / before.value * 100;  // from zero: infinite
    }
    row.decades = after.log10 - before.log10;
}

using Rows = std::vector<ReportedRow>;

const ReportedNumber* find_row(const Rows& rows, const std::string& name) {
    const auto found = std::ranges::find(rows, name, &ReportedRow::name);
    return found == rows.end() ? nullptr : &found->number;
}

/// Methods of `before`, then those of `after` alone, then what is no method.
std::vector<std::string> row_names(const Rows& before, const Rows& after) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
        if (std::ranges::find(names, name) == names.end()) {
            names.push_back(name);
        }
    };
    for (const Rows* rows : {&before, &after}) {
        for (const ReportedRow& row : *rows) {
            if (row.name != kBestRow && row.name != kReachedRow) {
                add(row.name);
            }
        }
    }
    for (const std::string_view last : {kBestRow, kReachedRow}) {
        if (find_row(before, std::string(last)) != nullptr || find_row(after, std::string(last)) != nullptr) {
            add(std::string(last));
        }
    }
    return names;
}

bool asked_for(const std::vector<std::string>& rows, const std::string& name) {
    return rows.empty() || std::ranges::find(rows, name) != rows.end();
}

/// What became of one result; either may be missing.
ResultChange change_of(const ReportedResult* before, const ReportedResult* after, const std::vector<std::string>& rows) {
    const ReportedResult& known = after != nullptr ? *after : *before;
    ResultChange result{.name = known.name,
                        .file_before = before != nullptr ? std::optional(before->file) : std::nullopt,
                        .file_after = after != nullptr ? std::optional(after->file) : std::nullopt,
                        .setting = known.setting,
                        .input_box = known.input_box,
                        .change = before == nullptr  ? Change::appeared
                                  : after == nullptr ? Change::vanished
                                                     : Change::same,
                        .rows = {}};
    const Rows& old_rows = before != nullptr ? before->rows : Rows{};
    const Rows& new_rows = after != nullptr ? after->rows : Rows{};
    for (const std::string& name : row_names(old_rows, new_rows)) {
        if (!asked_for(rows, name)) {
            continue;
        }
        RowChange row;
        row.name = name;
        if (const ReportedNumber* number = find_row(old_rows, name)) {
            row.before = *number;
        }
        if (const ReportedNumber* number = find_row(new_rows, name)) {
            row.after = *number;
        }
        describe_change(row);
        result.rows.push_back(std::move(row));
    }
    return result;
}

using Results = std::vector<ReportedResult>;

/// The files of models by their name.
std::map<std::string, std::set<std::string>> files_by_name(const Results& results) {
    std::map<std::string, std::set<std::string>> files;
    for (const ReportedResult& result : results) {
        files[result.name].insert(result.file);
    }
    return files;
}

/// For each model file of `after`, the file that the model has in `before`.
std::map<std::string, std::string> match_models(const Results& before, const Results& after) {
    std::set<std::string> old_files;
    std::set<std::string> new_files;
    std::ranges::for_each(before, [&](const ReportedResult& result) { old_files.insert(result.file); });
    std::ranges::for_each(after, [&](const ReportedResult& result) { new_files.insert(result.file); });
    std::map<std::string, std::string> matched;
    for (const std::string& file : new_files) {
        if (old_files.contains(file)) {
            matched.emplace(file, file);
        }
    }
    const auto old_names = files_by_name(before);
    for (const auto& [name, files] : files_by_name(after)) {
        const auto old = old_names.find(name);
        if (old == old_names.end() || files.size() != 1 || old->second.size() != 1) {
            continue;
        }
        if (const std::string& old_file = *old->second.begin(); !new_files.contains(old_file)) {
            matched.emplace(*files.begin(), old_file);  // keeps a match by file
        }
    }
    return matched;
}

void check_rows(const std::vector<std::string>& rows, const Results& before, const Results& after) {
    const auto has = [](const Results& results, const std::string& name) {
        return std::ranges::any_of(results, [&](const ReportedResult& result) { return find_row(result.rows, name) != nullptr; });
    };
    for (const std::string& row : rows) {
        if (!has(before, row) && !has(after, row)) {
            std::vector<std::string> known;
            for (const ReportedRow& other : before.empty() ? Rows{} : before.front().rows) {
                known.push_back(other.name);
            }
            throw Error(ErrorKind::usage, "--methods", fmt::format("'{}' is in neither report", one_line(row)),
                        "the first result has " + one_line(join(known, ", ")));
        }
    }
}

std::string number_text(const ReportedNumber& number) {
    constexpr int kDigits = 6;
    return std::isfinite(number.value) || !number.is_finite() ? decimal_up(number.value, kDigits)
                                                              : fmt::format("inf (log10 {})", decimal_up(number.log10, kDigits));
}

/// Why a row breaches, or nothing.
std::string breach_of(const RowChange& row, double max_percent) {
    if (!row.before || !row.before->is_certified()) {  // a reached error is not, either
        return {};
    }
    if (!row.after) {
        return fmt::format("vanished, was {}", number_text(*row.before));
    }
    if (!row.after->is_certified()) {
        return "is conditional, was certified";
    }
    // Nothing exceeds a bound that was infinite: it promised nothing.
    if (within(*row.before, *row.after, max_percent)) {
        return {};
    }
    return fmt::format("{} exceeds {} by more than {}%", number_text(*row.after), number_text(*row.before), shortest(max_percent));
}

/// Whether the new report has a finite certified bound in `row`, so that the gate says something.
bool can_be_evaluated(const RowChange& row) {
    return row.after && row.after->is_certified() && row.after->is_finite();
}

}  // namespace

bool ReportedNumber::is_finite() const noexcept {
    return std::isfinite(value) || std::isfinite(log10);
}

Comparison compare(const std::vector<ReportedResult>& before, const std::vector<ReportedResult>& after,
                   const std::vector<std::string>& rows) {
    check_rows(rows, before, after);
    const auto models = match_models(before, after);
    // Results of `after` by the file that their model has in `before`.
    std::map<std::pair<std::string, std::string>, const ReportedResult*> candidates;
    for (const ReportedResult& result : after) {
        if (const auto model = models.find(result.file); model != models.end()) {
            candidates.emplace(std::pair(model->second, result.identity), &result);
        }
    }
    Comparison comparison{.results = {}, .rows = rows};
    std::set<const ReportedResult*> used;
    for (const ReportedResult& result : before) {
        const auto found = candidates.find({result.file, result.identity});
        const ReportedResult* const partner = found == candidates.end() ? nullptr : found->second;
        used.insert(partner);
        comparison.results.push_back(change_of(&result, partner, rows));
    }
    for (const ReportedResult& result : after) {
        if (!used.contains(&result)) {
            comparison.results.push_back(change_of(nullptr, &result, rows));
        }
    }
    return comparison;
}

std::vector<std::string> regressions(const Comparison& comparison, double max_percent) {
    const std::vector<std::string> required =
        comparison.rows.empty() ? std::vector<std::string>{std::string(kBestRow)} : comparison.rows;
    std::vector<std::string> breaches;
    for (const ResultChange& result : comparison.results) {
        const std::string place =
            fmt::format("{}: {}", result.file_after ? *result.file_after : *result.file_before, result.setting);
        if (result.change != Change::same) {
            breaches.push_back(fmt::format("{}, input in {}: is not in the {} report", place, result.input_box,
                                           result.change == Change::appeared ? "base" : "new"));
            continue;
        }
        std::set<std::string> said;
        for (const RowChange& row : result.rows) {
            if (const std::string breach = breach_of(row, max_percent); !breach.empty()) {
                breaches.push_back(fmt::format("{}: {} {}", place, row.name, breach));
                said.insert(row.name);
            }
        }
        for (const std::string& name : required) {
            const auto row = std::ranges::find(result.rows, name, &RowChange::name);
            if ((row == result.rows.end() || !can_be_evaluated(*row)) && said.insert(name).second) {
                breaches.push_back(fmt::format("{}: {} cannot be gated: no finite certified bound in the new report", place, name));
            }
        }
    }
    if (comparison.results.empty()) {
        breaches.emplace_back("there is nothing to compare");
    }
    return breaches;
}

}  // namespace qbound
