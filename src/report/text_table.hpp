// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qbound::internal {

enum class Ink : std::uint8_t { plain, good, doubtful, strong };

/// `text` in the colour of `ink`, if `color`.
[[nodiscard]] std::string painted(const std::string& text, Ink ink, bool color);

/// A table of texts, for terminals and as Markdown. Cells are made safe to print (one_line).
class TextTable {
  public:
    enum class Align : std::uint8_t { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    struct Cell {
        std::string text;
        Ink ink = Ink::plain;
    };

    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// A row of as many cells as there are columns.
    void add_row(std::vector<Cell> cells);
    /// A line of text of its own under the row added last.
    void add_remark(std::string text);

    /// Columns two spaces apart, as wide as their widest cell, no space at the end of a line.
    [[nodiscard]] std::string plain(bool color) const;
    /// GitHub-flavoured Markdown; remarks follow the table as a list.
    [[nodiscard]] std::string markdown() const;

  private:
    struct Row {
        std::vector<Cell> cells;
        std::vector<std::string> remarks;
    };
    std::vector<Column> columns_;
    std::vector<Row> rows_;
};

/// `text` with what Markdown would act on within a table cell escaped.
[[nodiscard]] std::string markdown_escaped(const std::string& text);

}  // namespace qbound::internal
