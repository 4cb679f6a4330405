// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"
#include "report/delimited.hpp"
#include "report/facts.hpp"
#include "report/json_writer.hpp"

#include <string>
#include <string_view>

namespace qbound::internal {

/// What a command says of one model, in every format that a document may have.
class Printable {
  public:
    virtual ~Printable() = default;
    [[nodiscard]] virtual std::string table(const RenderOptions& options, TableStyle style) const = 0;
    [[nodiscard]] virtual std::string json(const RenderOptions& options, JsonWriter::Style style) const = 0;
    /// The line of column names, and the lines of this model.
    [[nodiscard]] virtual std::string header(const RenderOptions& options, Delimited kind) const = 0;
    [[nodiscard]] virtual std::string rows(const RenderOptions& options, Delimited kind) const = 0;
    /// One line per result with nothing but the number of that name.
    [[nodiscard]] virtual std::string bare(std::string_view number) const = 0;
};

/// Puts what is said of one model after the other into one document: what add() returned for each and finish(). It ends in a newline. A
/// JSON document is an array if `several`, also when only one model arrives, else an object; without any model it is empty.
class DocumentWriter {
  public:
    DocumentWriter(Format format, RenderOptions options, bool several)
        : format_(format), options_(std::move(options)), several_(several) {}
    [[nodiscard]] std::string add(const Printable& printable);
    [[nodiscard]] std::string finish() const;

  private:
    Format format_;
    RenderOptions options_;
    bool several_;
    bool empty_ = true;
};

/// A Report: schema qbound.report/1, a table of bounds, or lines.
class PrintableReport : public Printable {
  public:
    explicit PrintableReport(const Report& report) : report_(report) {}
    [[nodiscard]] std::string table(const RenderOptions& options, TableStyle style) const override;
    [[nodiscard]] std::string json(const RenderOptions& options, JsonWriter::Style style) const override;
    [[nodiscard]] std::string header(const RenderOptions& options, Delimited kind) const override;
    [[nodiscard]] std::string rows(const RenderOptions& options, Delimited kind) const override;
    /// best, best-log10, reached, bits
    [[nodiscard]] std::string bare(std::string_view number) const override;

  private:
    const Report& report_;
};

}  // namespace qbound::internal
