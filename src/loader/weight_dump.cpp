// SPDX-License-Identifier: Apache-2.0
#include "loader/weight_dump.hpp"

#include "loader/json_tensor.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"
#include "loader/topology.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace qbound {
namespace internal {
namespace {

// An archive may expand to this many times its size, and a fixed allowance for small ones.
constexpr std::size_t kMaxNpzExpansion = 20;
constexpr std::size_t kNpzAllowance = std::size_t{64} << 20;

/// Collects the tensors of a JSON object; objects inside join their names with a dot.
void flatten(JsonValue::Object& object, const std::string& prefix, NamedTensors& tensors) {
    for (JsonMember& member : object) {
        std::string name = prefix + member.key;
        if (auto* inner = member.value.get_if<JsonValue::Object>()) {
            flatten(*inner, name + ".", tensors);
        } else if (auto* array = member.value.get_if<JsonValue::Array>()) {
            tensors.emplace_back(std::move(name), std::move(*array));
        } else if (const auto* number = member.value.get_if<double>()) {
            tensors.emplace_back(std::move(name), std::make_shared<const Tensor>(Tensor{{}, {*number}}));
        } else {
            fail_malformed("field " + in_quotes(name),
                           "it is " + std::string(kind_of(member.value)) + "; a weight dump has tensors only");
        }
    }
}

/// Two layers or more whose names are all in byte order: then the order may come from sorting rather than from the network.
StoredOrder order_of(const NamedTensors& tensors) {
    return std::ranges::is_sorted(tensors, {}, [](const auto& entry) -> const std::string& { return entry.first; })
               ? StoredOrder::sorted_by_name
               : StoredOrder::as_written;
}

}  // namespace

namespace {

constexpr double kDefaultEpsilon = 1e-5;  // PyTorch's

Model chain_of_tensors(NamedTensors tensors, StoredOrder stored, std::string_view format, const LoadOptions& options) {
    Model model;
    model.format = format;
    model.assumed_chain = true;
    std::vector<DumpLayer> layers = group_layers(std::move(tensors));
    const std::optional<Shape> stated = stated_input(layers, options);
    order_layers(layers, stored, stated, options, model.notes);
    const Shape input = stated ? *stated : input_for(layers.front());
    model.inputs.push_back({"input", with_batch(input, "input"), nullptr, nullptr});
    model.notes.emplace_back("topology assumed: a chain with Relu between the layers, convolutions of stride 1 that keep the size");
    if (options.sketch && !stated && input.size() > 1) {
        model.notes.push_back("to mend: the input's shape is not known; " + to_string(input) + " stands for it");
    }
    emit_chain(layers, input, options.bn_epsilon.value_or(kDefaultEpsilon), options.sketch, model);
    if (std::ranges::any_of(layers, [](const DumpLayer& layer) { return layer.kind == DumpKind::normalization; })) {
        model.notes.push_back("epsilon of BatchNormalization: " + short_decimal(options.bn_epsilon.value_or(kDefaultEpsilon)) +
                              (options.bn_epsilon ? ", from --bn-eps" : ", assumed (--bn-eps replaces it)"));
    }
    return model;
}

}  // namespace

Model model_of_tensors(NamedTensors tensors, StoredOrder stored, std::string_view format, const LoadOptions& options) {
    if (options.bn_epsilon && (!(*options.bn_epsilon >= 0) || !std::isfinite(*options.bn_epsilon))) {
        throw Error(ErrorKind::usage, "--bn-eps", "the epsilon of BatchNormalization is a number from 0 on");
    }
    std::vector<std::string> notes;
    clean_names(tensors, notes);
    std::optional<Model> known = match_topology(tensors, format, options);
    Model model = known ? std::move(*known) : chain_of_tensors(std::move(tensors), stored, format, options);
    model.notes.insert(model.notes.begin(), std::make_move_iterator(notes.begin()), std::make_move_iterator(notes.end()));
    return model;
}

Model read_weight_dump(JsonValue::Object& document, const LoadOptions& options) {
    NamedTensors tensors;
    flatten(document, "", tensors);
    if (tensors.empty()) {
        fail_malformed("", "JSON object without tensors");
    }
    const StoredOrder stored = order_of(tensors);
    return model_of_tensors(std::move(tensors), stored, "weight-dump", options);
}

Model read_npz_model(Bytes file, const FileSource& /*beside*/, const LoadOptions& options) {
    NamedTensors tensors = read_npz(file, "", kNpzAllowance + kMaxNpzExpansion * file.size());
    if (tensors.empty()) {
        fail_malformed("", "NPZ archive without arrays");
    }
    const StoredOrder stored = order_of(tensors);
    return model_of_tensors(std::move(tensors), stored, "npz", options);
}

}  // namespace internal

Model load_npy_folder(const FileSource& folder, const LoadOptions& options) {
    internal::NamedTensors tensors;
    std::size_t others = 0;
    for (const std::string& file : folder.list()) {
        constexpr std::string_view kEnding = ".npy";
        if (!file.ends_with(kEnding) || file.size() == kEnding.size()) {
            ++others;
            continue;
        }
        const OwnedBytes content = folder.read(file);
        tensors.emplace_back(file.substr(0, file.size() - kEnding.size()),
                             std::make_shared<const Tensor>(read_npy(content.bytes, file)));
    }
    if (tensors.empty()) {
        internal::fail_malformed("", "the folder has no .npy file");
    }
    Model model = internal::model_of_tensors(std::move(tensors), internal::StoredOrder::sorted_by_name, "npy-folder", options);
    if (others != 0) {
        model.notes.push_back(std::to_string(others) + (others == 1 ? " file" : " files") +
                              " of the folder left out, not named .npy");
    }
    return model;
}

}  // namespace qbound
