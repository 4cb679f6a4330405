// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/error.hpp"
#include "qbound/loader.hpp"
#include "support/catch.hpp"

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Files in memory: a test's stand-in for the folder of a model file.
class MemorySource final : public qbound::FileSource {
  public:
    MemorySource() = default;
    explicit MemorySource(std::map<std::string, std::string, std::less<>> files) : files_(std::move(files)) {}

    [[nodiscard]] qbound::OwnedBytes read(std::string_view relative) const override {
        const auto file = files_.find(relative);
        if (file == files_.end()) {
            throw qbound::Error(qbound::ErrorKind::malformed, std::string(relative), "no such file");
        }
        return {std::as_bytes(std::span(file->second)), nullptr};
    }

    [[nodiscard]] std::vector<std::string> list() const override {
        std::vector<std::string> names;
        for (const auto& [name, content] : files_) {
            names.push_back(name);
        }
        return names;
    }

  private:
    std::map<std::string, std::string, std::less<>> files_;
};

inline qbound::Bytes bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::string text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline qbound::Model load(std::string_view file, const qbound::FileSource& beside = MemorySource(),
                          const qbound::LoadOptions& options = {}) {
    return qbound::load_model(bytes_of(file), beside, options);
}

/// `call` must throw a qbound::Error of this kind and with exactly this message.
template <class Call>
void check_error(Call call, qbound::ErrorKind kind, const std::string& message) {
    INFO("expected: " << message);
    try {
        call();
    } catch (const qbound::Error& error) {
        CHECK(error.what() == message);
        CHECK(error.kind() == kind);
        return;
    }
    FAIL_CHECK("no error");
}

inline void check_malformed(std::string_view file, const std::string& message, const qbound::FileSource& beside = MemorySource(),
                            const qbound::LoadOptions& options = {}) {
    CAPTURE(file.substr(0, 400));
    check_error([&] { (void)load(file, beside, options); }, qbound::ErrorKind::malformed, message);
}

inline void check_unsupported(std::string_view file, const std::string& message, const qbound::FileSource& beside = MemorySource(),
                              const qbound::LoadOptions& options = {}) {
    CAPTURE(file.substr(0, 400));
    check_error([&] { (void)load(file, beside, options); }, qbound::ErrorKind::unsupported, message);
}

/// "name:Op(input,input)" for each node.
inline std::vector<std::string> node_list(const qbound::Model& model) {
    std::vector<std::string> list;
    for (const qbound::ModelNode& node : model.nodes) {
        std::string text = node.name + ":" + node.op + "(";
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            text += (i == 0 ? "" : ",") + node.inputs[i];
        }
        list.push_back(text + ")");
    }
    return list;
}

using Nodes = std::vector<std::string>;
using Ints = std::vector<std::int64_t>;
