// SPDX-License-Identifier: Apache-2.0
#include "loader/readers.hpp"
#include "loader/text.hpp"
#include "qbound/loader.hpp"

#include <algorithm>
#include <array>

namespace qbound {
namespace internal {
namespace {

std::string_view as_text(Bytes file) noexcept {
    return {reinterpret_cast<const char*>(file.data()), file.size()};
}

bool looks_like_npy(Bytes file) {
    return as_text(file).starts_with("\x93NUMPY");
}

/// A protobuf message that begins with field 1 (ir_version), a small number, and goes on with another field of ModelProto.
bool looks_like_onnx(Bytes file) {
    if (file.size() < 4 || file[0] != std::byte{0x08} || std::to_integer<unsigned>(file[1]) == 0 ||
        std::to_integer<unsigned>(file[1]) > 127) {
        return false;
    }
    constexpr std::string_view kNextTags{"\x12\x1a\x22\x28\x32\x3a\x42\x72"};
    return kNextTags.find(std::to_integer<char>(file[2])) != std::string_view::npos;
}

bool looks_like_json(Bytes file) {
    std::string_view text = as_text(file);
    constexpr std::string_view kByteOrderMark{"\xEF\xBB\xBF"};
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    return begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
}

Model refuse_npy(Bytes /*file*/, const FileSource& /*beside*/, const LoadOptions& /*options*/) {
    fail_malformed("", "one NPY array is not a network", "give the folder of .npy files, an NPZ archive or a manifest");
}

Model refuse_onnx(Bytes /*file*/, const FileSource& /*beside*/, const LoadOptions& /*options*/) {
    fail_unsupported("", "ONNX files are not supported", "describe the network in a manifest");
}

/// A file format: how to tell it, and its reader.
struct Format {
    std::string_view name;
    bool (*recognises)(Bytes file);
    Model (*read)(Bytes file, const FileSource& beside, const LoadOptions& options);
};

// The first format that recognises a file reads it. A new format is a row here and a reader.
constexpr std::array kFormats{
    Format{"npz", [](Bytes file) { return looks_like_zip(file); }, read_npz_model},
    Format{"npy", looks_like_npy, refuse_npy},
    Format{"safetensors", looks_like_safetensors, read_safetensors},
    Format{"json", looks_like_json, read_json_model},
    Format{"onnx", looks_like_onnx, refuse_onnx},
};

std::string first_bytes(Bytes file) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const std::byte byte : file.first(std::min<std::size_t>(file.size(), 4))) {
        const auto value = std::to_integer<std::size_t>(byte);
        text += ' ';
        text += kDigits[value / 16];
        text += kDigits[value % 16];
    }
    return text;
}

}  // namespace

Model read_json_model(Bytes file, const FileSource& beside, const LoadOptions& options) {
    JsonValue document = read_json(file);
    auto* object = document.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed("", "the JSON document is " + std::string(kind_of(document)) + ", not an object");
    }
    const auto has = [object](std::string_view key, auto accepts) {
        return std::ranges::any_of(*object, [&](JsonMember& member) { return member.key == key && accepts(member.value); });
    };
    const auto is_no_tensor = [](JsonValue& value) {
        return value.get_if<JsonValue::Object>() == nullptr && value.get_if<JsonValue::Array>() == nullptr;
    };
    const auto is_no_object = [](JsonValue& value) { return value.get_if<JsonValue::Object>() == nullptr; };
    if (has("format", is_no_tensor) || has("nodes", is_no_object)) {
        return read_manifest(*object, beside, options);
    }
    if (has("layers", is_no_object)) {
        return read_layer_list(*object, beside, options);
    }
    return read_weight_dump(*object, options);
}

}  // namespace internal

Model load_model(Bytes file, const FileSource& beside, const LoadOptions& options) {
    if (file.empty()) {
        internal::fail_malformed("", "the file is empty");
    }
    for (const internal::Format& format : internal::kFormats) {
        if (format.recognises(file)) {
            return format.read(file, beside, options);
        }
    }
    internal::fail_malformed("",
                             "the file is in no format that qbound reads (it begins with bytes" + internal::first_bytes(file) + ")",
                             "network manifest, layer list or weight dump in JSON, NPZ, or safetensors");
}

}  // namespace qbound
