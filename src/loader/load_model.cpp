// SPDX-License-Identifier: Apache-2.0
#include "loader/endpoints.hpp"
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

bool looks_like_gzip(Bytes file) {
    return as_text(file).starts_with("\x1F\x8B");
}

/// Protobuf fields of ONNX's ModelProto, one after the other as far as the bytes go, with a graph or a version among them.
bool looks_like_onnx(Bytes file) {
    constexpr unsigned kVarint = 0;
    constexpr unsigned kLengthDelimited = 2;
    constexpr std::uint64_t kGraph = 7;
    std::size_t at = 0;
    const auto varint = [&](std::uint64_t& value) {
        value = 0;
        for (unsigned shift = 0; shift < 64 && at < file.size(); shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(file[at++]);
            value |= (byte & 0x7FU) << shift;
            if (byte < 0x80U) {
                return true;
            }
        }
        return false;
    };
    bool telling = false;
    std::uint64_t tag = 0;
    std::uint64_t value = 0;
    while (at < file.size() && varint(tag)) {
        const std::uint64_t field = tag >> 3U;
        const unsigned wire = tag & 7U;
        const bool number = field == 1 || field == 5;
        const bool known = number || (field >= 2 && field <= 8) || field == 14 || field == 20 || field == 25 || field == 26;
        if (!known || wire != (number ? kVarint : kLengthDelimited)) {
            return false;
        }
        telling = telling || field == 1 || field == kGraph;
        if (!varint(value)) {
            return telling;
        }
        if (wire == kLengthDelimited) {
            if (value > file.size() - at) {
                return telling;
            }
            at += static_cast<std::size_t>(value);
        }
    }
    return telling;
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

Model refuse_gzip(Bytes /*file*/, const FileSource& /*beside*/, const LoadOptions& /*options*/) {
    fail_unsupported("", "the file is compressed by gzip", "gunzip first");
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
    Format{"gzip", looks_like_gzip, refuse_gzip},
    Format{"onnx", looks_like_onnx, read_onnx_model},
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
            Model model = format.read(file, beside, options);
            internal::choose_endpoints(model, options);
            return model;
        }
    }
    internal::fail_malformed("",
                             "the file is in no format that qbound reads (it begins with bytes" + internal::first_bytes(file) + ")",
                             "network manifest, layer list or weight dump in JSON, NPZ, or safetensors");
}

}  // namespace qbound
