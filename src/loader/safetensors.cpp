// SPDX-License-Identifier: Apache-2.0
#include "loader/element_types.hpp"
#include "loader/json_fields.hpp"
#include "loader/readers.hpp"
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace qbound::internal {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::string_view kMetadata = "__metadata__";

struct NamedType {
    std::string_view name;
    StoredType type;
};

constexpr std::array<NamedType, 13> kTypes{{{"F64", StoredType::float64},
                                            {"F32", StoredType::float32},
                                            {"F16", StoredType::float16},
                                            {"BF16", StoredType::bfloat16},
                                            {"I64", StoredType::int64},
                                            {"I32", StoredType::int32},
                                            {"I16", StoredType::int16},
                                            {"I8", StoredType::int8},
                                            {"U64", StoredType::uint64},
                                            {"U32", StoredType::uint32},
                                            {"U16", StoredType::uint16},
                                            {"U8", StoredType::uint8},
                                            {"BOOL", StoredType::boolean}}};

// What the format has besides.
constexpr std::array<std::string_view, 9> kOtherTypes{"F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ",
                                                      "F6_E2M3", "F6_E3M2", "F4",      "C64"};

/// What the header says of one tensor; its bytes are [begin, end) of the data.
struct Entry {
    std::string name;
    StoredType type = StoredType::float32;
    Shape shape;
    std::size_t begin = 0;
    std::size_t end = 0;

    [[nodiscard]] std::string place() const { return "tensor " + in_quotes(name); }
};

std::uint64_t header_length(Bytes file) noexcept {
    return load_bits<std::uint64_t>(file.data(), false);
}

StoredType element_type(Fields& fields) {
    const std::optional<std::string> dtype = fields.text("dtype");
    if (!dtype) {
        (void)fields.need("dtype");
    }
    const auto known = std::ranges::find(kTypes, std::string_view(*dtype), &NamedType::name);
    if (known != kTypes.end()) {
        return known->type;
    }
    if (std::ranges::find(kOtherTypes, std::string_view(*dtype)) != kOtherTypes.end()) {
        fail_unsupported(fields.place(), "dtype " + *dtype + " is not supported", "save it as F32, F16 or BF16");
    }
    fields.fail("dtype", "is " + in_quotes(*dtype) + ", which is no type of safetensors");
}

Entry read_entry(JsonMember& member, std::size_t data_bytes) {
    Entry entry;
    entry.name = std::move(member.key);
    auto* object = member.value.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed(entry.place(), "the header has " + std::string(kind_of(member.value)) + " for it, not an object");
    }
    Fields fields(*object, entry.place());
    entry.type = element_type(fields);
    const std::optional<Shape> shape = fields.integers("shape");
    if (!shape) {
        (void)fields.need("shape");
    }
    entry.shape = *shape;
    const auto offsets = fields.integers("data_offsets");
    if (!offsets) {
        (void)fields.need("data_offsets");
    }
    fields.finish();
    if (offsets->size() != 2 || (*offsets)[0] < 0 || (*offsets)[1] < (*offsets)[0]) {
        fields.fail("data_offsets", "is not a begin and an end");
    }
    if (std::cmp_greater((*offsets)[1], data_bytes)) {
        fields.fail("data_offsets",
                    "ends at byte " + std::to_string((*offsets)[1]) + " of data of " + std::to_string(data_bytes) + " bytes");
    }
    entry.begin = static_cast<std::size_t>((*offsets)[0]);
    entry.end = static_cast<std::size_t>((*offsets)[1]);
    const auto count = static_cast<std::size_t>(checked_size(entry.shape, fields.place()));
    const std::size_t expected = count * bytes_of(entry.type);  // at most 2^40 · 8
    if (entry.end - entry.begin != expected) {
        fields.fail("data_offsets", "spans " + std::to_string(entry.end - entry.begin) + " bytes where shape " +
                                        to_string(entry.shape) + " takes " + std::to_string(expected));
    }
    return entry;
}

/// Two tensors in one place would let a small file fill the memory.
void require_disjoint(const std::vector<Entry>& entries) {
    std::vector<const Entry*> by_begin;
    for (const Entry& entry : entries) {
        if (entry.begin < entry.end) {
            by_begin.push_back(&entry);
        }
    }
    std::ranges::sort(by_begin, {}, &Entry::begin);
    const auto overlap = std::ranges::adjacent_find(by_begin, [](const Entry* a, const Entry* b) { return b->begin < a->end; });
    if (overlap != by_begin.end()) {
        fail_malformed((*overlap)->place(), "its data overlap those of tensor " + in_quotes((*std::next(overlap))->name));
    }
}

}  // namespace

bool looks_like_safetensors(Bytes file) noexcept {
    if (file.size() <= kLengthBytes) {
        return false;
    }
    const char first = std::to_integer<char>(file[kLengthBytes]);
    const std::uint64_t length = header_length(file);
    // A length beyond the file is an error that the reader names, unless the eight bytes are text or begin another format.
    const bool plausible = length <= file.size() - kLengthBytes;
    const bool cut_or_wrong = file[kLengthBytes - 2] == std::byte{0} && file[kLengthBytes - 3] == std::byte{0};
    return (plausible && (first == '{' || first == '[')) || (cut_or_wrong && first == '{');
}

Model read_safetensors(Bytes file, const FileSource& /*beside*/, const LoadOptions& options) {
    const std::uint64_t length = header_length(file);
    if (length > file.size() - kLengthBytes) {
        fail_malformed("",
                       "safetensors header of " + std::to_string(length) + " bytes in a file of " + std::to_string(file.size()));
    }
    JsonValue header;
    try {
        header = read_json(file.subspan(kLengthBytes, static_cast<std::size_t>(length)));
    } catch (const Error& error) {
        throw error.within("safetensors header");
    }
    auto* object = header.get_if<JsonValue::Object>();
    if (object == nullptr) {
        fail_malformed("safetensors header", "it is " + std::string(kind_of(header)) + ", not an object");
    }
    const Bytes data = file.subspan(kLengthBytes + static_cast<std::size_t>(length));
    std::vector<Entry> entries;
    for (JsonMember& member : *object) {
        if (member.key != kMetadata) {
            entries.push_back(read_entry(member, data.size()));
        }
    }
    if (entries.empty()) {
        fail_malformed("", "safetensors file without tensors");
    }
    require_disjoint(entries);

    NamedTensors tensors;
    for (Entry& entry : entries) {
        const Bytes items = data.subspan(entry.begin, entry.end - entry.begin);
        auto tensor = std::make_shared<Tensor>(Tensor{entry.shape, std::vector<double>(items.size() / bytes_of(entry.type))});
        decode_elements(entry.type, items, entry.place(), tensor->data);
        tensors.emplace_back(std::move(entry.name), std::move(tensor));
    }
    // Writers sort the header by type and name: its order says nothing of the network's.
    return model_of_tensors(std::move(tensors), StoredOrder::sorted_by_name, "safetensors", options);
}

}  // namespace qbound::internal
