// SPDX-License-Identifier: Apache-2.0
#include "loader/topology.hpp"

#include "loader/json_tensor.hpp"
#include "loader/text.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace qbound {
namespace internal {
namespace {

bool fits(const Shape& shape, const Shape& expected) {
    return std::ranges::equal(shape, expected, [](std::int64_t have, std::int64_t want) { return want < 0 || have == want; });
}

/// "'a', 'b' and 3 more"
class NameList {
  public:
    void add(std::string item) {
        constexpr std::size_t kShown = 3;
        if (++count_ <= kShown) {
            text_ += (text_.empty() ? "" : ", ") + std::move(item);
        }
        more_ = count_ > kShown ? count_ - kShown : 0;
    }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::string text() const { return more_ == 0 ? text_ : text_ + " and " + std::to_string(more_) + " more"; }

  private:
    std::string text_;
    std::size_t count_ = 0;
    std::size_t more_ = 0;
};

/// A topology has no files beside it, except where the caller says so.
class NoFiles final : public FileSource {
  public:
    [[nodiscard]] OwnedBytes read(std::string_view relative) const override {
        fail_malformed(std::string(relative), "there are no files beside the topology");
    }
    [[nodiscard]] std::vector<std::string> list() const override { return {}; }
};

Topology parse(Bytes file, const FileSource& beside) {
    JsonValue document = read_json(file);
    auto* object = document.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed("", "the JSON document is " + std::string(kind_of(document)) + ", not an object");
    }
    return read_topology(*object, beside);
}

Topology parse(const ShippedTopology& shipped) {
    return parse(std::as_bytes(std::span(shipped.text)), NoFiles());
}

const ShippedTopology* find_shipped(std::string_view name) noexcept {
    const auto all = shipped_topologies();
    const auto found = std::ranges::find(all, name, &ShippedTopology::name);
    return found != all.end() ? &*found : nullptr;
}

/// The topology's own input, or one of the shape that the user gives, with as many axes and channels: the box is kept.
void set_input(Model& graph, const Shape& shape) {
    ModelInput& input = graph.inputs.front();
    const Shape batched = with_batch(shape, "--input-shape");
    const Shape own(input.shape.begin() + 1, input.shape.end());
    if (batched.size() != input.shape.size() || batched[1] != input.shape[1]) {
        throw Error(ErrorKind::usage, "--input-shape",
                    to_string(shape) + " does not fit the topology's input " + to_string(own) + ", which has " +
                        std::to_string(own.size()) + " dimensions and " + std::to_string(own.front()) + " channels");
    }
    for (TensorPtr* side : {&input.lower, &input.upper}) {
        if (*side != nullptr && (*side)->shape.size() > 1 && batched != input.shape) {
            input.lower = input.upper = nullptr;  // given entry by entry, for the other shape
            graph.notes.emplace_back("the topology's input box is for its own input shape, and left out");
            break;
        }
    }
    input.shape = batched;
}

void set_epsilon(Model& graph, const LoadOptions& options) {
    std::set<std::string> values;
    for (ModelNode& node : graph.nodes) {
        if (node.op != "BatchNormalization") {
            continue;
        }
        if (options.bn_epsilon) {
            node.attributes.insert_or_assign("epsilon", *options.bn_epsilon);
        }
        const auto epsilon = node.attributes.find("epsilon");
        const auto* value = epsilon != node.attributes.end() ? std::get_if<double>(&epsilon->second) : nullptr;
        values.insert(value != nullptr ? short_decimal(*value) : "ONNX's default");
    }
    if (!values.empty()) {
        std::string text;
        for (const std::string& value : values) {
            text += (text.empty() ? "" : ", ") + value;
        }
        graph.notes.push_back("epsilon of BatchNormalization: " + text +
                              (options.bn_epsilon ? ", from --bn-eps" : ", from the topology (--bn-eps replaces it)"));
    }
}

/// The graph with the tensors, which fit.
Model fill(Topology topology, NamedTensors& tensors, std::string_view format, const LoadOptions& options) {
    Model model = std::move(topology.graph);
    model.format = format;
    model.name.clear();  // the file's name tells one dump from another
    for (const auto& [name, tensor] : model.tensors) {
        model.supplied.insert(name);
    }
    for (auto& [name, tensor] : tensors) {
        topology.tensors.erase(name);
        model.tensors.emplace(std::move(name), std::move(tensor));
    }
    NameList filled;
    for (const auto& [name, expected] : topology.tensors) {
        const auto size = static_cast<std::size_t>(checked_size(expected.shape, "tensor " + in_quotes(name)));
        model.tensors.emplace(name,
                              std::make_shared<const Tensor>(Tensor{expected.shape, std::vector<double>(size, *expected.fill)}));
        model.supplied.insert(name);
        filled.add(in_quotes(name));
    }
    if (!filled.empty()) {
        model.notes.push_back("not in the file, filled by the topology: " + filled.text());
    }
    if (options.input_shape) {
        set_input(model, *options.input_shape);
    }
    set_epsilon(model, options);
    if (!options.order.empty()) {
        model.notes.emplace_back("--order is for dumps without a topology");
    }
    return model;
}

std::string box_note(bool shipped) {
    return std::string("input box, unless given: the topology's") +
           (shipped ? ", pixels in [0, 1] after ImageNet's normalisation" : "");
}

Model given(const TopologySource& source, NamedTensors& tensors, std::string_view format, const LoadOptions& options) {
    const ShippedTopology* shipped = source.file.bytes.empty() ? find_shipped(source.name) : nullptr;
    if (source.file.bytes.empty() && shipped == nullptr) {
        throw Error(ErrorKind::usage, "--topology", "no topology is named " + in_quotes(source.name));
    }
    Topology topology;
    try {
        static const NoFiles kNone;
        topology =
            shipped != nullptr ? parse(*shipped) : parse(source.file.bytes, source.beside != nullptr ? *source.beside : kNone);
    } catch (const Error& error) {
        throw error.within("topology " + in_quotes(source.name));
    }
    if (const std::string text = difference(topology, tensors); !text.empty()) {
        fail_malformed("", "the tensors do not fit topology " + in_quotes(source.name) + ": " + text,
                       "`qbound inspect --manifest` writes a topology of the file's own names");
    }
    Model model = fill(std::move(topology), tensors, format, options);
    model.notes.insert(model.notes.begin(), "topology: " + source.name + ", given");
    if (model.inputs.front().lower != nullptr) {
        model.notes.push_back(box_note(shipped != nullptr));
    }
    return model;
}

/// Cheap, and true for every topology that fits: the names of the first and last tensor stand in the text.
bool may_fit(const ShippedTopology& shipped, const NamedTensors& tensors) {
    const auto names = [&](const std::string& name) { return shipped.text.find('"' + name + '"') != std::string_view::npos; };
    return !tensors.empty() && names(tensors.front().first) && names(tensors.back().first);
}

std::optional<Model> recognise(NamedTensors& tensors, std::string_view format, const LoadOptions& options) {
    for (const ShippedTopology& shipped : shipped_topologies()) {
        if (!may_fit(shipped, tensors)) {
            continue;
        }
        Topology topology = parse(shipped);
        if (!difference(topology, tensors).empty()) {
            continue;
        }
        Model model = fill(std::move(topology), tensors, format, options);
        model.notes.insert(model.notes.begin(), "topology: " + std::string(shipped.name) + ", recognised");
        model.notes.emplace_back("strides and dilations are torchvision's; with others give --topology FILE");
        model.notes.push_back(box_note(true));
        return model;
    }
    return std::nullopt;
}

}  // namespace

std::string difference(const Topology& topology, const NamedTensors& tensors) {
    std::set<std::string_view> present;
    NameList missing;
    NameList unknown;
    NameList misshaped;
    for (const auto& [name, tensor] : tensors) {
        present.insert(name);
        const auto expected = topology.tensors.find(name);
        if (expected == topology.tensors.end()) {
            unknown.add(in_quotes(name));
        } else if (!fits(tensor->shape, expected->second.shape)) {
            misshaped.add(in_quotes(name) + " is " + to_string(tensor->shape) + ", not " + to_string(expected->second.shape));
        }
    }
    for (const auto& [name, expected] : topology.tensors) {
        if (!expected.fill && !present.contains(name)) {
            missing.add(in_quotes(name));
        }
    }
    std::string text;
    const auto append = [&text](const std::string& what, const NameList& names) {
        if (!names.empty()) {
            text += (text.empty() ? "" : "; ") + what + names.text();
        }
    };
    append("missing ", missing);
    append("unknown ", unknown);
    append("", misshaped);
    return text;
}

std::optional<Model> match_topology(NamedTensors& tensors, std::string_view format, const LoadOptions& options) {
    if (options.topology) {
        return given(*options.topology, tensors, format, options);
    }
    return options.order.empty() ? recognise(tensors, format, options) : std::nullopt;
}

}  // namespace internal

std::vector<std::string> topology_names() {
    std::vector<std::string> names;
    for (const internal::ShippedTopology& shipped : internal::shipped_topologies()) {
        names.emplace_back(shipped.name);
    }
    return names;
}

}  // namespace qbound
