// SPDX-License-Identifier: Apache-2.0
#include "cli/data_file.hpp"
#include "cli/options.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "qbound/rounding.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace qbound::internal {

namespace {

[[noreturn]] void fail(std::string option, std::string reason) {
    throw Error(ErrorKind::usage, std::move(option), std::move(reason));
}

/// The greatest double ≤ a + b. Knuth's error-free sum gives the rounding's sign exactly; an overflow stays infinite or is a NaN,
/// which the network's checks refuse.
double sum_down(double a, double b) {
    const double sum = a + b;
    const double b_part = sum - a;
    const double error = (a - (sum - b_part)) + (b - b_part);
    return error >= 0 ? sum : next_down(sum);
}

/// The tightest doubles around [x − r, x + r].
Interval around_point(double x, double r) {
    return {sum_down(x, -r), -sum_down(-x, -r)};
}

Tensor read_point(const std::string& path, const Shape& shape) {
    Samples samples = read_samples(path, shape);
    if (samples.count != 1) {
        throw Error(ErrorKind::malformed, path, fmt::format("holds {} inputs", samples.count), "--around takes one");
    }
    return std::move(samples.values);
}

}  // namespace

void BoxOptions::add_to(CLI::App& app) {
    const std::string group = "Input box";
    app.add_option("--input-range", input_range, "the inputs' range in place of the file's; repeat it for one per channel")
        ->type_name("LO,HI")
        ->allow_extra_args(false)
        ->group(group);
    add_text(app, "--around", around, "X.npy", "the box around this input, with --radius", group);
    add_text(app, "--radius", radius, "R", "half the width of the box of --around", group);
    add_text(app, "--clip", clip, "LO,HI", "cuts the box of --around to the range of all inputs", group);
}

void BoxOptions::check(bool around_data) const {
    if (!around.empty() && !input_range.empty()) {
        fail("--around", "excludes --input-range");
    }
    if (around.empty() && !around_data) {
        if (!radius.empty()) {
            fail("--radius", "goes with --around");
        }
        if (!clip.empty()) {
            fail("--clip", "goes with --around");
        }
    }
    if (!around.empty() && radius.empty()) {
        fail("--around", "goes with --radius");
    }
    for (const std::string& range : input_range) {
        static_cast<void>(parse_range(range, "--input-range"));
    }
    if (!radius.empty() && !(parse_number(radius, "--radius") >= 0)) {
        fail("--radius", "is negative");
    }
    if (!clip.empty()) {
        static_cast<void>(parse_range(clip, "--clip"));
    }
}

std::optional<Box> BoxOptions::box(const Shape& shape) const {
    Box result;
    if (!input_range.empty()) {
        for (const std::string& text : input_range) {
            const auto [lower, upper] = parse_range(text, "--input-range");
            result.lower.push_back(lower);
            result.upper.push_back(upper);
        }
        return result;
    }
    if (around.empty()) {
        return std::nullopt;
    }
    const Tensor point = read_point(around, shape);
    return box_around(point.data, around);
}

Box BoxOptions::box_around(std::span<const double> x, const std::string& place) const {
    const double r = radius.empty() ? 0 : parse_number(radius, "--radius");
    const auto limits = clip.empty() ? std::nullopt : std::optional(parse_range(clip, "--clip"));
    Box result;
    for (const double entry : x) {
        auto [lower, upper] = around_point(entry, r);
        if (limits) {
            lower = std::max(lower, limits->first);
            upper = std::min(upper, limits->second);
            // Written so that a NaN fails.
            if (!(lower <= upper)) {
                throw Error(ErrorKind::malformed, place, fmt::format("has an entry {} whose box lies outside --clip", entry));
            }
        }
        result.lower.push_back(lower);
        result.upper.push_back(upper);
    }
    return result;
}

}  // namespace qbound::internal
