// SPDX-License-Identifier: Apache-2.0
#include "loader/onnx_tensor.hpp"

#include "loader/element_types.hpp"
#include "loader/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace qbound::internal {
namespace {

/// ONNX's TensorProto.DataType.
struct DataType {
    int code;
    StoredType stored;
    ElementType type;
    int bits;
};

constexpr std::array<DataType, 15> kTypes{{{1, StoredType::float32, ElementType::real, 32},
                                           {2, StoredType::uint8, ElementType::uint8, 8},
                                           {3, StoredType::int8, ElementType::int8, 8},
                                           {4, StoredType::uint16, ElementType::uint16, 16},
                                           {5, StoredType::int16, ElementType::int16, 16},
                                           {6, StoredType::int32, ElementType::int32, 32},
                                           {7, StoredType::int64, ElementType::int64, 64},
                                           {9, StoredType::boolean, ElementType::boolean, 8},
                                           {10, StoredType::float16, ElementType::real, 16},
                                           {11, StoredType::float64, ElementType::real, 64},
                                           {12, StoredType::uint32, ElementType::uint32, 32},
                                           {13, StoredType::uint64, ElementType::uint64, 64},
                                           {16, StoredType::bfloat16, ElementType::real, 16},
                                           {21, StoredType::uint8, ElementType::uint4, 4},
                                           {22, StoredType::int8, ElementType::int4, 4}}};

constexpr std::array<std::pair<int, std::string_view>, 9> kOtherTypes{{{8, "string"},
                                                                       {14, "complex64"},
                                                                       {15, "complex128"},
                                                                       {17, "float8e4m3fn"},
                                                                       {18, "float8e4m3fnuz"},
                                                                       {19, "float8e5m2"},
                                                                       {20, "float8e5m2fnuz"},
                                                                       {23, "float4e2m1"},
                                                                       {24, "float8e8m0"}}};

const DataType& data_type(const onnx::TensorProto& proto, std::string_view place) {
    const auto* found = std::ranges::find(kTypes, proto.data_type(), &DataType::code);
    if (found != kTypes.end()) {
        return *found;
    }
    const auto* other = std::ranges::find(kOtherTypes, proto.data_type(), &std::pair<int, std::string_view>::first);
    if (other != kOtherTypes.end()) {
        fail_unsupported(std::string(place), "values of type " + std::string(other->second));
    }
    fail_malformed(std::string(place), "data type " + std::to_string(proto.data_type()) + " does not exist");
}

double signed_nibble(unsigned nibble) {
    return nibble < 8 ? static_cast<double>(nibble) : static_cast<double>(nibble) - 16;
}

/// A 64-bit integer, cut to ±2^62 where a double does not hold it.
template <class Integer>
double cut_integer(Integer value) {
    constexpr double kCut = 0x1p62;
    if (std::cmp_greater(value, kMaxExactInteger)) {
        return kCut;
    }
    return std::cmp_less(value, -kMaxExactInteger) ? -kCut : static_cast<double>(value);
}

/// Two entries a byte, the first in the low half.
void unpack_nibbles(Bytes bytes, bool is_signed, std::span<double> entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const unsigned nibble = std::to_integer<unsigned>(bytes[i / 2]) >> (i % 2 * 4) & 0xFU;
        entries[i] = is_signed ? signed_nibble(nibble) : static_cast<double>(nibble);
    }
}

void decode(const DataType& type, Bytes bytes, std::string_view place, std::span<double> entries) {
    if (type.bits == 4) {
        unpack_nibbles(bytes, type.type == ElementType::int4, entries);
    } else if (type.stored == StoredType::int64) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entries[i] = cut_integer(static_cast<std::int64_t>(load_bits<std::uint64_t>(bytes.data() + 8 * i, false)));
        }
    } else if (type.stored == StoredType::uint64) {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entries[i] = cut_integer(load_bits<std::uint64_t>(bytes.data() + 8 * i, false));
        }
    } else {
        decode_elements(type.stored, bytes, place, entries);
    }
}

[[noreturn]] void fail_count(std::string_view place, std::size_t given, const Shape& shape) {
    fail_malformed(std::string(place), std::to_string(given) + " values for shape " + to_string(shape));
}

/// What an integer type of fewer than 64 bits holds.
struct IntegerLimits {
    double least;
    double most;
};

IntegerLimits limits_of(ElementType type) {
    switch (type) {
        case ElementType::boolean:
            return {0, 1};
        case ElementType::int8:
            return {-128, 127};
        case ElementType::uint8:
            return {0, 255};
        case ElementType::int16:
            return {-32768, 32767};
        case ElementType::uint16:
            return {0, 65535};
        case ElementType::uint32:
            return {0, 4294967295.0};
        default:
            return {-0x1p62, 0x1p62};
    }
}

/// Error{malformed} at `place` for an integer that its type does not hold.
void check_limits(std::span<const double> entries, ElementType type, std::string_view place) {
    const IntegerLimits limits = limits_of(type);
    const auto bad = std::ranges::find_if(entries, [&](double v) { return v < limits.least || v > limits.most; });
    if (bad != entries.end()) {
        fail_malformed(std::string(place),
                       "the value " + std::to_string(static_cast<std::int64_t>(*bad)) + " does not fit its type");
    }
}

template <class Field, class Convert>
void copy_field(const Field& field, std::span<double> entries, const Shape& shape, std::string_view place, const Convert& convert) {
    if (static_cast<std::size_t>(field.size()) != entries.size()) {
        fail_count(place, static_cast<std::size_t>(field.size()), shape);
    }
    std::transform(field.begin(), field.end(), entries.begin(), convert);
}

/// The typed fields: which one holds a type is ONNX's rule.
void copy_typed(const onnx::TensorProto& proto, const DataType& type, const Shape& shape, std::string_view place,
                std::span<double> entries) {
    const auto plain = [](auto value) { return static_cast<double>(value); };
    switch (type.stored) {
        case StoredType::float32:
            return copy_field(proto.float_data(), entries, shape, place, plain);
        case StoredType::float64:
            return copy_field(proto.double_data(), entries, shape, place, plain);
        case StoredType::int64:
            return copy_field(proto.int64_data(), entries, shape, place, [](std::int64_t v) { return cut_integer(v); });
        case StoredType::uint64:
        case StoredType::uint32:
            copy_field(proto.uint64_data(), entries, shape, place, [](std::uint64_t v) { return cut_integer(v); });
            return check_limits(entries, type.type, place);
        case StoredType::float16:
            return copy_field(proto.int32_data(), entries, shape, place,
                              [](std::int32_t v) { return from_float16(static_cast<std::uint16_t>(v)); });
        case StoredType::bfloat16:
            return copy_field(proto.int32_data(), entries, shape, place,
                              [](std::int32_t v) { return from_bfloat16(static_cast<std::uint16_t>(v)); });
        default:
            break;
    }
    if (type.bits != 4) {
        copy_field(proto.int32_data(), entries, shape, place, plain);
        return check_limits(entries, type.type, place);
    }
    const std::size_t packed = (entries.size() + 1) / 2;
    if (static_cast<std::size_t>(proto.int32_data_size()) != packed) {
        fail_count(place, 2 * static_cast<std::size_t>(proto.int32_data_size()), shape);
    }
    std::vector<std::byte> bytes;
    for (const std::int32_t value : proto.int32_data()) {
        bytes.push_back(static_cast<std::byte>(value & 0xFF));
    }
    unpack_nibbles(bytes, type.type == ElementType::int4, entries);
}

/// Entries that the tensor's own fields hold at most, so that dims cannot ask for more memory than the file's size allows.
std::size_t held_entries(const onnx::TensorProto& proto, const DataType& type) {
    const std::size_t typed =
        static_cast<std::size_t>(std::max({proto.float_data_size(), proto.int32_data_size(), proto.int64_data_size(),
                                           proto.double_data_size(), proto.uint64_data_size()}));
    const std::size_t held = type.bits == 4 ? 2 * typed : typed;
    return std::max(held, proto.raw_data().size() * 8 / static_cast<std::size_t>(type.bits));
}

Shape shape_of(const google::protobuf::RepeatedField<std::int64_t>& dims) {
    return {dims.begin(), dims.end()};
}

}  // namespace

Bytes ExternalData::bytes(const onnx::TensorProto& tensor, std::size_t size, std::string_view place) {
    std::string location;
    std::size_t offset = 0;
    std::optional<std::size_t> length;
    for (const onnx::StringStringEntryProto& entry : tensor.external_data()) {
        const auto number = [&] {
            std::size_t value = 0;
            const char* end = entry.value().data() + entry.value().size();
            const auto [stop, error] = std::from_chars(entry.value().data(), end, value);
            if (error != std::errc() || stop != end) {
                fail_malformed(std::string(place), "external data with " + entry.key() + " " + in_quotes(entry.value()));
            }
            return value;
        };
        if (entry.key() == "location") {
            location = entry.value();
        } else if (entry.key() == "offset") {
            offset = number();
        } else if (entry.key() == "length") {
            length = number();
        }
    }
    if (location.empty()) {
        fail_malformed(std::string(place), "external data without a location");
    }
    if (std::ranges::any_of(location, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; })) {
        fail_malformed(std::string(place), "external data at " + in_quotes(location));
    }
    if (length && *length != size) {
        fail_malformed(std::string(place),
                       std::to_string(*length) + " bytes of external data where " + std::to_string(size) + " are needed");
    }
    auto found = files_.find(location);
    if (found == files_.end()) {
        try {
            found = files_.emplace(location, beside_.read(location)).first;
            mapped_ += found->second.bytes.size();
        } catch (const Error& error) {
            throw error.within(place);
        }
    }
    const Bytes file = found->second.bytes;
    if (offset > file.size() || size > file.size() - offset) {
        fail_malformed(std::string(place), "external data ends beyond the file " + in_quotes(location));
    }
    constexpr std::size_t kTimesOver = 4;  // tied weights share their bytes; more would ask for memory that no file holds
    delivered_ += size;
    if (delivered_ / kTimesOver > mapped_) {
        fail_malformed(std::string(place), "the tensors of the model take the same external data many times over");
    }
    return file.subspan(offset, size);
}

void ExternalData::densify(std::int64_t entries, std::int64_t values, std::string_view place) {
    constexpr std::int64_t kAllowance = std::int64_t{1} << 24;
    constexpr std::int64_t kExpansion = 64;
    dense_ += entries;
    stored_ += values;
    if (dense_ - kAllowance > kExpansion * stored_) {
        fail_unsupported(std::string(place), "sparse tensors of " + std::to_string(dense_) + " entries in all with " +
                                                 std::to_string(stored_) + " values");
    }
}

TensorPtr onnx_tensor(onnx::TensorProto& proto, ExternalData& external, std::string_view place) {
    const DataType& type = data_type(proto, place);
    const Shape shape = shape_of(proto.dims());
    const auto size = static_cast<std::size_t>(checked_size(shape, place));
    const std::size_t byte_count = (size * static_cast<std::size_t>(type.bits) + 7) / 8;
    auto tensor = std::make_shared<Tensor>();
    tensor->shape = shape;
    tensor->type = type.type;
    constexpr int kExternal = 1;
    if (proto.has_segment()) {
        fail_unsupported(std::string(place), "a tensor stored in segments");
    }
    if (proto.data_location() == kExternal) {
        const Bytes bytes = external.bytes(proto, byte_count, place);
        tensor->data.resize(size);
        decode(type, bytes, place, tensor->data);
    } else if (proto.has_raw_data()) {
        if (proto.raw_data().size() != byte_count) {
            fail_malformed(std::string(place), std::to_string(proto.raw_data().size()) + " bytes for shape " + to_string(shape) +
                                                   ", which needs " + std::to_string(byte_count));
        }
        tensor->data.resize(size);
        decode(type, std::as_bytes(std::span(proto.raw_data())), place, tensor->data);
    } else {
        if (size > held_entries(proto, type)) {
            fail_count(place, held_entries(proto, type), shape);
        }
        tensor->data.resize(size);
        copy_typed(proto, type, shape, place, tensor->data);
    }
    const std::string name = proto.name();
    onnx::TensorProto().Swap(&proto);  // its data is no longer needed
    proto.set_name(name);
    return tensor;
}

TensorPtr onnx_sparse_tensor(onnx::SparseTensorProto& proto, ExternalData& external, std::string_view place) {
    const Shape shape = shape_of(proto.dims());
    const std::int64_t size = checked_size(shape, place);
    const TensorPtr values = onnx_tensor(*proto.mutable_values(), external, place);
    const TensorPtr indices = onnx_tensor(*proto.mutable_indices(), external, place);
    external.densify(size, values->size(), place);
    const std::size_t rank = shape.size();
    const bool linear = indices->shape.size() == 1;
    const std::size_t count = values->data.size();
    if (values->shape.size() != 1 || indices->data.size() != count * (linear ? 1 : rank)) {
        fail_malformed(std::string(place), "its indices have shape " + to_string(indices->shape) + " for " + std::to_string(count) +
                                               " values of " + std::to_string(rank) + " coordinates");
    }
    auto tensor = std::make_shared<Tensor>(
        Tensor{.shape = shape, .data = std::vector<double>(static_cast<std::size_t>(size), 0.0), .type = values->type});
    for (std::size_t i = 0; i < count; ++i) {
        double position = 0;
        for (std::size_t k = 0; k < (linear ? 1 : rank); ++k) {
            const double index = indices->data[linear ? i : i * rank + k];
            const double extent = static_cast<double>(linear ? size : shape[k]);
            if (!(index >= 0 && index < extent) || index != std::trunc(index)) {
                fail_malformed(std::string(place), "an index is outside of shape " + to_string(shape));
            }
            position = position * extent + index;
        }
        tensor->data[static_cast<std::size_t>(linear ? indices->data[i] : position)] = values->data[i];
    }
    return tensor;
}

}  // namespace qbound::internal
