// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace qbound {

/// What went wrong, as far as a caller must tell one failure from another. The command line maps each kind to its exit code.
enum class ErrorKind {
    usage,        ///< the request itself makes no sense (exit 2)
    malformed,    ///< an input cannot be read, or is not what it claims to be (exit 3)
    unsupported,  ///< a well-formed input uses something that qbound has no mathematics for (exit 4)
    internal,     ///< an invariant of qbound itself is broken (exit 5)
};

/// The only exception type that leaves the library: a kind, a place, a reason, and a hint on what to do.
///
/// what() reads "place: reason; hint: hint"; an empty place or hint is left out together with its punctuation.
/// Places name a file, a node or a tensor: `resnet18.onnx: node 'Clip_12'`.
class Error : public std::exception {
  public:
    Error(ErrorKind kind, std::string place, std::string reason, std::string hint = {});

    [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
    [[nodiscard]] const std::string& place() const noexcept { return place_; }
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

    /// The same error with `outer` put before its place: a caller that knows the file adds it to what the callee knew.
    [[nodiscard]] Error within(std::string_view outer) const;

  private:
    ErrorKind kind_;
    std::string place_;
    std::string reason_;
    std::string hint_;
    std::string message_;
};

}  // namespace qbound
