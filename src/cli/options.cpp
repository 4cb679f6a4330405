// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include "cli/bits_map.hpp"
#include "cli/files.hpp"
#include "cli/parse.hpp"
#include "core/parallel.hpp"
#include "qbound/error.hpp"
#include "qbound/reached.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

namespace qbound::internal {

namespace {

[[noreturn]] void fail(std::string option, std::string reason, std::string hint = {}) {
    throw Error(ErrorKind::usage, std::move(option), std::move(reason), std::move(hint));
}

/// A name that qbound knows, else a file.
TopologySource read_topology_source(const std::string& name) {
    const std::vector<std::string> names = topology_names();
    if (std::ranges::find(names, name) != names.end()) {
        return {.name = name, .file = {}, .beside = nullptr};
    }
    try {
        return {.name = name, .file = read_file(name), .beside = std::make_shared<FolderSource>(folder_of(name))};
    } catch (const Error& error) {
        throw Error(error.kind(), "--topology: " + name, error.reason(),
                    fmt::format("a file, or one of {}", fmt::join(names, ", ")));
    }
}

Rounding parse_rounding(std::string_view name) {
    return parse_word(name, "--rounding", {"round", "floor"}) == 0 ? Rounding::nearest : Rounding::floor;
}

}  // namespace

void add_text(CLI::App& app, const std::string& name, std::string& value, const std::string& placeholder, const std::string& help,
              const std::string& group) {
    // Such as from an unset variable of a shell: a gate without its threshold must not pass for no gate.
    const auto not_empty = [](const std::string& text) { return std::string(text.empty() ? "is empty" : ""); };
    app.add_option(name, value, help)->type_name(placeholder)->group(group)->check(not_empty);
}

void ModelOptions::add_to(CLI::App& app) {
    const std::string group = "Model";
    add_text(app, "--order", order, "NAME,...", "layers of a weight dump from input to output", group);
    app.add_option("--input-shape", input_shape, "shape of the input, without batch; NAME:1,C,H,W as ONNX has it (repeatable)")
        ->type_name("SHAPE")
        ->group(group)
        ->allow_extra_args(false);
    add_text(app, "--input", input, "NAME", "which of several inputs the box is for (ONNX)", group);
    add_text(app, "--output", output_value, "NAME", "which of several outputs to bound, or any value or node", group);
    add_text(app, "--bn-eps", bn_epsilon, "EPS", "epsilon of a weight dump's BatchNormalization [1e-5]", group);
    add_text(app, "--topology", topology, "FILE|NAME", "graph of a weight dump: a manifest without data, or a known name", group);
    app.add_flag("--weights-only", weights_only, "pass the quantization of activations through (ONNX)")->group(group);
}

LoadOptions ModelOptions::load_options() const {
    LoadOptions options;
    if (!order.empty()) {
        options.order = parse_names(order, "--order");
    }
    for (const std::string& text : input_shape) {
        const std::size_t colon = text.rfind(':');
        if (colon == std::string::npos) {
            options.input_shape = parse_shape(text, "--input-shape");
        } else {
            options.input_shapes[text.substr(0, colon)] = parse_shape(text.substr(colon + 1), "--input-shape");
        }
    }
    options.input = input;
    options.output = output_value;
    if (!bn_epsilon.empty()) {
        options.bn_epsilon = parse_number(bn_epsilon, "--bn-eps");
        if (!(*options.bn_epsilon >= 0)) {
            fail("--bn-eps", "is negative");
        }
    }
    if (!topology.empty()) {
        options.topology = read_topology_source(topology);
    }
    return options;
}

void QuantizerOptions::add_to(CLI::App& app, bool rule_only) {
    const std::string group = "Quantizer";
    if (!rule_only) {
        add_text(app, "--bits", bits, "LIST", "bit widths: 8, or 2,4,8, or 2..8 [8]", group);
    }
    add_text(app, "--rounding", rounding, "round|floor", "to the nearest step, or down [round]", group);
    add_text(app, "--ties", ties, "even|away", "halfway cases of round [even]", group);
    add_text(app, "--granularity", granularity, "tensor|channel|network", "what shares one step [tensor]", group);
    app.add_flag("--asymmetric", asymmetric, "a grid with a zero point")->group(group);
    if (!rule_only) {
        add_text(app, "--eta", eta, "STEP", "this step for all weights, without clipping, in place of bits", group);
    }
    app.add_flag("--quantize-biases", quantize_biases, "quantize biases too")->group(group);
    if (!rule_only) {
        add_text(app, "--bits-map", bits_map, "FILE", "JSON object {\"layer\": bits} for layers that differ", group);
        add_text(app, "--quantized", quantized, "MODEL", "take the quantized network from this file instead", group);
    }
}

Quantizer QuantizerOptions::rule() const {
    return rule(parse_rounding(rounding));
}

Quantizer QuantizerOptions::rule(Rounding one) const {
    Quantizer rule;
    rule.rounding = one;
    rule.ties = parse_word(ties, "--ties", {"even", "away"}) == 0 ? Ties::even : Ties::away;
    constexpr Granularity kGranularities[] = {Granularity::tensor, Granularity::channel, Granularity::network};
    rule.granularity = kGranularities[parse_word(granularity, "--granularity", {"tensor", "channel", "network"})];
    rule.symmetric = !asymmetric;
    rule.quantize_biases = quantize_biases;
    return rule;
}

bool QuantizerOptions::given() const {
    return !bits.empty() || !eta.empty() || !quantized.empty();
}

std::vector<Quantizer> QuantizerOptions::quantizers(bool several_roundings) const {
    std::vector<Rounding> roundings;
    for (const std::string& name : several_roundings ? parse_names(rounding, "--rounding") : std::vector{rounding}) {
        roundings.push_back(parse_rounding(name));
    }
    Quantizer common = rule(roundings.front());
    if (!quantized.empty()) {
        if (!bits.empty() || !eta.empty() || !bits_map.empty() || asymmetric || quantize_biases) {
            fail("--quantized", "excludes the options of a quantizer", "the file says what the quantized weights are");
        }
        return {};
    }
    if (!eta.empty()) {
        if (!bits.empty() || !bits_map.empty() || asymmetric) {
            fail("--eta", "excludes --bits, --bits-map and --asymmetric", "a given step has no bit width");
        }
        common.eta = parse_number(eta, "--eta");
        if (!(*common.eta > 0)) {
            fail("--eta", "is not positive");
        }
        std::vector<Quantizer> all;
        for (const Rounding one : roundings) {
            all.push_back(common);
            all.back().rounding = one;
        }
        return all;
    }
    if (!bits_map.empty()) {
        common.bits_by_layer = read_bits_map(bits_map);
    }
    std::vector<Quantizer> all;
    for (const int b : bits.empty() ? std::vector<int>{common.bits} : parse_bits(bits, "--bits")) {
        for (const Rounding one : roundings) {
            all.push_back(common);
            all.back().bits = b;
            all.back().rounding = one;
        }
    }
    return all;
}

void SearchOptions::add_to(CLI::App& app) {
    const std::string group = "Search";
    add_text(app, "--budget", budget, "SECONDS|N", "how long to search: 30s, or 4000 evaluations [about a minute's]", group);
    add_text(app, "--seed", seed, "N", "random numbers of the search; same seed, same result [1]", group);
}

namespace {

constexpr int kMaxEvaluations = 2'000'000'000;

/// The seconds of "30s"; nothing for a number of evaluations.
std::optional<double> seconds_of(const std::string& budget) {
    if (!budget.ends_with('s')) {
        return std::nullopt;
    }
    const double seconds = parse_number(std::string_view(budget).substr(0, budget.size() - 1), "--budget");
    if (!(seconds > 0)) {
        fail("--budget", "is not positive");
    }
    return seconds;
}

}  // namespace

void SearchOptions::check() const {
    static_cast<void>(parse_count(seed, "--seed", kMaxEvaluations));
    if (!budget.empty() && !seconds_of(budget)) {
        static_cast<void>(parse_count(budget, "--budget", kMaxEvaluations));
    }
}

AttackOptions SearchOptions::attack_options(const Network& network, int threads) const {
    using Clock = std::chrono::steady_clock;
    AttackOptions options;
    options.seed = static_cast<std::uint64_t>(parse_count(seed, "--seed", kMaxEvaluations));
    options.threads = threads;
    const std::optional<double> seconds = seconds_of(budget);
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds.value_or(0)));
    options.evaluations = seconds ? std::numeric_limits<std::int64_t>::max()
                          : budget.empty() ? default_evaluations(network)
                                           : parse_count(budget, "--budget", kMaxEvaluations);
    if (seconds) {
        options.stop = [end] { return Clock::now() >= end; };
    }
    return options;
}

void CommonOptions::add_to(CLI::App& app, Console& console) {
    add_text(app, "--threads", threads, "N", "threads to use; results do not depend on it [all]", "General");
    add_quiet(app, console);
}

void CommonOptions::add_quiet(CLI::App& app, Console& console) {
    const std::string group = "General";
    app.add_flag_callback(
           "-q,--quiet",
           [this, &console] {
               quiet = true;
               console.set_quiet(true);
           },
           "nothing on standard error but errors; tables without their header")
        ->group(group);
    app.set_help_flag("-h,--help", "this text")->group(group);
}

int CommonOptions::thread_count() const {
    constexpr int kMostThreads = 1024;
    return threads.empty() ? default_threads() : parse_count(threads, "--threads", kMostThreads);
}

CLI::Option* add_models(CLI::App& app, std::vector<std::string>& models) {
    return app
        .add_option("MODEL", models,
                    "network manifest, layer list, weight dump (JSON, NPZ, safetensors, folder of NPY); - is standard input")
        ->type_name("")
        ->required();
}

}  // namespace qbound::internal
