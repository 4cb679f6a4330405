// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_gram.hpp"

#include <cmath>
#include <limits>

namespace qbound::internal {

namespace {

constexpr double kPi = 0x1.921fb54442d18p+1;
/// Pairs of taps are listed one by one: beyond this many taps K(ω) is squared at each frequency.
constexpr std::size_t kMaxTapsByLags = 1024;

std::int64_t gram_order(const Symbol& symbol, const GroupShape& shape, GramSide side) noexcept {
    return side == GramSide::outputs ? shape.rows : shape.columns * symbol.phases;
}

double operations(const Symbol& symbol, const GroupShape& shape, const FrequencyGrid& grid, GramSide side, bool by_lags) {
    const auto order = static_cast<double>(gram_order(symbol, shape, side));
    const auto rows = static_cast<double>(shape.rows);
    const auto columns = static_cast<double>(shape.columns);
    const auto taps = static_cast<double>(symbol.taps.size());
    const double frequencies = half_count(grid);
    double work = frequencies * order * order * order * 2 / 3;  // Cholesky
    if (by_lags) {
        double pairs = taps * taps;
        if (side == GramSide::outputs) {
            pairs = 0;
            for (const std::int64_t count : symbol.taps_per_phase()) {
                pairs += static_cast<double>(count) * static_cast<double>(count);
            }
        }
        const double block = side == GramSide::outputs ? rows * rows * columns : columns * columns * rows;
        const auto lags = 2.0 * static_cast<double>(symbol.span[0] * symbol.span[1]);
        work += pairs / 2 * block + frequencies * lags * order * order;
    } else {
        const auto phases = static_cast<double>(symbol.phases);
        const double depth = side == GramSide::outputs ? columns * phases : rows;
        work += frequencies * (2.5 * order * order * depth + 4 * taps * rows * columns);
    }
    return work * static_cast<double>(shape.groups);
}

}  // namespace

UnitRoot unit_root(std::int64_t numerator, std::int64_t points) noexcept {
    // In units of a quarter of 2π/points: a whole turn is 4·points. Folded into the first eighth, all in integers.
    std::int64_t a = 4 * (numerator % points + (numerator % points < 0 ? points : 0));
    const bool lower_half = a > 2 * points;
    a = lower_half ? 4 * points - a : a;
    const bool left_half = a > points;
    a = left_half ? 2 * points - a : a;
    const bool steep = 2 * a > points;
    a = steep ? points - a : a;
    const double angle = kPi * static_cast<double>(a) / static_cast<double>(2 * points);
    double cosine = std::cos(angle);
    double sine = std::sin(angle);
    if (steep) {
        std::swap(cosine, sine);
    }
    return {left_half ? -cosine : cosine, lower_half ? -sine : sine};
}

UnitRoot twiddle(const FrequencyGrid& grid, const Frequency& frequency, const std::array<std::int64_t, 2>& offset) noexcept {
    const UnitRoot a = unit_root(frequency[0] * offset[0], grid.points[0]);
    const UnitRoot b = unit_root(frequency[1] * offset[1], grid.points[1]);
    return {a.cosine * b.cosine - a.sine * b.sine, a.sine * b.cosine + a.cosine * b.sine};
}

GramPlan plan_gram(const Symbol& symbol, const GroupShape& shape, const FrequencyGrid& grid) {
    GramPlan best;
    best.operations = std::numeric_limits<double>::infinity();
    for (const GramSide side : {GramSide::outputs, GramSide::inputs}) {
        for (const bool by_lags : {true, false}) {
            const double work = operations(symbol, shape, grid, side, by_lags);
            if (work < best.operations && (!by_lags || symbol.taps.size() <= kMaxTapsByLags)) {
                best = {side, by_lags, gram_order(symbol, shape, side), work};
            }
        }
    }
    return best;
}

std::unique_ptr<GramSource> make_gram(const GramPlan& plan, const Symbol& symbol, const GroupShape& shape,
                                      std::span<const double> weight, int threads) {
    return plan.by_lags ? make_lag_gram(symbol, shape, plan.side, weight, threads)
                        : make_transfer_gram(symbol, shape, plan.side, weight);
}

}  // namespace qbound::internal
