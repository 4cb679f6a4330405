// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/console.hpp"
#include "cli/load.hpp"
#include "cli/options.hpp"
#include "cli/output_file.hpp"
#include "cli/output_folder.hpp"
#include "cli/parse.hpp"
#include "network/input_box.hpp"
#include "qbound/error.hpp"
#include "qbound/lower.hpp"
#include "qbound/writer.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>

namespace qbound::internal {

namespace {

constexpr const char* kExamples = R"(
Examples:
  qbound convert examples/lenet.json -o lenet.onnx
  qbound convert model.onnx --input-range 0,1 -o model.json    (and model/NAME.npy)
)";

enum class Target { manifest, onnx };

struct ConvertCommand {
    std::string model_path;
    std::string output;
    std::string to;
    std::string dtype;
    ModelOptions model;
    BoxOptions box;
    CommonOptions common;
};

Target target_of(const ConvertCommand& command) {
    Target target = Target::manifest;
    if (!command.to.empty()) {
        target = parse_word(command.to, "--to", {"manifest", "onnx"}) == 0 ? Target::manifest : Target::onnx;
    } else if (const auto extension = std::filesystem::path(command.output).extension(); extension == ".onnx") {
        target = Target::onnx;
    } else if (extension != ".json") {
        throw Error(ErrorKind::usage, "--output-file", fmt::format("'{}' ends neither in .json nor in .onnx", command.output),
                    "--to manifest or --to onnx says which is meant");
    }
    if (target == Target::manifest && command.output == "-") {
        throw Error(ErrorKind::usage, "--output-file", "a manifest is several files, which standard output cannot take",
                    "give a file's name, or --to onnx");
    }
    if (target == Target::manifest && !command.dtype.empty()) {
        throw Error(ErrorKind::usage, "--dtype", "is for ONNX", "a manifest has every number exactly");
    }
    return target;
}

RealType real_type(const ConvertCommand& command) {
    const bool wide = !command.dtype.empty() && parse_word(command.dtype, "--dtype", {"float32", "float64"}) == 1;
    return wide ? RealType::float64 : RealType::float32;
}

/// The folder of a manifest's tensors: beside it, called like it without its ending.
std::filesystem::path tensor_folder(const std::string& output) {
    const std::filesystem::path file(output);
    std::string name = safe_file_name(file.stem().string());
    if (name == file.filename()) {
        name += "-tensors";
    }
    return file.parent_path() / name;
}

void write_manifest_files(const Model& model, OutputFile& file, OutputFolder& folder, const std::string& folder_name) {
    const ManifestFiles written = write_manifest(model, folder_name);
    for (const TensorFile& tensor : written.tensors) {
        folder.add(tensor.path.substr(folder_name.size() + 1), write_npy(*tensor.tensor, tensor.type));
    }
    folder.commit();
    file.commit(written.json);
    folder.keep();
}

void write_onnx_file(const Model& model, const Node& output, RealType type, OutputFile& file, Console& console) {
    Shape shape = output.shape;
    shape.insert(shape.begin(), 1);
    const OnnxFile written = write_onnx(model, shape, type);
    file.commit(written.bytes);
    if (written.rounded > 0) {
        console.notice(
            type == RealType::float32
                ? fmt::format("{} numbers were rounded to float32; --dtype float64 keeps them", written.rounded)
                : fmt::format("{} attributes were rounded to float32, which is all that ONNX has for them", written.rounded));
    }
    console.notice("ONNX has no place for the input box; give it with --input-range when the file is read");
}

void notice_what_was_done(const LoadedNetwork& loaded, Target target, Console& console) {
    for (const std::string& note : loaded.notes) {
        if (note != kAssumedBoxNote) {
            console.notice(note);
        }
    }
    if (loaded.lowered.assumed_box && target == Target::manifest) {
        console.notice("the model has no input box, and so the manifest has none; --input-range gives it one");
    }
    if (loaded.lowered.assumed_chain) {
        console.notice("the chain of layers was assumed, which the written file no longer says");
    }
}

}  // namespace

ExitCode run_convert(const std::vector<std::string>& arguments, Console& console) {
    CLI::App app(
        "Write the network as it was understood, after folding: as a network manifest with a folder of NPY files beside it, or as "
        "plain "
        "ONNX.",
        "qbound convert");
    ConvertCommand command;
    app.add_option("MODEL", command.model_path, "the model; - is standard input")->type_name("")->required();
    app.add_option("-o,--output-file", command.output, "the file; its ending says which format; - is standard output (ONNX)")
        ->type_name("FILE")
        ->required();
    add_text(app, "--to", command.to, "manifest|onnx", "the format, whatever the file's ending", "Output");
    add_text(app, "--dtype", command.dtype, "float32|float64", "ONNX: the type of all real values [float32]", "Output");
    command.box.add_to(app);
    command.model.add_to(app);
    command.common.add_to(app, console);
    app.footer(kExamples);
    if (!parse_arguments(app, arguments, console)) {
        return ExitCode::done;
    }
    const Target target = target_of(command);
    const RealType type = real_type(command);
    command.box.check();
    OutputFile file(command.output);
    std::optional<OutputFolder> folder;
    const std::filesystem::path folder_path = tensor_folder(command.output);
    if (target == Target::manifest) {
        folder.emplace(folder_path);
    }
    const LoadedNetwork loaded = load_network(command.model_path, {.load = command.model.load_options(),
                                                                   .box = &command.box,
                                                                   .require_box = false,
                                                                   .weights_only = command.model.weights_only});
    const Network& network = loaded.lowered.network;
    with_file(display_name(command.model_path), [&] {
        Model model = to_model(network);
        if (target == Target::onnx) {
            write_onnx_file(model, network.node(network.output()), type, file, console);
            return;
        }
        if (loaded.lowered.assumed_box) {
            model.inputs.front().lower = nullptr;
            model.inputs.front().upper = nullptr;
        }
        write_manifest_files(model, file, *folder, folder_path.filename().string());
    });
    notice_what_was_done(loaded, target, console);
    return ExitCode::done;
}

}  // namespace qbound::internal
