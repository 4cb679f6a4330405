// SPDX-License-Identifier: Apache-2.0
#include "cli/bits_map.hpp"

#include "cli/files.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace qbound::internal {

namespace {

using Json = nlohmann::json;

/// One flat object of small integers, read as a stream, so that a hostile file costs nothing.
class BitsMapReader : public nlohmann::json_sax<Json> {
  public:
    std::map<std::string, int> bits;
    std::string failure;

    bool number_integer(number_integer_t value) override { return store(value); }
    bool number_unsigned(number_unsigned_t value) override {
        return store(value > kMost ? kMost : static_cast<std::int64_t>(value));
    }
    bool start_object(std::size_t) override {
        if (inside_) {
            return refuse("is not a number of bits");
        }
        inside_ = true;
        return true;
    }
    bool key(string_t& name) override {
        name_ = name;
        return !bits.contains(name) || refuse("appears twice");
    }
    bool end_object() override { return true; }
    bool null() override { return refuse("is not a number of bits"); }
    bool boolean(bool) override { return refuse("is not a number of bits"); }
    bool number_float(number_float_t, const string_t&) override { return refuse("is not a whole number of bits"); }
    bool string(string_t&) override { return refuse("is not a number of bits"); }
    bool binary(binary_t&) override { return refuse("is not a number of bits"); }
    bool start_array(std::size_t) override { return refuse("is not a number of bits"); }
    bool end_array() override { return true; }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        failure = fmt::format("is not JSON (byte {})", position);
        return false;
    }

  private:
    static constexpr std::int64_t kMost = 1000;

    bool store(std::int64_t value) {
        if (!inside_ || value < 1 || value >= kMost) {
            return refuse("is not a number of bits");
        }
        bits.emplace(name_, static_cast<int>(value));
        return true;
    }
    bool refuse(std::string_view complaint) {
        failure = inside_ ? fmt::format("layer '{}' {}", name_, complaint) : std::string("is not a JSON object {\"layer\": bits}");
        return false;
    }

    std::string name_;
    bool inside_ = false;
};

}  // namespace

std::map<std::string, int> read_bits_map(const std::string& path) {
    try {
        const OwnedBytes file = read_file(path);
        const char* const text = reinterpret_cast<const char*>(file.bytes.data());
        BitsMapReader reader;
        if (!Json::sax_parse(text, text + file.bytes.size(), &reader)) {
            throw Error(ErrorKind::malformed, "", reader.failure, "such as {\"conv1\": 8, \"fc\": 4}");
        }
        return std::move(reader.bits);
    } catch (const Error& error) {
        throw error.within(path);
    }
}

}  // namespace qbound::internal
