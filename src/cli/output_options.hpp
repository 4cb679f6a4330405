// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "cli/output_file.hpp"
#include "report/document.hpp"

#include <optional>
#include <string>
#include <string_view>
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

    /// `numbers`: what --print takes, `layer_help`: what --layers does, both as the command has them.
    void add_to(CLI::App& app, const std::vector<std::string_view>& numbers, const std::string& layer_help);
};

/// What a command's documents have beside the formats.
struct DocumentKind {
    std::vector<std::string_view> numbers;  ///< words of --print
    std::vector<std::string> columns;       ///< words of --sort
};

/// Where documents go: standard output as they come, files when all are there.
class ReportOutput {
  public:
    /// Opens every file. Errors: Error{usage} for words that are no format, column or number; Error{malformed} for a file that cannot
    /// be written.
    ReportOutput(const OutputOptions& options, const DocumentKind& kind, bool several, bool quiet, Console& console);

    void add(const Printable& printable);
    /// Puts the files in their places, unless there was nothing.
    void finish();
    /// Whether some format shows the file's digest.
    [[nodiscard]] bool wants_sha256() const noexcept { return wants_sha256_; }

  private:
    struct Export {
        DocumentWriter writer;
        OutputFile file;
        std::string document;
    };

    Console& console_;
    std::string_view print_;  ///< the number of --print, else empty
    std::optional<DocumentWriter> writer_;
    std::vector<Export> exports_;
    bool wants_sha256_ = false;
    bool empty_ = true;
};

}  // namespace qbound::internal
