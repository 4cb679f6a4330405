// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/error.hpp"

namespace qbound::internal {

/// What the program's exit status says. Stable.
enum class ExitCode : int {
    done = 0,
    gate_breached = 1,
    usage = 2,
    malformed = 3,    ///< an input cannot be read or is malformed, or an output cannot be written
    unsupported = 4,  ///< or a certified number was required and there is none
    internal = 5,
};

[[nodiscard]] constexpr ExitCode exit_code(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::usage:
            return ExitCode::usage;
        case ErrorKind::malformed:
            return ExitCode::malformed;
        case ErrorKind::unsupported:
            return ExitCode::unsupported;
        case ErrorKind::internal:
            return ExitCode::internal;
    }
    return ExitCode::internal;
}

}  // namespace qbound::internal
