// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "qbound/error.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace qbound::internal {

/// Prepares every model and delivers what came of it. A model that cannot be read or expressed is reported on standard error, and
/// the rest still run; the exit code is that of the first failure. Wrong usage, and what goes wrong in delivering (a full disk),
/// end the whole run.
///
/// prepare(path) returns the product; deliver(product) returns the exit code.
template <class Prepare, class Deliver>
[[nodiscard]] ExitCode for_each_model(const std::vector<std::string>& models, Console& console, const Prepare& prepare,
                                      const Deliver& deliver) {
    ExitCode first = ExitCode::done;
    for (const std::string& model : models) {
        ExitCode code = ExitCode::done;
        std::optional<decltype(prepare(model))> product;
        try {
            product.emplace(prepare(model));
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::usage) {
                throw;
            }
            console.error(error.what());
            code = exit_code(error.kind());
        }
        if (product) {
            code = deliver(std::move(*product));
        }
        if (first == ExitCode::done) {
            first = code;
        }
    }
    return first;
}

}  // namespace qbound::internal
