// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data_file.hpp"
#include "cli/each_model.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/output_options.hpp"
#include "cli/pairs.hpp"
#include "cli/parse.hpp"
#include "qbound/error.hpp"
#include "qbound/loader.hpp"
#include "qbound/measurement.hpp"
#include "report/measure_report.hpp"
#include "report/numbers.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <optional>

namespace qbound::internal {

namespace {

constexpr const char* kFooter = R"(
What is reached in the input box is a lower bound of the true error: "lower" where an enclosure at the
witness proves it, else "measured". Numbers about data are computed in double. "statistical" numbers hold
with the confidence stated if the inputs are independent draws. A gate that cannot be evaluated fails.

Examples:
  qbound measure examples/lenet.json --bits 8
  qbound measure model.json --bits 4 --budget 60s --save-witness x.npy
  qbound measure examples/lenet.json --bits 2..8 --rounding round,floor --data examples/mnist/x.npy --labels examples/mnist/y.npy
  qbound measure model.json --quantized int8.onnx --data x.npy --layers --top 10
  qbound measure model.json --bits 8 --data x.npy --margins --radius 0.01
  qbound measure model.json --bits 8 --data x.npy --labels y.npy --fail-accuracy-drop 0.5 --fail-disagreement 1

Exit status:
  0 done  1 a gate is breached  2 wrong usage  3 input unreadable or malformed, output not writable
  4 unsupported operator  5 internal error
)";

/// "0.5" or "0.5%": percent.
std::optional<double> percent_of(std::string_view text, const std::string& option) {
    if (text.empty()) {
        return std::nullopt;
    }
    if (text.ends_with('%')) {
        text.remove_suffix(1);
    }
    const double value = parse_number(text, option);
    if (!(value >= 0)) {
        throw Error(ErrorKind::usage, option, "is negative");
    }
    return value;
}

/// A number strictly between 0 and 1.
double share_of(const std::string& text, const std::string& option) {
    const double value = parse_number(text, option);
    if (!(value > 0 && value < 1)) {
        throw Error(ErrorKind::usage, option, fmt::format("'{}' is not between 0 and 1", text));
    }
    return value;
}

struct Gates {
    std::string accuracy_drop;
    std::string disagreement;

    void add_to(CLI::App& app) {
        add_text(app, "--fail-accuracy-drop", accuracy_drop, "P",
                 "exit 1 unless accuracy falls by at most P percentage points (needs --labels)", "Gates");
        add_text(app, "--fail-disagreement", disagreement, "P",
                 "exit 1 unless the class changes for at most P percent of the inputs (needs --data)", "Gates");
    }

    void check_usage(bool data, bool labels) const {
        if (percent_of(accuracy_drop, "--fail-accuracy-drop") && !labels) {
            throw Error(ErrorKind::usage, "--fail-accuracy-drop", "needs --labels");
        }
        if (percent_of(disagreement, "--fail-disagreement") && !data) {
            throw Error(ErrorKind::usage, "--fail-disagreement", "needs --data");
        }
    }

    [[nodiscard]] ExitCode check(const MeasureReport& report, Console& console) const {
        const auto most_drop = percent_of(accuracy_drop, "--fail-accuracy-drop");
        const auto most_changed = percent_of(disagreement, "--fail-disagreement");
        ExitCode code = ExitCode::done;
        for (const Measurement& one : report.results) {
            const auto breach = [&](const std::string& reason) {
                console.error(fmt::format("{}: {}: {}", display_name(report.model.file), quantizer_label(one.quantizer), reason));
                code = ExitCode::gate_breached;
            };
            const DataStatistics& data = *one.data;
            // Whole counts against a number of percent: comparing 100·part with P·count needs no division.
            const auto within = [&](std::int64_t part, double most) {
                return 100.0 * static_cast<double>(part) <= most * static_cast<double>(data.count);
            };
            if (most_drop) {
                const std::int64_t lost = *data.correct - *data.correct_quantized;
                if (!within(lost, *most_drop)) {
                    breach(fmt::format("accuracy falls from {} to {}, by more than {} points", percent(*data.correct, data.count),
                                       percent(*data.correct_quantized, data.count), shortest(*most_drop)));
                }
            }
            if (most_changed && data.classes.empty()) {
                breach("the output has no classes, so that --fail-disagreement cannot be evaluated");
            } else if (most_changed && !within(data.count - data.agreeing, *most_changed)) {
                breach(fmt::format("the class changes for {} of {} inputs ({}), more than {}%", data.count - data.agreeing, data.count,
                                   percent(data.count - data.agreeing, data.count), shortest(*most_changed)));
            }
        }
        return code;
    }
};

struct MeasureCommand {
    std::vector<std::string> models;
    ModelOptions model;
    BoxOptions box;
    QuantizerOptions quantizer;
    OutputOptions output;
    CommonOptions common;
    SearchOptions search;
    Gates gates;
    std::string data;
    std::string labels_file;
    std::string confidence = "0.95";
    std::string coverage = "0.95";
    std::string exceed;
    std::string save_witness;
    bool outputs = false;
    bool margins = false;

    void add_to(CLI::App& app, Console& console);
    /// Everything that can be wrong with the request is found before any work begins.
    void check(std::size_t quantizers) const;
    [[nodiscard]] MeasureReport report(const std::string& path, const std::vector<Quantizer>& quantizers,
                                       std::span<const std::int64_t> labels, bool sha256, Console& console) const;
};

void MeasureCommand::add_to(CLI::App& app, Console& console) {
    add_models(app, models);
    quantizer.add_to(app);
    search.add_to(app);
    add_text(app, "--save-witness", save_witness, "X.npy", "the input where the error is reached (one model, one bit width)", "Search");
    const std::string group = "Data";
    add_text(app, "--data", data, "X.npy", "inputs stacked along a first axis: NPY, or NPZ with one array or one called x", group);
    add_text(app, "--labels", labels_file, "Y.npy", "their classes: NPY, or NPZ with one array or one called y", group);
    add_text(app, "--confidence", confidence, "C", "of each statistical statement [0.95]", group);
    add_text(app, "--coverage", coverage, "S", "share of inputs below the statistical limit of the error [0.95]", group);
    add_text(app, "--exceed", exceed, "T", "bounds of the probability that the error exceeds T", group);
    app.add_flag("--margins", margins, "for how many inputs quantization provably cannot change the class, within --radius")
        ->group(group);
    app.add_flag("--outputs", outputs, "a table of the outputs; csv and tsv then have outputs in place of the rest")->group("Output");
    box.add_to(app);
    model.add_to(app);
    output.add_to(app, measured_numbers(),
                  "a table of the nodes, where the error arises (needs --data); csv and tsv then have nodes in place of the rest");
    gates.add_to(app);
    common.add_to(app, console);
    app.footer(kFooter);
}

void MeasureCommand::check(std::size_t quantizers) const {
    box.check(margins);
    static_cast<void>(model.load_options());
    static_cast<void>(common.thread_count());
    search.check();
    static_cast<void>(share_of(confidence, "--confidence"));
    static_cast<void>(share_of(coverage, "--coverage"));
    gates.check_usage(!data.empty(), !labels_file.empty());
    const auto needs_data = [&](bool asked, const char* option) {
        if (asked && data.empty()) {
            throw Error(ErrorKind::usage, option, "needs --data");
        }
    };
    needs_data(!labels_file.empty(), "--labels");
    needs_data(!exceed.empty(), "--exceed");
    needs_data(margins, "--margins");
    needs_data(outputs, "--outputs");
    needs_data(output.layers || !output.sort.empty() || !output.top.empty(), "--layers");
    if (!exceed.empty() && !(parse_number(exceed, "--exceed") >= 0)) {
        throw Error(ErrorKind::usage, "--exceed", "is negative");
    }
    if (!quantizer.quantized.empty() && models.size() > 1) {
        throw Error(ErrorKind::usage, "--quantized", "goes with one model");
    }
    if (!save_witness.empty() && (models.size() > 1 || quantizers > 1)) {
        throw Error(ErrorKind::usage, "--save-witness", "goes with one model and one quantizer");
    }
}

MeasureReport MeasureCommand::report(const std::string& path, const std::vector<Quantizer>& quantizers,
                                     std::span<const std::int64_t> labels, bool sha256, Console& console) const {
    console.progress(path + ": loading");
    const ModelPairs pairs(path, model, box, quantizer, quantizers, sha256);
    const Network& network = pairs.network();
    MeasureReport report;
    report.model = pairs.summary();
    for (const Node& node : network.nodes()) {
        report.node_names.push_back(node.name);
        report.node_ops.push_back(node.op);
    }
    MeasureOptions options;
    options.threads = common.thread_count();
    options.labels = labels;
    options.confidence = share_of(confidence, "--confidence");
    options.coverage = share_of(coverage, "--coverage");
    options.exceeded = exceed.empty() ? std::nullopt : std::optional(parse_number(exceed, "--exceed"));
    std::optional<Samples> samples;
    if (!data.empty()) {
        samples = read_samples(data, network.node(network.input()).shape);
        options.data = {samples->values.data, samples->count};
        report.data_file = data;
        report.outside = count_outside(network, options.data);
    }
    if (margins) {
        if (!has_classes(network)) {
            throw Error(ErrorKind::usage, "--margins", fmt::format("the output of {} is no vector of classes", display_name(path)));
        }
        for (std::int64_t i = 0; i < samples->count; ++i) {
            options.margins.push_back(box.box_around(samples->sample(i), data));
        }
        options.points = box.radius.empty() || parse_number(box.radius, "--radius") == 0;
    }
    pairs.for_each([&](const WeightPair& pair, const std::string& label) {
        console.progress(fmt::format("{}: {}: measuring", path, label));
        options.attack = search.attack_options(network, options.threads);
        report.results.push_back(measure(pair, options));
    });
    return report;
}

}  // namespace

ExitCode run_measure(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app(
        "The error that quantization really makes: searched for in the input box with proof, and on data with classes, accuracy, "
        "statistical limits and certified margins.",
        "qbound measure");
    MeasureCommand command;
    command.add_to(app, console);
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    const std::vector<Quantizer> quantizers = command.quantizer.quantizers(true);
    command.check(quantizers.size());
    std::optional<OutputFile> witness;
    if (!command.save_witness.empty()) {
        witness.emplace(command.save_witness);
    }
    std::vector<std::int64_t> labels;
    if (!command.labels_file.empty()) {
        labels = read_labels(command.labels_file);
    }
    ReportOutput output(command.output, {measured_numbers(), node_columns()}, command.models.size() > 1, command.common.quiet, console);
    const ExitCode code = for_each_model(
        command.models, console,
        [&](const std::string& path) { return command.report(path, quantizers, labels, output.wants_sha256(), console); },
        [&](const MeasureReport& report) {
            output.add(PrintableMeasure(report, command.outputs));
            if (witness) {
                const Tensor x{.shape = report.model.input_shape, .data = report.results.front().reached.witness.x};
                const std::vector<std::byte> bytes = write_npy(x);
                witness->commit({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
            }
            return command.gates.check(report, console);
        });
    output.finish();
    return code;
}

}  // namespace qbound::internal
