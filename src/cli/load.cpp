// SPDX-License-Identifier: Apache-2.0
#include "cli/load.hpp"

#include "cli/command.hpp"
#include "cli/files.hpp"
#include "cli/sha256.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>
#include <utility>

namespace qbound::internal {

namespace {

std::string folder_digest(const FolderSource& folder) {
    std::string lines;
    for (const std::string& name : folder.list()) {
        lines += fmt::format("{}  {}\n", sha256(folder.read(name).bytes), name);
    }
    return sha256(std::as_bytes(std::span(lines)));
}

/// A command's name in a place where a model is expected was meant as the command.
void check_for_command(const std::string& path) {
    std::error_code ignored;
    if (find_command(path) != nullptr && !std::filesystem::exists(path, ignored)) {
        throw Error(ErrorKind::usage, "", fmt::format("no file '{}'", path),
                    fmt::format("commands come first: qbound {} ...", path));
    }
}

Model read_model(const std::string& path, const LoadRequest& request, std::string& digest) {
    if (is_folder(path)) {
        const FolderSource folder(path);
        if (request.sha256) {
            digest = folder_digest(folder);
        }
        return load_npy_folder(folder, request.load);
    }
    const OwnedBytes file = read_file(path);
    if (request.sha256) {
        digest = sha256(file.bytes);
    }
    return load_model(file.bytes, FolderSource(folder_of(path)), request.load);
}

Shape input_shape(const Model& model) {
    return model.inputs.empty() ? Shape{} : sample_shape(model.inputs.front().shape);
}

std::string stem(const std::string& path) {
    const std::filesystem::path name = std::filesystem::path(path).lexically_normal();
    return path == "-" ? "stdin" : (name.has_filename() ? name.stem() : name.parent_path().filename()).string();
}

}  // namespace

std::string display_name(const std::string& path) {
    return path == "-" ? "standard input" : path;
}

Model load_model_file(const std::string& path, const LoadOptions& options) {
    check_for_command(path);
    return with_file(display_name(path), [&] {
        std::string digest;
        Model model = read_model(path, {.load = options}, digest);
        if (model.name.empty()) {
            model.name = stem(path);
        }
        return model;
    });
}

LoadedNetwork load_network(const std::string& path, const LoadRequest& request) {
    check_for_command(path);
    return with_file(display_name(path), [&] {
        std::string digest;
        Model model = read_model(path, request, digest);
        if (model.name.empty()) {
            model.name = stem(path);
        }
        LowerOptions options;
        options.require_box = request.require_box;
        options.weights_only = request.weights_only;
        if (request.box != nullptr) {
            options.box = request.box->box(input_shape(model));
        }
        std::string format = model.format;
        // Moved: lowering then frees the file's tensors as it goes, so that no second copy of the weights is held.
        LoadedNetwork loaded{.lowered = lower(std::move(model), options),
                             .file = path,
                             .format = std::move(format),
                             .sha256 = std::move(digest),
                             .notes = {}};
        loaded.notes = loaded.lowered.notes;  // the reader's are among them
        return loaded;
    });
}

}  // namespace qbound::internal
