// SPDX-License-Identifier: Apache-2.0
#include "report/text_table.hpp"

#include "report/text.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace qbound::internal {

std::string painted(const std::string& text, Ink ink, bool color) {
    std::string_view code;
    switch (ink) {
        case Ink::plain:
            return text;
        case Ink::good:
            code = "\x1b[32m";
            break;
        case Ink::doubtful:
            code = "\x1b[33m";
            break;
        case Ink::strong:
            code = "\x1b[1m";
            break;
    }
    return color && !text.empty() ? std::string(code) + text + "\x1b[0m" : text;
}

std::string markdown_escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\|*_<>`[]").find(c) != std::string_view::npos) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

void TextTable::add_row(std::vector<Cell> cells) {
    for (Cell& cell : cells) {
        cell.text = one_line(cell.text);
    }
    rows_.push_back({std::move(cells), {}});
}

void TextTable::add_remark(std::string text) {
    rows_.back().remarks.push_back(one_line(text));
}

std::string TextTable::plain(bool color) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t width = display_width(columns_[c].title);
        for (const Row& row : rows_) {
            width = std::max(width, display_width(row.cells[c].text));
        }
        widths.push_back(width);
    }
    std::string out;
    const auto line = [&](const std::vector<Cell>& cells) {
        std::string text;
        std::size_t pending = 0;  // spaces are written only when something follows them
        for (std::size_t c = 0; c < cells.size(); ++c) {
            const std::size_t fill = widths[c] - display_width(cells[c].text);
            pending += columns_[c].align == Align::right ? fill : 0;
            if (!cells[c].text.empty()) {
                text.append(pending, ' ');
                text += painted(cells[c].text, cells[c].ink, color);
                pending = 0;
            }
            pending += (columns_[c].align == Align::left ? fill : 0) + 2;
        }
        out += text + '\n';
    };
    std::vector<Cell> titles;
    for (const Column& column : columns_) {
        titles.push_back({column.title, Ink::strong});
    }
    line(titles);
    for (const Row& row : rows_) {
        line(row.cells);
        for (const std::string& remark : row.remarks) {
            out += "    " + remark + '\n';
        }
    }
    return out;
}

std::string TextTable::markdown() const {
    std::string out = "|";
    for (const Column& column : columns_) {
        out += ' ' + markdown_escaped(column.title) + " |";
    }
    out += "\n|";
    for (const Column& column : columns_) {
        out += column.align == Align::right ? " ---: |" : " --- |";
    }
    out += '\n';
    std::string remarks;
    for (const Row& row : rows_) {
        out += '|';
        for (const Cell& cell : row.cells) {
            out += ' ' + markdown_escaped(cell.text) + " |";
        }
        out += '\n';
        for (const std::string& remark : row.remarks) {
            remarks += "- " + markdown_escaped(row.cells.front().text) + ": " + markdown_escaped(remark) + '\n';
        }
    }
    return remarks.empty() ? out : out + '\n' + remarks;
}

}  // namespace qbound::internal
