// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "cli/output_file.hpp"
#include "qbound/report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace qbound::internal {

/// --format, --export-FORMAT, --layers, --sort, --top, --print, --color, -v
struct OutputOptions {
    std::string format = "table";
    std::vector<std::string> exports[6];  ///< files, by format
    std::string sort;
    std::string top;
    std::string print;
    std::string color = "auto";
    bool layers = false;
    bool verbose = false;

    void add_to(CLI::App& app);
};

/// Where reports go: standard output as they come, files when all are there.
class ReportOutput {
  public:
    /// Opens every file. Errors: Error{usage} for words that are no format or column; Error{malformed} for a file that cannot be
    /// written.
    ReportOutput(const OutputOptions& options, bool several, bool quiet, Console& console);

    void add(const Report& report);
    /// Puts the files in their places, unless there was no report.
    void finish();
    /// Whether some format shows the file's digest.
    [[nodiscard]] bool wants_sha256() const noexcept { return wants_sha256_; }

  private:
    struct Export {
        ReportWriter writer;
        OutputFile file;
        std::string document;
    };
    enum class Number { best, best_log10, bits };

    [[nodiscard]] std::string bare_numbers(const Report& report) const;

    Console& console_;
    std::optional<Number> print_;
    std::optional<ReportWriter> writer_;
    std::vector<Export> exports_;
    bool wants_sha256_ = false;
    bool empty_ = true;
};

}  // namespace qbound::internal
