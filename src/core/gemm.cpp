// SPDX-License-Identifier: Apache-2.0
#include "core/gemm.hpp"

#include "core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/gemm.cpp"  // this file, compiled once per instruction set
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qbound::internal {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
using Vector = hn::CappedTag<double, 1>;
#else
// At most 512 bits: the panels below are sized for eight lanes.
using Vector = hn::CappedTag<double, 8>;
#endif

// A register tile holds kRows × (kVectors · lanes) sums: 24 of 32 registers with AVX-512, 12 of 16 otherwise.
constexpr std::int64_t kRows = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr std::int64_t kVectors = 3;

/// Adds the product of an A panel (depth × kRows, row tile innermost) and a B panel (depth × columns) to a kRows × columns tile.
HWY_INLINE void multiply_panels(std::int64_t depth, const double* HWY_RESTRICT a, const double* HWY_RESTRICT b,
                                double* HWY_RESTRICT tile) {
    const Vector d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    const std::int64_t columns = kVectors * lanes;
    hn::Vec<Vector> sums[kRows][kVectors];
    for (std::int64_t i = 0; i < kRows; ++i) {
        for (std::int64_t v = 0; v < kVectors; ++v) {
            sums[i][v] = hn::LoadU(d, tile + i * columns + v * lanes);
        }
    }
    for (std::int64_t p = 0; p < depth; ++p) {
        const auto b0 = hn::LoadU(d, b + p * columns);
        const auto b1 = hn::LoadU(d, b + p * columns + lanes);
        const auto b2 = hn::LoadU(d, b + p * columns + 2 * lanes);
        for (std::int64_t i = 0; i < kRows; ++i) {
            const auto x = hn::Set(d, a[p * kRows + i]);
            sums[i][0] = hn::MulAdd(x, b0, sums[i][0]);
            sums[i][1] = hn::MulAdd(x, b1, sums[i][1]);
            sums[i][2] = hn::MulAdd(x, b2, sums[i][2]);
        }
    }
    for (std::int64_t i = 0; i < kRows; ++i) {
        for (std::int64_t v = 0; v < kVectors; ++v) {
            hn::StoreU(sums[i][v], d, tile + i * columns + v * lanes);
        }
    }
}

/// Rows [row, row + rows) × columns [column, column + columns) of C, all of k.
void multiply_block(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns, std::int64_t k, ConstMatrix a,
                    ConstMatrix b, MutableMatrix c, bool absolute) {
    constexpr std::int64_t kDepth = 256;
    const auto width = kVectors * static_cast<std::int64_t>(hn::Lanes(Vector()));
    const std::int64_t row_panels = (rows + kRows - 1) / kRows;
    const std::int64_t column_panels = (columns + width - 1) / width;
    const std::int64_t depth_max = std::min(kDepth, k);
    std::vector<double> a_packed(static_cast<std::size_t>(row_panels * kRows * depth_max));
    std::vector<double> b_packed(static_cast<std::size_t>(column_panels * width * depth_max));
    std::vector<double> sums(static_cast<std::size_t>(row_panels * column_panels * kRows * width), 0.0);

    for (std::int64_t k0 = 0; k0 < k; k0 += kDepth) {
        const std::int64_t depth = std::min(kDepth, k - k0);
        for (std::int64_t panel = 0; panel < row_panels; ++panel) {
            double* out = a_packed.data() + panel * kRows * depth;
            for (std::int64_t i = 0; i < kRows; ++i) {
                const std::int64_t r = panel * kRows + i;
                const double* in = r < rows ? a.data + (row + r) * a.stride + k0 : nullptr;
                for (std::int64_t p = 0; p < depth; ++p) {
                    out[p * kRows + i] = in == nullptr ? 0.0 : (absolute ? std::fabs(in[p]) : in[p]);
                }
            }
        }
        for (std::int64_t panel = 0; panel < column_panels; ++panel) {
            double* out = b_packed.data() + panel * width * depth;
            const std::int64_t first = panel * width;
            const std::int64_t count = std::min(width, columns - first);
            for (std::int64_t p = 0; p < depth; ++p) {
                const double* in = b.data + (k0 + p) * b.stride + column + first;
                std::copy_n(in, count, out + p * width);
                std::fill_n(out + p * width + count, width - count, 0.0);
            }
        }
        for (std::int64_t j = 0; j < column_panels; ++j) {
            for (std::int64_t i = 0; i < row_panels; ++i) {
                multiply_panels(depth, a_packed.data() + i * kRows * depth, b_packed.data() + j * width * depth,
                                sums.data() + (j * row_panels + i) * kRows * width);
            }
        }
    }
    for (std::int64_t j = 0; j < column_panels; ++j) {
        const std::int64_t count = std::min(width, columns - j * width);
        for (std::int64_t r = 0; r < rows; ++r) {
            const double* in = sums.data() + ((j * row_panels + r / kRows) * kRows + r % kRows) * width;
            std::copy_n(in, count, c.data + (row + r) * c.stride + column + j * width);
        }
    }
}

/// Σ_p a[p]·b[p] (or |a[p]|·b[p]) with four independent vector sums.
double dot(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b, std::int64_t k, bool absolute) {
    const Vector d;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    auto s0 = hn::Zero(d);
    auto s1 = hn::Zero(d);
    auto s2 = hn::Zero(d);
    auto s3 = hn::Zero(d);
    std::int64_t p = 0;
    const auto load = [&](std::int64_t at) {
        const auto v = hn::LoadU(d, a + at);
        return absolute ? hn::Abs(v) : v;
    };
    for (; p + 4 * lanes <= k; p += 4 * lanes) {
        s0 = hn::MulAdd(load(p), hn::LoadU(d, b + p), s0);
        s1 = hn::MulAdd(load(p + lanes), hn::LoadU(d, b + p + lanes), s1);
        s2 = hn::MulAdd(load(p + 2 * lanes), hn::LoadU(d, b + p + 2 * lanes), s2);
        s3 = hn::MulAdd(load(p + 3 * lanes), hn::LoadU(d, b + p + 3 * lanes), s3);
    }
    for (; p + lanes <= k; p += lanes) {
        s0 = hn::MulAdd(load(p), hn::LoadU(d, b + p), s0);
    }
    double sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
    for (; p < k; ++p) {
        sum += (absolute ? std::fabs(a[p]) : a[p]) * b[p];
    }
    return sum;
}

/// Rows [row, row + rows) of C for few columns: `b` holds B's columns one after the other.
void multiply_rows(std::int64_t row, std::int64_t rows, std::int64_t n, std::int64_t k, ConstMatrix a, const double* b, MutableMatrix c,
                   bool absolute) {
    for (std::int64_t i = row; i < row + rows; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
            c.data[i * c.stride + j] = dot(a.data + i * a.stride, b + j * k, k, absolute);
        }
    }
}

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace qbound::internal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qbound::internal {

HWY_EXPORT(multiply_block);
HWY_EXPORT(multiply_rows);
HWY_EXPORT(target_name);

namespace {

constexpr std::int64_t kFewColumns = 4;  // below this, dot products beat padded panels
constexpr std::int64_t kTileRows = 144;
constexpr std::int64_t kTileColumns = 240;

void multiply_few_columns(std::int64_t m, std::int64_t n, std::int64_t k, ConstMatrix a, ConstMatrix b, MutableMatrix c, bool absolute,
                          int threads) {
    std::vector<double> columns(static_cast<std::size_t>(n * k));
    for (std::int64_t p = 0; p < k; ++p) {
        for (std::int64_t j = 0; j < n; ++j) {
            columns[static_cast<std::size_t>(j * k + p)] = b.data[p * b.stride + j];
        }
    }
    constexpr std::int64_t kRowsPerTile = 64;
    parallel_for((m + kRowsPerTile - 1) / kRowsPerTile, k * m < 1 << 15 ? 1 : threads, [&](std::int64_t tile) {
        const std::int64_t row = tile * kRowsPerTile;
        HWY_DYNAMIC_DISPATCH(multiply_rows)
        (row, std::min(kRowsPerTile, m - row), n, k, a, columns.data(), c, absolute);
    });
}

}  // namespace

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, ConstMatrix a, ConstMatrix b, MutableMatrix c, LeftFactor left, int threads) {
    const bool absolute = left == LeftFactor::absolute;
    if (m <= 0 || n <= 0) {
        return;
    }
    if (n <= kFewColumns) {
        multiply_few_columns(m, n, k, a, b, c, absolute, threads);
        return;
    }
    const std::int64_t row_tiles = (m + kTileRows - 1) / kTileRows;
    const std::int64_t column_tiles = (n + kTileColumns - 1) / kTileColumns;
    const bool small = m * n < (1 << 20) && m * n * k < (1 << 18);
    parallel_for(row_tiles * column_tiles, small ? 1 : threads, [&](std::int64_t tile) {
        const std::int64_t row = (tile % row_tiles) * kTileRows;
        const std::int64_t column = (tile / row_tiles) * kTileColumns;
        HWY_DYNAMIC_DISPATCH(multiply_block)
        (row, std::min(kTileRows, m - row), column, std::min(kTileColumns, n - column), k, a, b, c, absolute);
    });
}

std::string gemm_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace qbound::internal
#endif
