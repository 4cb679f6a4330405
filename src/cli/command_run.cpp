// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/data_file.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "core/parallel.hpp"
#include "qbound/error.hpp"
#include "qbound/loader.hpp"
#include "qbound/measure.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace qbound::internal {

namespace {

constexpr const char* kExamples = R"(
Examples:
  qbound run examples/lenet.json --data x.npy -o y.npy
  qbound run model.json --data x.npy --bits 4 -o y4.npy
)";

struct RunCommand {
    std::string model_path;
    std::string data;
    std::string output;
    ModelOptions model;
    QuantizerOptions quantizer;
    CommonOptions common;
};

/// θ, or θ' if a quantizer or a second network was asked for.
Parameters chosen_parameters(const RunCommand& command, const Network& network) {
    const auto quantizers = command.quantizer.quantizers();
    if (!command.quantizer.given()) {
        return parameters_of(network);
    }
    if (!command.quantizer.quantized.empty()) {
        const LoadedNetwork other =
            load_network(command.quantizer.quantized,
                         {.load = command.model.load_options(), .require_box = false, .weights_only = command.model.weights_only});
        return with_file(display_name(command.model_path),
                         [&] { return quantized_parameters_of(WeightPair(network, other.lowered.network)); });
    }
    return with_file(display_name(command.model_path),
                     [&] { return quantized_parameters_of(WeightPair(network, quantizers.front())); });
}

/// R(x) for every sample: several samples side by side, a single one with all threads. Either way each output is computed alike.
Tensor outputs(const Network& network, const Parameters& parameters, const Samples& samples, int threads) {
    Tensor result;
    result.shape = network.node(network.output()).shape;
    if (samples.stacked) {
        result.shape.insert(result.shape.begin(), samples.count);
    }
    result.data.resize(static_cast<std::size_t>(checked_size(result.shape, "output")));
    const auto size = result.data.size() / static_cast<std::size_t>(samples.count);
    const bool side_by_side = samples.count >= threads;
    parallel_for(samples.count, side_by_side ? threads : 1, [&](std::int64_t i) {
        const auto y = approx_evaluate(network, parameters, samples.sample(i), side_by_side ? 1 : threads);
        std::copy(y.begin(), y.end(), result.data.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * size));
    });
    return result;
}

}  // namespace

ExitCode run_run(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app("Evaluate a model in double precision; with --bits or --quantized, its quantized form.", "qbound run");
    RunCommand command;
    app.add_option("MODEL", command.model_path, "the model; - is standard input")->type_name("")->required();
    app.add_option("--data", command.data, "one input, or N of them stacked: NPY, or NPZ with one array or one called x")
        ->type_name("X.npy")
        ->required();
    app.add_option("-o,--output-file", command.output, "the outputs: NPY, float64; - is standard output")
        ->type_name("Y.npy")
        ->required();
    command.quantizer.add_to(app);
    command.model.add_to(app);
    command.common.add_to(app, console);
    app.footer(kExamples);
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    static_cast<void>(command.common.thread_count());
    if (command.quantizer.quantizers().size() > 1) {
        throw Error(ErrorKind::usage, "--bits", "run takes one bit width");
    }
    OutputFile file(command.output);
    const LoadedNetwork loaded =
        load_network(command.model_path,
                     {.load = command.model.load_options(), .require_box = false, .weights_only = command.model.weights_only});
    const Network& network = loaded.lowered.network;
    const Samples samples = read_samples(command.data, network.node(network.input()).shape);
    const Parameters parameters = chosen_parameters(command, network);
    const Tensor y = with_file(display_name(command.model_path),
                               [&] { return outputs(network, parameters, samples, command.common.thread_count()); });
    const std::vector<std::byte> bytes = write_npy(y);
    file.commit({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return ExitCode::done;
}

}  // namespace qbound::internal
