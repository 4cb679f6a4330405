// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace qbound::internal {

/// Builds a Tensor from the events of a nested array of numbers: open, number, close. Rows must agree in length at every level.
///
/// Numbers go to one buffer that is reused from array to array, and each Tensor is allocated once at its exact size: the memory
/// beside the results is that of the largest array.
///
/// Errors  Error{malformed} without a place for a ragged array; the caller knows where it stands.
class ArrayBuilder {
  public:
    [[nodiscard]] bool is_open() const noexcept { return depth_ != 0; }
    [[nodiscard]] std::size_t depth() const noexcept { return depth_; }

    /// True if nothing was put into the outermost array yet: it may still become something else than numbers.
    [[nodiscard]] bool is_blank() const noexcept { return depth_ == 1 && data_.empty() && rows_[0] == 0; }

    void open();

    void number(double value) {
        if (depth_ != leaf_depth_) {
            begin_leaf();
        }
        data_.push_back(value);
    }

    /// Closes the innermost array; true if that was the outermost, and `take` may be called.
    bool close();

    /// The finished array; the builder is ready for the next one.
    [[nodiscard]] std::shared_ptr<Tensor> take();

    /// Forgets what was begun.
    void reset() noexcept;

  private:
    void begin_leaf();

    std::vector<double> data_;
    std::vector<std::int64_t> rows_;  ///< by level, outermost first: arrays so far in the open array of that level
    Shape extents_;                   ///< by level; −1 until an array of that level was closed
    std::size_t depth_ = 0;           ///< open arrays
    std::size_t leaf_depth_ = 0;      ///< the depth at which numbers stand; 0 while not known
    std::size_t leaf_begin_ = 0;      ///< where the innermost array's numbers begin
};

}  // namespace qbound::internal
