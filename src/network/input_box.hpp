// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/translator.hpp"
#include "qbound/lower.hpp"
#include "qbound/model.hpp"
#include "qbound/network.hpp"

namespace qbound::internal {

/// What is said when [−1, 1] stands for a box that nobody gave.
inline constexpr const char* kAssumedBoxNote = "the file has no input box; [-1, 1] is assumed";

/// The box Ω of an input: the one of `options`, else the file's, else [−1, 1] with a note if none is required. Limits may be one
/// for all, one per channel or one per entry; the result is per channel, or per entry if one of the limits is.
///
/// Errors: Error{usage} for limits of `options` that do not fit or are not finite or inverted, Error{malformed} for those of the
/// file, or if a box is required and there is none.
[[nodiscard]] Box input_box(const ModelInput& input, const LowerOptions& options, Log& log);

}  // namespace qbound::internal
