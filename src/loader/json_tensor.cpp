// SPDX-License-Identifier: Apache-2.0
#include "loader/json_tensor.hpp"

#include "loader/json_fields.hpp"
#include "loader/text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace qbound::internal {
namespace {

/// The files beside a model are reached by plain relative names only; the FileSource checks links.
void require_relative(std::string_view path, const std::string& place) {
    const auto refuse = [&](const std::string& reason) {
        fail_malformed(place, "npy path " + in_quotes(path) + " " + reason,
                       "paths are relative to the model file and stay in its folder");
    };
    if (path.empty()) {
        refuse("is empty");
    }
    if (path.front() == '/') {
        refuse("is absolute");
    }
    if (path.find('\\') != std::string_view::npos) {
        refuse("has a backslash");
    }
    if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
        refuse("has a control character");
    }
    for (std::string_view rest = path; !rest.empty();) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view part = rest.substr(0, end);
        if (part == "..") {
            refuse("leaves the folder of the model file");
        }
        if (part.empty() || end + 1 == rest.size()) {
            refuse("has an empty component");
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

TensorPtr read_file(const std::string& path, const std::string& place, const FileSource& beside) {
    require_relative(path, place);
    try {
        const OwnedBytes file = beside.read(path);
        return std::make_shared<const Tensor>(read_npy(file.bytes, path));
    } catch (const Error& error) {
        throw error.within(place);
    }
}

TensorPtr read_shape_and_data(Fields& fields) {
    JsonValue* found = fields.take("data");
    if (found == nullptr) {
        fail_malformed(fields.place(), "field 'data' is missing", "a manifest of shapes alone is for --topology");
    }
    JsonValue& data = *found;
    const std::optional<Shape> shape = fields.integers("shape");
    if (!shape) {
        (void)fields.need("shape");
    }
    auto* array = data.get_if<JsonValue::Array>();
    if (array == nullptr) {
        fields.fail("data", "is " + std::string(kind_of(data)) + ", not an array of numbers");
    }
    const std::int64_t size = checked_size(*shape, fields.place());
    if ((*array)->size() != size) {
        fail_malformed(fields.place(), "shape " + to_string(*shape) + " takes " + std::to_string(size) + " entries, data have " +
                                           std::to_string((*array)->size()));
    }
    (*array)->shape = *shape;  // the tree is the only owner so far
    return *array;
}

TensorPtr read_any(JsonValue& value, const std::string& place, const FileSource& beside) {
    if (const auto* number = value.get_if<double>()) {
        return std::make_shared<const Tensor>(Tensor{{}, {*number}});
    }
    if (auto* array = value.get_if<JsonValue::Array>()) {
        return *array;
    }
    auto* object = value.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed(
            place, "a tensor is " + std::string(kind_of(value)) + ", not an array, {\"npy\": …} or {\"shape\": …, \"data\": …}");
    }
    Fields fields(*object, place);
    const std::optional<std::string> path = fields.text("npy");
    TensorPtr tensor = path ? read_file(*path, place, beside) : read_shape_and_data(fields);
    fields.finish();
    return tensor;
}

/// `bound` must be one number, one per channel, or one per entry.
TensorPtr read_box_side(Fields& input, std::string_view side, const Shape& shape, const FileSource& beside) {
    JsonValue* value = input.take(side);
    if (value == nullptr) {
        return nullptr;
    }
    const std::string place = join_place(input.place(), side);
    TensorPtr bound = read_tensor(*value, place, beside);
    if (bound->shape != Shape{} && bound->shape != Shape{shape.front()} && bound->shape != shape) {
        fail_malformed(place, "shape " + to_string(bound->shape) + " is neither one number, nor one per channel (" +
                                  std::to_string(shape.front()) + "), nor the input's shape " + to_string(shape));
    }
    return bound;
}

}  // namespace

void require_weights(const Tensor& tensor, std::string_view place) {
    if (tensor.data.empty()) {
        fail_malformed(std::string(place), "the tensor is empty (shape " + to_string(tensor.shape) + ")");
    }
    const auto bad = std::ranges::find_if_not(tensor.data, [](double entry) { return std::isfinite(entry); });
    if (bad != tensor.data.end()) {
        fail_malformed(std::string(place),
                       "entry " + std::to_string(bad - tensor.data.begin()) + " is " + (std::isnan(*bad) ? "NaN" : "infinite"));
    }
}

TensorPtr read_tensor(JsonValue& value, std::string_view place, const FileSource& beside) {
    TensorPtr tensor = read_any(value, std::string(place), beside);
    require_weights(*tensor, place);
    return tensor;
}

Shape with_batch(const Shape& shape, std::string_view place) {
    if (shape.empty() || std::ranges::any_of(shape, [](std::int64_t extent) { return extent < 1; })) {
        fail_malformed(std::string(place), "input shape " + to_string(shape) + " is not a list of positive extents");
    }
    (void)checked_size(shape, place);
    Shape batched{1};
    batched.insert(batched.end(), shape.begin(), shape.end());
    return batched;
}

ModelInput read_input(JsonValue& value, const FileSource& beside) {
    auto* object = value.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed("input", "it is " + std::string(kind_of(value)) + ", not an object");
    }
    Fields fields(*object, "input");
    ModelInput input;
    input.name = fields.text("name").value_or("input");
    if (input.name.empty()) {
        fields.fail("name", "is empty");
    }
    fields.rename("input " + in_quotes(input.name));
    const std::optional<Shape> shape = fields.integers("shape");
    if (!shape) {
        (void)fields.need("shape");
    }
    input.shape = with_batch(*shape, fields.place());
    input.lower = read_box_side(fields, "lower", *shape, beside);
    input.upper = read_box_side(fields, "upper", *shape, beside);
    if ((input.lower == nullptr) != (input.upper == nullptr)) {
        (void)fields.need(input.lower == nullptr ? "lower" : "upper");
    }
    fields.finish();
    return input;
}

}  // namespace qbound::internal
