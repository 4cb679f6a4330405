// SPDX-License-Identifier: Apache-2.0
#include "qbound/compare.hpp"

#include "compare_support.hpp"
#include "qbound/error.hpp"
#include "support/catch.hpp"
#include "support/exact.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace qbound;
using namespace qbound::test;

namespace {

using Lines = std::vector<std::string>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The gate on two reports of a result each.
Lines gate(const ResultText& base, const ResultText& current, double percent = 5, const Lines& rows = {}) {
    return regressions(compare(parsed({base}), parsed({current}), rows), percent);
}

/// A result of some bounds and no best one.
ResultText without_best(std::vector<RowText> bounds) {
    return {.bounds = std::move(bounds), .more = {}};
}

/// The only row of the comparison of two results of one bound, asked for by name.
RowChange change(const RowText& base, const RowText& current) {
    const auto comparison = compare(parsed({without_best({base})}), parsed({without_best({current})}));
    REQUIRE(comparison.results.size() == 1);
    REQUIRE(comparison.results[0].rows.size() == 1);
    return comparison.results[0].rows[0];
}

/// Whether the gate lets a bound grow from `base` to `current`.
bool passes(double base, double current, double percent) {
    ReportedNumber before{.value = base, .log10 = std::log10(base), .guarantee = "certified", .method = "m"};
    ReportedNumber after = before;
    after.value = current;
    Comparison comparison;
    comparison.results.push_back({.name = "n",
                                  .file_before = "f",
                                  .file_after = "f",
                                  .setting = "8 bits",
                                  .input_box = "b",
                                  .change = Change::same,
                                  .rows = {{.name = "best", .before = before, .after = after, .percent = {}, .decades = {}}}});
    return regressions(comparison, percent).empty();
}

}  // namespace

TEST_CASE("compare: looser, tighter and same are exact") {
    const RowChange looser = change({"m", "100"}, {"m", "104"});
    CHECK(looser.change == Change::looser);
    CHECK(*looser.percent == Approx(4));
    CHECK(*looser.decades == Approx(std::log10(1.04)));
    CHECK(looser.guarantee == GuaranteeChange::none);
    CHECK(change({"m", "1"}, {"m", "1.0000000000000002"}).change == Change::looser);
    const RowChange tighter = change({"m", "4"}, {"m", "1"});
    CHECK(tighter.change == Change::tighter);
    CHECK(*tighter.percent == -75);
    const RowChange same = change({"m", "0.1"}, {"m", "0.10000000000000000555"});
    CHECK(same.change == Change::same);
    CHECK(*same.percent == 0);
    CHECK(*same.decades == 0);
}

TEST_CASE("compare: zero, infinity and what is beyond the range of double") {
    CHECK(change({"m", "0"}, {"m", "0"}).change == Change::same);
    CHECK(*change({"m", "0"}, {"m", "0"}).percent == 0);
    const RowChange from_zero = change({"m", "0"}, {"m", "1"});
    CHECK(from_zero.change == Change::looser);
    CHECK(*from_zero.percent == kInfinity);
    CHECK(*from_zero.decades == kInfinity);
    const RowText lost{"m", "\"inf\"", "certified", "\"inf\""};
    CHECK(change(lost, lost).change == Change::same);
    CHECK_FALSE(change(lost, lost).percent);
    CHECK_FALSE(change(lost, lost).decades);
    CHECK(change(lost, {"m", "1"}).change == Change::tighter);
    CHECK(*change(lost, {"m", "1"}).decades == -kInfinity);
    CHECK(change({"m", "1"}, lost).change == Change::looser);
    const RowText huge{"m", "\"inf\"", "certified", "1500"};
    const RowText huger{"m", "\"inf\"", "certified", "1502"};
    CHECK(change(huge, huger).change == Change::looser);
    CHECK(*change(huge, huger).decades == 2);
    CHECK_FALSE(change(huge, huger).percent);
    CHECK(change(huge, {"m", "1e300"}).change == Change::tighter);
    CHECK(change(huge, lost).change == Change::looser);
}

TEST_CASE("compare: a guarantee changes apart from the value") {
    const RowChange weaker = change({"m", "2"}, {"m", "1", "conditional"});
    CHECK(weaker.change == Change::tighter);
    CHECK(weaker.guarantee == GuaranteeChange::weaker);
    CHECK(change({"m", "2", "conditional"}, {"m", "3"}).guarantee == GuaranteeChange::stronger);
    CHECK(change({"m", "2", "conditional"}, {"m", "3", "conditional"}).guarantee == GuaranteeChange::none);
}

TEST_CASE("compare: rows appear and vanish; best and reached come last") {
    ResultText base = one_bound("2", "a");
    base.bounds.push_back({"b", "3"});
    ResultText current = one_bound("2", "a");
    current.bounds.push_back({"c", "1"});
    current.more = R"(, "measured": {"value": 0.5, "log10": -0.3, "guarantee": "measured"})";
    const auto rows = compare(parsed({base}), parsed({current})).results.at(0).rows;
    Lines names;
    std::vector<Change> changes;
    for (const RowChange& row : rows) {
        names.push_back(row.name);
        changes.push_back(row.change);
    }
    CHECK(names == Lines{"a", "b", "c", "best", "reached"});
    CHECK(changes == std::vector{Change::same, Change::vanished, Change::appeared, Change::same, Change::appeared});
    CHECK_FALSE(rows[1].percent);
    CHECK_FALSE(rows[1].after);
    CHECK_FALSE(rows[2].before);
}

TEST_CASE("compare: results are matched by quantizer, whatever their order") {
    const auto with = [](ResultText result, const std::string& bits, const std::string& quantizer) {
        result.bits = bits;
        result.quantizer = quantizer;
        return result;
    };
    const std::string even = R"({"rounding": "round", "ties": "even", "eta": 0.5})";
    const std::string away = R"({"rounding": "round", "ties": "away", "eta": 0.5})";
    const std::string even_reordered = R"({"eta": 0.5, "ties": "even", "rounding": "round"})";
    const auto base = parsed({with(one_bound("1"), "8", even), with(one_bound("2"), "4", even), with(one_bound("3"), "8", away)});
    const auto current =
        parsed({with(one_bound("3"), "8", away), with(one_bound("1"), "8", even_reordered), with(one_bound("2"), "4", even)});
    const auto comparison = compare(base, current);
    REQUIRE(comparison.results.size() == 3);
    for (const ResultChange& result : comparison.results) {
        CHECK(result.change == Change::same);
        CHECK(result.rows.at(0).change == Change::same);
    }
    CHECK(regressions(comparison, 0).empty());
    // Only the ties differ: two results that have nothing to do with each other.
    const auto other = compare(parsed({with(one_bound("1"), "8", even)}), parsed({with(one_bound("1"), "8", away)}));
    REQUIRE(other.results.size() == 2);
    CHECK(other.results[0].change == Change::vanished);
    CHECK(other.results[1].change == Change::appeared);
    CHECK(regressions(other, 1000) == Lines{"net.json: 8 bits, eta 0.5, input in [0, 1]: is not in the new report",
                                            "net.json: 8 bits, eta 0.5, ties away, input in [0, 1]: is not in the base report"});
}

TEST_CASE("compare: another input box is another question") {
    const auto comparison = compare(parsed({one_bound("2")}), parsed({one_bound("1")}, {.box = "[0, 0.5]"}));
    REQUIRE(comparison.results.size() == 2);
    CHECK(regressions(comparison, 5) == Lines{"net.json: 8 bits, input in [0, 1]: is not in the new report",
                                              "net.json: 8 bits, input in [0, 0.5]: is not in the base report"});
}

TEST_CASE("compare: models are matched by file, else by a name that one on each side has") {
    const auto matched = [](const ModelText& base, const ModelText& current) {
        return compare(parsed({one_bound("1")}, base), parsed({one_bound("1")}, current)).results.size() == 1;
    };
    CHECK(matched({.file = "a.json", .name = "x"}, {.file = "a.json", .name = "y"}));
    CHECK(matched({.file = "a.json", .name = "x"}, {.file = "b.json", .name = "x"}));
    CHECK_FALSE(matched({.file = "a.json", .name = "x"}, {.file = "b.json", .name = "y"}));

    const auto several = [](const std::vector<ModelText>& models) {
        std::string lines;
        for (const ModelText& model : models) {
            lines += report_text({one_bound("1")}, model) + '\n';
        }
        return parse_reports(lines);
    };
    // Two models of one name: none is matched by it.
    const auto twice = compare(several({{"a", "x"}}), several({{"b", "x"}, {"c", "x"}}));
    CHECK(twice.results.size() == 3);
    // The file comes first: b is b, although a has its name.
    const auto crossed = compare(several({{"a", "x"}, {"b", "y"}}), several({{"b", "x"}}));
    REQUIRE(crossed.results.size() == 2);
    CHECK(crossed.results[0].change == Change::vanished);
    CHECK(crossed.results[1].file_before == "b");
    CHECK(crossed.results[1].file_after == "b");
    const auto renamed = compare(several({{"a", "x"}}), several({{"b", "x"}}));
    CHECK(renamed.results.at(0).file_before == "a");
    CHECK(renamed.results.at(0).file_after == "b");
    // A file that stayed is not given away by its name.
    const auto kept = compare(several({{"a", "x"}}), several({{"b", "x"}, {"a", "z"}}));
    REQUIRE(kept.results.size() == 2);
    CHECK(kept.results[0].file_after == "a");
    CHECK(kept.results[1].change == Change::appeared);
}

TEST_CASE("compare: only some rows") {
    ResultText result = one_bound("2", "a");
    result.bounds.push_back({"b", "3"});
    const auto comparison = compare(parsed({result}), parsed({result}), {"best", "b"});
    REQUIRE(comparison.results.at(0).rows.size() == 2);
    CHECK(comparison.results[0].rows[0].name == "b");
    CHECK_THROWS_WITH(compare(parsed({result}), parsed({result}), {"c"}),
                      "--methods: 'c' is in neither report; hint: the first result has a, b, best");
}

TEST_CASE("gate: what passes") {
    CHECK(gate(one_bound("100"), one_bound("100"), 0).empty());
    CHECK(gate(one_bound("100"), one_bound("99"), 0).empty());
    CHECK(gate(one_bound("100"), one_bound("104")).empty());
    CHECK(gate(one_bound("0"), one_bound("0"), 0).empty());
    // A method more is no regression, nor is a conditional bound whatever becomes of it.
    ResultText more = one_bound("100");
    more.bounds.push_back({"other", "1e6"});
    CHECK(gate(one_bound("100"), more).empty());
    ResultText conditional = one_bound("100");
    conditional.bounds.push_back({"other", "1", "conditional"});
    CHECK(gate(conditional, one_bound("100")).empty());
    CHECK(gate(conditional, more).empty());  // stronger
    ResultText looser = conditional;
    looser.bounds.back().value = "2";
    CHECK(gate(conditional, looser).empty());
    // No best bound before, one now.
    CHECK(gate(without_best({{"joint", "\"inf\"", "certified", "\"inf\""}}), one_bound("100"), 0).empty());
    // Beyond the range of double the logarithms decide.
    const auto huge = [](const std::string& log10) {
        const RowText row{"joint", "\"inf\"", "certified", log10};
        return ResultText{.bounds = {row}, .best = best_text(row), .more = {}};
    };
    CHECK(gate(huge("1500"), huge("1500"), 0).empty());
    CHECK(gate(huge("1500"), huge("1500.02"), 5).empty());
    CHECK(gate(huge("1500"), huge("1500.022"), 5).size() == 2);
    CHECK(gate(huge("1500"), huge("1500.0000001"), 0).size() == 2);
    CHECK(gate(huge("1500"), one_bound("1e300"), 0).empty());
    CHECK(gate(one_bound("1e300"), huge("1500"), 5).size() == 2);
    CHECK(gate(huge("1500"), huge("\"inf\""), 1e300).size() == 2);
}

TEST_CASE("gate: what breaches") {
    CHECK(gate(one_bound("100"), one_bound("106")) == Lines{"net.json: 8 bits: joint 106 exceeds 100 by more than 5%",
                                                            "net.json: 8 bits: best 106 exceeds 100 by more than 5%"});
    CHECK(gate(one_bound("0"), one_bound("1e-300"), 1e300).size() == 2);
    // Not the best bound alone.
    ResultText base = one_bound("1", "a");
    base.bounds.push_back({"b", "100"});
    ResultText current = base;
    current.bounds.back().value = "200";
    CHECK(gate(base, current) == Lines{"net.json: 8 bits: b 200 exceeds 100 by more than 5%"});
    CHECK(gate(base, current, 5, {"a", "best"}).empty());
    CHECK(gate(base, one_bound("1", "a")) == Lines{"net.json: 8 bits: b vanished, was 100"});
    current.bounds.back() = {"b", "1", "conditional"};
    CHECK(gate(base, current) == Lines{"net.json: 8 bits: b is conditional, was certified"});
    current.bounds.back() = {"b", "\"inf\"", "certified", "\"inf\""};
    CHECK(gate(base, current) == Lines{"net.json: 8 bits: b inf exceeds 100 by more than 5%"});
}

TEST_CASE("gate: what cannot be evaluated fails") {
    const ResultText none = without_best({{"joint", "5", "conditional"}});
    const std::string no_best = "net.json: 8 bits: best cannot be gated: no finite certified bound in the new report";
    CHECK(gate(none, none) == Lines{no_best});
    CHECK(gate(one_bound("5"), none) ==
          Lines{"net.json: 8 bits: joint is conditional, was certified", "net.json: 8 bits: best vanished, was 5"});
    const RowText lost{"joint", "\"inf\"", "certified", "\"inf\""};
    const ResultText infinite{.bounds = {lost}, .best = best_text(lost), .more = {}};
    CHECK(gate(infinite, infinite) == Lines{no_best});
    CHECK(gate(none, infinite) == Lines{no_best});
    CHECK(gate(one_bound("5"), infinite).size() == 2);
    // Rows asked for by name.
    ResultText two = one_bound("1", "a");
    two.bounds.push_back({"b", "3", "conditional"});
    CHECK(gate(two, two).empty());
    CHECK(gate(two, two, 5, {"b"}) == Lines{"net.json: 8 bits: b cannot be gated: no finite certified bound in the new report"});
    two.more = R"(, "measured": {"value": 0.5, "log10": -0.3, "guarantee": "measured"})";
    CHECK(gate(two, two, 5, {"reached"}).size() == 1);
    ResultText larger = two;
    larger.more = R"(, "measured": {"value": 0.9, "log10": -0.1, "guarantee": "measured"})";
    CHECK(gate(two, larger, 0).empty());
    CHECK(gate(two, one_bound("1", "a")).empty());
    // Models and results.
    const auto a = parsed({one_bound("1")}, {.file = "a", .name = "a"});
    const auto b = parsed({one_bound("1")}, {.file = "b", .name = "b"});
    CHECK(regressions(compare(a, b), 5).size() == 2);
    ResultText four = one_bound("1");
    four.bits = "4";
    CHECK(regressions(compare(parsed({one_bound("1")}), parsed({one_bound("1"), four})), 5) ==
          Lines{"net.json: 4 bits, input in [0, 1]: is not in the base report"});
    CHECK(regressions(compare(parsed({one_bound("1"), four}), parsed({one_bound("1")})), 5) ==
          Lines{"net.json: 4 bits, input in [0, 1]: is not in the new report"});
    CHECK(regressions(compare({}, {}), 5) == Lines{"there is nothing to compare"});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_FALSE(passes(1, nan, 5));
    CHECK_FALSE(passes(nan, 1, 5));
    CHECK_FALSE(passes(1, 2, nan));
}

TEST_CASE("gate: no number above the limit passes, in exact arithmetic") {
    CHECK(passes(100, 105, 5));
    CHECK_FALSE(passes(100, std::nextafter(105.0, 200.0), 5));
    CHECK(passes(1e-320, 1e-320, 0));
    CHECK_FALSE(passes(5e-324, 1e-323, 99));
    CHECK(passes(5e-324, 1e-323, 100));
    CHECK(passes(1e308, 1.04e308, 5));
    CHECK_FALSE(passes(1e308, 1.06e308, 5));
    CHECK_FALSE(passes(1, std::nextafter(1.0, 2.0), 0));
    CHECK_FALSE(passes(1, 1e308, 1e300));
    std::mt19937_64 engine(5);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::size_t above = 0;
    for (int i = 0; i < 20000; ++i) {
        const double base = std::ldexp(1 + uniform(engine), static_cast<int>(engine() % 2000) - 1040);
        const double percent = std::ldexp(uniform(engine), static_cast<int>(engine() % 20) - 10);
        // Within a few units in the last place of the limit.
        double current = base * (1 + percent / 100);
        for (std::uint64_t steps = engine() % 4; steps > 0; --steps) {
            current = std::nextafter(current, engine() % 2 == 0 ? kInfinity : 0.0);
        }
        const Rational limit = exact(base) * (100 + exact(percent));
        const bool over = exact(current) * 100 > limit;
        above += over ? 1 : 0;
        CAPTURE(base, current, percent);
        if (over) {
            REQUIRE_FALSE(passes(base, current, percent));
        } else if (exact(current) * 100 * (1 + exact(0x1p-51)) <= limit) {
            REQUIRE(passes(base, current, percent));
        }
    }
    CHECK(above > 5000);
    CHECK(above < 15000);
}
