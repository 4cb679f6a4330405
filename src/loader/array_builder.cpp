// SPDX-License-Identifier: Apache-2.0
#include "loader/array_builder.hpp"

#include "loader/text.hpp"

#include <string>

namespace qbound::internal {

void ArrayBuilder::open() {
    if (depth_ != 0) {
        if (depth_ == leaf_depth_) {
            fail_malformed("", "ragged array: an array stands among numbers or empty arrays");
        }
        ++rows_[depth_ - 1];
    }
    if (depth_ == rows_.size()) {
        rows_.push_back(0);
        extents_.push_back(-1);
    }
    rows_[depth_] = 0;
    ++depth_;
    leaf_begin_ = data_.size();
}

void ArrayBuilder::begin_leaf() {
    if (leaf_depth_ != 0 || rows_[depth_ - 1] != 0) {
        fail_malformed("", "ragged array: a number stands among arrays");
    }
    leaf_depth_ = depth_;
}

bool ArrayBuilder::close() {
    if (leaf_depth_ == 0) {
        leaf_depth_ = depth_;  // an empty innermost array
    }
    const std::int64_t length = depth_ == leaf_depth_ ? static_cast<std::int64_t>(data_.size() - leaf_begin_) : rows_[depth_ - 1];
    std::int64_t& extent = extents_[depth_ - 1];
    if (extent == -1) {
        extent = length;
    } else if (extent != length) {
        fail_malformed("", "ragged array: a row of " + std::to_string(length) + " among rows of " + std::to_string(extent));
    }
    --depth_;
    return depth_ == 0;
}

std::shared_ptr<Tensor> ArrayBuilder::take() {
    auto tensor = std::make_shared<Tensor>();
    tensor->shape = extents_;
    tensor->data = data_;
    reset();
    return tensor;
}

void ArrayBuilder::reset() noexcept {
    data_.clear();
    rows_.clear();
    extents_.clear();
    depth_ = leaf_depth_ = leaf_begin_ = 0;
}

}  // namespace qbound::internal
