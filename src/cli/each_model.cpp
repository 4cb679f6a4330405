// SPDX-License-Identifier: Apache-2.0
#include "cli/each_model.hpp"

#include "qbound/error.hpp"

namespace qbound::internal {

ExitCode for_each_model(const std::vector<std::string>& models, Console& console,
                        const std::function<ExitCode(const std::string&)>& work) {
    ExitCode first = ExitCode::done;
    for (const std::string& model : models) {
        ExitCode code = ExitCode::done;
        try {
            code = work(model);
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::usage) {
                throw;
            }
            console.error(error.what());
            code = exit_code(error.kind());
        }
        if (first == ExitCode::done) {
            first = code;
        }
    }
    return first;
}

}  // namespace qbound::internal
