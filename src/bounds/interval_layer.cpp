// SPDX-License-Identifier: Apache-2.0
// Weight layers in the interval domain: midpoint–radius products of the two networks and their difference.
#include "bounds/interval_entry.hpp"
#include "core/gemm.hpp"
#include "core/parallel.hpp"

#include <algorithm>
#include <cmath>

namespace qbound::internal {
namespace {

constexpr std::int64_t kMaxTerms = std::int64_t{1} << 26;  // I2 holds for rows of at most this many terms

enum Quantity : std::size_t { qx, qd, qy };  // x, x − x', x'; neighbours in this order share a product's columns
constexpr std::size_t kQuantities = 3;
constexpr std::array<Component, kQuantities> kLowerOf = {x_lower, d_lower, y_lower};
constexpr std::array<Component, kQuantities> kUpperOf = {x_upper, d_upper, y_upper};

/// The rounding constants of I2 for rows of n terms.
struct RowRounding {
    double g;
    double factor;
    double tiny;

    explicit RowRounding(std::int64_t n)
        : g(static_cast<double>(n + 4) * kUnitRoundoff),
          factor(1 + static_cast<double>(n + 8) * 0x1p-52),
          tiny(static_cast<double>(n + 4) * 0x1p-1020) {}
};

/// Midpoints m and widened radii t = r + g|m| of one quantity's entries (I2).
struct MidpointRadius {
    std::vector<double> midpoint;
    std::vector<double> radius;
};

MidpointRadius midpoint_radius(const std::vector<double>& lower, const std::vector<double>& upper, double g) {
    MidpointRadius result;
    result.midpoint.resize(lower.size());
    result.radius.resize(lower.size());
    for (std::size_t i = 0; i < lower.size(); ++i) {
        const double m = lower[i] / 2 + upper[i] / 2;
        const double r = std::max(upper[i] - m, m - lower[i]) * (1 + 0x1p-51);
        result.midpoint[i] = m;
        // One step up: where g|m| underflows, a large weight would make the loss visible.
        result.radius[i] = m == 0 ? r : next_up(r + g * std::fabs(m));
    }
    return result;
}

/// [c − ρ, c + ρ] rounded outward; the whole line where a product was lost.
Interval around(double c, double rho) {
    if (!(std::isfinite(c) && std::isfinite(rho))) {
        return {-kInfinity, kInfinity};
    }
    return {next_down(c - rho), next_up(c + rho)};
}

/// Where the columns of one chunk read the input: for each tap of the window and each column, an offset into a channel's plane of
/// classes, or kOutside for padding.
class ColumnSources {
  public:
    ColumnSources(const AxisTaps& rows, const AxisTaps& columns, std::int64_t in_columns, std::int64_t out_columns,
                  std::int64_t first, std::int64_t count)
        : count_(count), taps_(rows.taps * columns.taps) {
        offsets_.reserve(static_cast<std::size_t>(rows.taps * columns.taps * count));
        for (std::int64_t row_tap = 0; row_tap < rows.taps; ++row_tap) {
            for (std::int64_t column_tap = 0; column_tap < columns.taps; ++column_tap) {
                for (std::int64_t p = first; p < first + count; ++p) {
                    const std::int32_t r = rows.at(p / out_columns, row_tap);
                    const std::int32_t c = columns.at(p % out_columns, column_tap);
                    offsets_.push_back(r < 0 || c < 0 ? kOutside : r * in_columns + c);
                }
            }
        }
    }

    [[nodiscard]] std::int64_t count() const noexcept { return count_; }

    /// Copies the window entries of `depth` weights (channels × taps) into `out`, zeros for padding.
    void gather(const double* values, std::int64_t in_plane, std::int64_t depth, double* out, std::int64_t row_stride,
                int threads) const {
        parallel_for(depth, depth * count_ < (1 << 16) ? 1 : threads, [&](std::int64_t k) {
            const double* plane = values + k / taps_ * in_plane;
            const std::int64_t* offset = offsets_.data() + k % taps_ * count_;
            double* to = out + k * row_stride;
            for (std::int64_t p = 0; p < count_; ++p) {
                to[p] = offset[p] < 0 ? 0.0 : plane[offset[p]];
            }
        });
    }

  private:
    std::int64_t count_;
    std::int64_t taps_;
    std::vector<std::int64_t> offsets_;
};

/// C = A·B or |A|·B. Few rows (depthwise convolutions) go through plain loops, which the panels of gemm would waste.
void product(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, ConstMatrix b, MutableMatrix c, LeftFactor left,
             int threads) {
    if (m > 2) {
        gemm(m, n, k, {a, k}, b, c, left, threads);
        return;
    }
    for (std::int64_t i = 0; i < m; ++i) {
        double* out = c.data + i * c.stride;
        std::fill_n(out, n, 0.0);
        for (std::int64_t p = 0; p < k; ++p) {
            const double w = left == LeftFactor::absolute ? std::fabs(a[i * k + p]) : a[i * k + p];
            const double* in = b.data + p * b.stride;
            for (std::int64_t j = 0; j < n; ++j) {
                out[j] += w * in[j];
            }
        }
    }
}

/// The products of one group of channels on one chunk of columns.
class GroupProducts {
  public:
    GroupProducts(std::int64_t rows, std::int64_t depth, std::int64_t chunk)
        : rows_(rows), depth_(depth), chunk_(chunk), results_(static_cast<std::size_t>(12 * rows * chunk)) {
        for (auto& matrix : columns_) {
            matrix.resize(static_cast<std::size_t>(depth * chunk) * kQuantities);
        }
    }

    [[nodiscard]] std::int64_t row_stride() const noexcept { return static_cast<std::int64_t>(kQuantities) * chunk_; }
    /// Where column 0 of quantity q begins: midpoints or radii.
    [[nodiscard]] double* midpoints(Quantity q) { return columns_[0].data() + static_cast<std::int64_t>(q) * chunk_; }
    [[nodiscard]] double* radii(Quantity q) { return columns_[1].data() + static_cast<std::int64_t>(q) * chunk_; }

    /// weights · (quantities [from, from + number)) into result slots slot.. ; midpoints with signs, radii with magnitudes.
    void multiply(const double* weights, Quantity from, std::int64_t number, std::int64_t slot, int threads) {
        const std::int64_t n = number * chunk_;
        product(rows_, n, depth_, weights, {midpoints(from), row_stride()}, {result(slot, false), result_stride()},
                LeftFactor::as_is, threads);
        product(rows_, n, depth_, weights, {radii(from), row_stride()}, {result(slot, true), result_stride()}, LeftFactor::absolute,
                threads);
    }
    [[nodiscard]] double center(std::int64_t slot, std::int64_t row, std::int64_t column) {
        return result(slot, false)[row * result_stride() + column];
    }
    [[nodiscard]] double spread(std::int64_t slot, std::int64_t row, std::int64_t column) {
        return result(slot, true)[row * result_stride() + column];
    }

  private:
    [[nodiscard]] std::int64_t result_stride() const noexcept { return 6 * chunk_; }
    [[nodiscard]] double* result(std::int64_t slot, bool radius) {
        return results_.data() + (radius ? 6 * rows_ * chunk_ : 0) + slot * chunk_;
    }

    std::int64_t rows_;
    std::int64_t depth_;
    std::int64_t chunk_;
    std::array<std::vector<double>, 2> columns_;
    std::vector<double> results_;  // 2 × rows × (6 slots × chunk)
};

// Slots of the six products: W·x, W·d, W'·d, W'·x', ΔW·x, ΔW·x'.
enum Slot : std::int64_t { w_x, w_d, v_d, v_y, delta_x, delta_y };

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> result(a.size());
    std::transform(a.begin(), a.end(), b.begin(), result.begin(), [](double s, double t) { return s - t; });
    return result;
}

}  // namespace

void propagate_weight_layer(const WeightLayer& layer, const QuantizedLayer& quantized, const DifferentialIntervals& in,
                            DifferentialIntervals& out, int threads) {
    const std::int64_t rows = layer.out_channels() / layer.groups;
    const std::int64_t depth = layer.fan_in();
    const AxisTaps row_taps = window_taps(layer.axes[0], in.grid.rows, out.grid.rows);
    const AxisTaps column_taps = window_taps(layer.axes[1], in.grid.columns, out.grid.columns);
    const std::int64_t plane = out.plane();

    // A row of the difference has the weights twice, the bias, and the roundings of ΔW and Δb: I2 with n = 2·depth + 3.
    const std::int64_t terms = 2 * depth + 3;
    if (terms > kMaxTerms) {
        for (std::size_t q = 0; q < kQuantities; ++q) {
            std::fill(out.values[kLowerOf[q]].begin(), out.values[kLowerOf[q]].end(), -kInfinity);
            std::fill(out.values[kUpperOf[q]].begin(), out.values[kUpperOf[q]].end(), kInfinity);
        }
        return;
    }
    const RowRounding rounding(terms);
    std::array<MidpointRadius, kQuantities> entries;
    for (std::size_t q = 0; q < kQuantities; ++q) {
        entries[q] = midpoint_radius(in.values[kLowerOf[q]], in.values[kUpperOf[q]], rounding.g);
    }
    const std::vector<double> delta = difference(layer.weight->data, quantized.weight->data);

    const auto multiply_tile = [&](std::int64_t group, const ColumnSources& sources, std::int64_t first, int inner_threads) {
        const std::int64_t weight_offset = group * rows * depth;
        const std::int64_t input_offset = group * layer.weight->shape[1] * in.plane();
        GroupProducts products(rows, depth, sources.count());
        for (const Quantity q : {qx, qd, qy}) {
            sources.gather(entries[q].midpoint.data() + input_offset, in.plane(), depth, products.midpoints(q),
                           products.row_stride(), inner_threads);
            sources.gather(entries[q].radius.data() + input_offset, in.plane(), depth, products.radii(q), products.row_stride(),
                           inner_threads);
        }
        products.multiply(layer.weight->data.data() + weight_offset, qx, 2, w_x, inner_threads);
        products.multiply(quantized.weight->data.data() + weight_offset, qd, 2, v_d, inner_threads);
        products.multiply(delta.data() + weight_offset, qx, 1, delta_x, inner_threads);
        products.multiply(delta.data() + weight_offset, qy, 1, delta_y, inner_threads);

        for (std::int64_t i = 0; i < rows; ++i) {
            const std::int64_t channel = group * rows + i;
            const double b = layer.bias.empty() ? 0.0 : layer.bias[static_cast<std::size_t>(channel)];
            const double b_quantized = quantized.bias.empty() ? 0.0 : quantized.bias[static_cast<std::size_t>(channel)];
            const double b_delta = b - b_quantized;
            const auto row = [&](double c, double spread, double bias) {
                return around(c + bias, (spread + rounding.g * std::fabs(bias)) * rounding.factor + rounding.tiny);
            };
            for (std::int64_t p = 0; p < sources.count(); ++p) {
                const auto at = static_cast<std::size_t>(channel * plane + first + p);
                const Interval x = row(products.center(w_x, i, p), products.spread(w_x, i, p), b);
                const Interval y = row(products.center(v_y, i, p), products.spread(v_y, i, p), b_quantized);
                const Interval by_theta = row(products.center(w_d, i, p) + products.center(delta_y, i, p),
                                              products.spread(w_d, i, p) + products.spread(delta_y, i, p), b_delta);
                const Interval by_quantized = row(products.center(v_d, i, p) + products.center(delta_x, i, p),
                                                  products.spread(v_d, i, p) + products.spread(delta_x, i, p), b_delta);
                out.values[x_lower][at] = x.lower;
                out.values[x_upper][at] = x.upper;
                out.values[y_lower][at] = y.lower;
                out.values[y_upper][at] = y.upper;
                out.values[d_lower][at] = std::max({by_theta.lower, by_quantized.lower, next_down(x.lower - y.upper)});
                out.values[d_upper][at] = std::min({by_theta.upper, by_quantized.upper, next_up(x.upper - y.lower)});
            }
        }
    };

    constexpr std::int64_t kChunkEntries = std::int64_t{1} << 18;
    const std::int64_t chunk = std::clamp<std::int64_t>(kChunkEntries / depth, std::min<std::int64_t>(plane, 48), plane);
    const std::int64_t chunks = (plane + chunk - 1) / chunk;
    std::vector<ColumnSources> sources;
    sources.reserve(static_cast<std::size_t>(chunks));
    for (std::int64_t first = 0; first < plane; first += chunk) {
        sources.emplace_back(row_taps, column_taps, in.grid.columns.size(), out.grid.columns.size(), first,
                             std::min(chunk, plane - first));
    }
    // Many tiles: one thread each. Few: the threads share each product. The bits are the same.
    const std::int64_t tiles = chunks * layer.groups;
    const bool share = tiles < 2 * std::int64_t{threads};
    parallel_for(tiles, share ? 1 : threads, [&](std::int64_t tile) {
        multiply_tile(tile / chunks, sources[static_cast<std::size_t>(tile % chunks)], tile % chunks * chunk, share ? threads : 1);
    });
}

}  // namespace qbound::internal
