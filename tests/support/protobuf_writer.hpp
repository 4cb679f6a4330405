// SPDX-License-Identifier: Apache-2.0
#pragma once
// Protobuf messages field by field, so that tests can write what a library would refuse to.

#include <bit>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace qbound::test {

class Message {
  public:
    Message& number(unsigned field, std::int64_t value) {
        tag(field, 0);
        varint(static_cast<std::uint64_t>(value));
        return *this;
    }
    Message& text(unsigned field, std::string_view value) {
        tag(field, 2);
        varint(value.size());
        bytes += value;
        return *this;
    }
    Message& message(unsigned field, const Message& value) { return text(field, value.bytes); }
    Message& number32(unsigned field, float value) {
        tag(field, 5);
        append(value);
        return *this;
    }
    Message& floats(unsigned field, std::initializer_list<float> values) { return text(field, raw(values)); }
    Message& doubles(unsigned field, std::initializer_list<double> values) { return text(field, raw(values)); }
    Message& numbers(unsigned field, std::initializer_list<std::int64_t> values) {
        Message inner;
        for (const std::int64_t value : values) {
            inner.varint(static_cast<std::uint64_t>(value));
        }
        return text(field, inner.bytes);
    }

    /// Little-endian bytes of the values.
    template <class Value>
    static std::string raw(std::initializer_list<Value> values) {
        Message inner;
        for (const Value value : values) {
            inner.append(value);
        }
        return inner.bytes;
    }

    std::string bytes;

  private:
    void tag(unsigned field, unsigned wire) { varint((field << 3U) | wire); }
    void varint(std::uint64_t value) {
        while (value >= 0x80U) {
            bytes += static_cast<char>((value & 0x7FU) | 0x80U);
            value >>= 7U;
        }
        bytes += static_cast<char>(value);
    }
    template <class Value>
    void append(Value value) {
        char buffer[sizeof(Value)];
        std::memcpy(buffer, &value, sizeof(Value));
        bytes.append(buffer, sizeof(Value));
    }
};

/// A TensorProto's head: dims, data type and name.
inline Message onnx_tensor_head(std::string_view name, std::initializer_list<std::int64_t> dims, int type) {
    Message tensor;
    for (const std::int64_t extent : dims) {
        tensor.number(1, extent);
    }
    return tensor.number(2, type).text(8, name);
}

/// A node of one output, without attributes.
inline Message onnx_node(std::string_view op, std::initializer_list<std::string_view> inputs, std::string_view output) {
    Message node;
    for (const std::string_view input : inputs) {
        node.text(1, input);
    }
    return node.text(2, output).text(3, output).text(4, op);
}

/// A graph input or output of floats; an extent of −1 is a symbolic one named "N".
inline Message onnx_value(std::string_view name, std::initializer_list<std::int64_t> dims) {
    Message shape;
    for (const std::int64_t extent : dims) {
        shape.message(1, extent < 0 ? Message().text(2, "N") : Message().number(1, extent));
    }
    return Message().text(1, name).message(2, Message().message(1, Message().number(1, 1).message(2, shape)));
}

/// A model of opset `opset` around the graph.
inline Message onnx_model(const Message& graph, std::int64_t opset = 17) {
    return Message().number(1, 8).message(7, graph).message(8, Message().text(1, "").number(2, opset));
}

}  // namespace qbound::test
