// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/report.hpp"

#include <string>

namespace qbound::internal {

enum class TableStyle { terminal, markdown };

/// What stands above a table: lines of a label and a text.
class Facts {
  public:
    explicit Facts(TableStyle style) : style_(style) {}

    void add(const std::string& label, const std::string& text);
    /// Model, network and input, without the notes.
    void add_model(const ModelSummary& model);
    [[nodiscard]] const std::string& str() const noexcept { return out_; }

  private:
    TableStyle style_;
    std::string out_;
};

}  // namespace qbound::internal
