// SPDX-License-Identifier: Apache-2.0
#include "network/rearrange.hpp"

#include <algorithm>
#include <array>

namespace qbound::internal {

namespace {

struct Row {
    std::string_view op;
    Rearrange function;
};

constexpr std::array kRows{
    Row{"DepthToSpace", rearrange_depth_to_space},
    Row{"Expand", rearrange_expand},
    Row{"Flatten", rearrange_flatten},
    Row{"Gather", rearrange_gather},
    Row{"Pad", rearrange_pad},
    Row{"Reshape", rearrange_reshape},
    Row{"Resize", rearrange_resize},
    Row{"Slice", rearrange_slice},
    Row{"SpaceToDepth", rearrange_space_to_depth},
    Row{"Split", rearrange_split},
    Row{"Squeeze", rearrange_squeeze},
    Row{"Tile", rearrange_tile},
    Row{"Transpose", rearrange_transpose},
    Row{"Unsqueeze", rearrange_unsqueeze},
    Row{"Upsample", rearrange_resize},
};

}  // namespace

Rearrange rearrange_function(std::string_view op) {
    const auto* row = std::ranges::find(kRows, op, &Row::op);
    return row == kRows.end() ? nullptr : row->function;
}

IndexMap identity_map(const Shape& in, const Spend& spend) {
    std::vector<std::size_t> axes(in.size());
    for (std::size_t k = 0; k < axes.size(); ++k) {
        axes[k] = k;
    }
    return permuted(in, axes, spend).map;
}

Rearranged permuted(const Shape& in, const std::vector<std::size_t>& axes, const Spend& spend) {
    const auto strides = strides_of(in);
    Rearranged result;
    for (const std::size_t axis : axes) {
        spend(in[axis]);
        result.shape.push_back(in[axis]);
        auto& offsets = result.map.offsets.emplace_back();
        for (std::int64_t i = 0; i < in[axis]; ++i) {
            offsets.push_back(i * strides[axis]);
        }
    }
    return result;
}

Rearranged stretched(const Shape& in, const Shape& out, const Spend& spend) {
    const auto strides = strides_of(in);
    const std::size_t missing = out.size() - in.size();
    Rearranged result{.map = {}, .shape = out};
    for (std::size_t k = 0; k < out.size(); ++k) {
        spend(out[k]);
        auto& offsets = result.map.offsets.emplace_back(static_cast<std::size_t>(out[k]), 0);
        if (k >= missing && in[k - missing] != 1) {
            for (std::size_t i = 0; i < offsets.size(); ++i) {
                offsets[i] = static_cast<std::int64_t>(i) * strides[k - missing];
            }
        }
    }
    return result;
}

Tensor apply(const Rearranged& rearranged, const Tensor& tensor, const Spend& spend) {
    const auto& axes = rearranged.map.offsets;
    const std::int64_t size = checked_size(rearranged.shape, "");
    spend(size);
    Tensor result{.shape = rearranged.shape, .data = {}, .type = tensor.type};
    result.data.reserve(static_cast<std::size_t>(size));
    std::vector<std::size_t> index(axes.size(), 0);
    for (std::int64_t n = 0; n < size; ++n) {
        std::int64_t offset = 0;
        for (std::size_t k = 0; k < axes.size() && offset >= 0; ++k) {
            const std::int64_t step = axes[k][index[k]];
            offset = step < 0 ? -1 : offset + step;
        }
        result.data.push_back(offset < 0 ? rearranged.map.constant : tensor.data[static_cast<std::size_t>(offset)]);
        for (std::size_t k = axes.size(); k-- > 0;) {
            if (++index[k] < axes[k].size()) {
                break;
            }
            index[k] = 0;
        }
    }
    return result;
}

}  // namespace qbound::internal
