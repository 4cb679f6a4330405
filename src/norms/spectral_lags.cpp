// SPDX-License-Identifier: Apache-2.0
// G(ω) = Σ_δ G_δ e^{i⟨ω,δ⟩}: the real coefficients once, from products of taps; then every frequency costs only a combination (S5).
#include "core/gemm.hpp"
#include "core/parallel.hpp"
#include "norms/spectral_gram.hpp"
#include "norms/spectral_kernels.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace qbound::internal {

namespace {

constexpr std::int64_t kStripe = 144;                             // rows and columns of a tile of G, the rows of gemm's own tiles
constexpr std::int64_t kEntriesPerSlice = std::int64_t{1} << 20;  // of the repacked taps, twice
constexpr std::int64_t kNaiveProduct = 1024;                      // multiply-adds below which a plain loop beats gemm

using Offset = std::array<std::int64_t, 2>;

/// F_left·F_rightᵀ is a share of G_δ, in the block of rows of left's phase and columns of right's.
struct TapProduct {
    std::size_t left;
    std::size_t right;
    std::int64_t row_block;
    std::int64_t column_block;
};

struct LagProducts {
    Offset delta;
    std::vector<TapProduct> products;
};

/// The products that make up each G_δ of one half of the lags; δ = 0 comes first, with its upper triangle only.
std::vector<LagProducts> list_products(const Symbol& symbol, GramSide side) {
    std::map<Offset, std::vector<TapProduct>> by_lag;
    by_lag[{0, 0}] = {};
    for (std::size_t a = 0; a < symbol.taps.size(); ++a) {
        for (std::size_t b = 0; b < symbol.taps.size(); ++b) {
            const Tap& left = symbol.taps[a];
            const Tap& right = symbol.taps[b];
            if (side == GramSide::outputs && left.phase != right.phase) {
                continue;
            }
            const Offset delta{left.offset[0] - right.offset[0], left.offset[1] - right.offset[1]};
            const std::int64_t row_block = side == GramSide::outputs ? 0 : left.phase;
            const std::int64_t column_block = side == GramSide::outputs ? 0 : right.phase;
            const bool kept = delta > Offset{0, 0} || (delta == Offset{0, 0} && row_block <= column_block);
            if (kept) {
                by_lag[delta].push_back({a, b, row_block, column_block});
            }
        }
    }
    std::vector<LagProducts> lags;
    for (auto& [delta, products] : by_lag) {
        lags.push_back({delta, std::move(products)});
    }
    return lags;
}

/// Consecutive rows (and columns) of G inside one block.
struct Stripe {
    std::int64_t block;
    std::int64_t first;  ///< within the block
    std::int64_t size;
};

class LagGram final : public GramSource {
  public:
    LagGram(const Symbol& symbol, const GroupShape& shape, GramSide side, std::span<const double> weight, int threads)
        : lags_(list_products(symbol, side)), taps_(static_cast<std::int64_t>(symbol.taps.size())) {
        block_ = side == GramSide::outputs ? shape.rows : shape.columns;
        depth_ = side == GramSide::outputs ? shape.columns : shape.rows;
        const std::int64_t blocks = side == GramSide::outputs ? 1 : symbol.phases;
        order_ = block_ * blocks;
        groups_ = shape.groups;
        for (std::int64_t block = 0; block < blocks; ++block) {
            for (std::int64_t first = 0; first < block_; first += kStripe) {
                stripes_.push_back({block, first, std::min(kStripe, block_ - first)});
            }
        }
        chunks_ = (groups_ * triangle() + kGramChunk - 1) / kGramChunk;
        coefficients_ =
            std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(chunks_ * (1 + 2 * lag_count()) * kGramChunk));
        clear_last_chunk();
        multiply_taps(symbol, shape, side, weight, threads);
        for (LagProducts& lag : lags_) {
            lag.products = {};
        }
    }

    void sample(const FrequencyGrid& grid, std::span<const Frequency> frequencies, bool real, GramSamples& out) const override {
        const auto lags = static_cast<std::size_t>(lag_count());
        std::vector<double> cosine(frequencies.size() * lags);
        std::vector<double> sine(frequencies.size() * lags);
        std::array<double*, kFrequenciesPerTile> re{};
        std::array<double*, kFrequenciesPerTile> im{};
        out.re.resize(kFrequenciesPerTile);
        out.im.resize(kFrequenciesPerTile);
        for (std::size_t f = 0; f < frequencies.size(); ++f) {
            for (std::size_t l = 0; l < lags; ++l) {
                const UnitRoot root = twiddle(grid, frequencies[f], lags_[l + 1].delta);
                cosine[f * lags + l] = root.cosine;
                sine[f * lags + l] = root.sine;
            }
            out.re[f].resize(static_cast<std::size_t>(chunks_ * kGramChunk));
            re[f] = out.re[f].data();
            if (!real) {
                out.im[f].resize(static_cast<std::size_t>(chunks_ * kGramChunk));
                im[f] = out.im[f].data();
            }
        }
        combine_lags(chunks_, lag_count(), coefficients_.get(), static_cast<std::int64_t>(frequencies.size()), cosine.data(),
                     real ? nullptr : sine.data(), re.data(), im.data());
    }

    [[nodiscard]] double relative_error_up() const noexcept override {
        const std::int64_t terms = depth_ * taps_;  // products per entry of a G_δ, at most
        if (lag_count() == 0) {
            return gamma_up(terms);
        }
        return next_up(1.5 * (gamma_up(2 * terms + lag_count() + 3) + 2 * kTwiddleError));
    }

  private:
    /// Every tap's factor F, channels [begin, begin + size) of those summed over: as it is and transposed.
    struct Slice {
        std::int64_t begin;
        std::int64_t size;
        std::unique_ptr<double[]> left;   ///< [group][tap][channel][slice]
        std::unique_ptr<double[]> right;  ///< [group][tap][slice][channel]
    };

    /// Half of the non-zero lags.
    [[nodiscard]] std::int64_t lag_count() const noexcept { return static_cast<std::int64_t>(lags_.size()) - 1; }

    void clear_last_chunk() noexcept;
    void multiply_taps(const Symbol& symbol, const GroupShape& shape, GramSide side, std::span<const double> weight, int threads);
    void add_tile(const Slice& slice, std::int64_t group, std::size_t lag, const Stripe& rows, const Stripe& columns);
    void add_products(const Slice& slice, std::int64_t group, std::size_t lag, const Stripe& rows, const Stripe& columns,
                      std::vector<double>& sum) const;

    std::vector<LagProducts> lags_;
    std::vector<Stripe> stripes_;
    std::int64_t taps_ = 0;
    std::int64_t block_ = 0;  ///< rows of a tap's factor F: channels on the squared side
    std::int64_t depth_ = 0;  ///< columns of F: channels summed over
    std::int64_t chunks_ = 0;
    std::unique_ptr<double[]> coefficients_;  ///< chunk by chunk: G_0, then each G_δ + G_δᵀ, then each G_δ − G_δᵀ
};

/// The entries beyond the last group's triangle: never used, but read.
void LagGram::clear_last_chunk() noexcept {
    const std::int64_t arrays = 1 + 2 * lag_count();
    std::fill_n(coefficients_.get() + (chunks_ - 1) * arrays * kGramChunk, arrays * kGramChunk, 0.0);
}

void LagGram::multiply_taps(const Symbol& symbol, const GroupShape& shape, GramSide side, std::span<const double> weight,
                            int threads) {
    const std::int64_t per_channel = groups_ * taps_ * block_;
    const std::int64_t slices = std::clamp<std::int64_t>(depth_ * per_channel / kEntriesPerSlice, 1, (depth_ + 63) / 64);
    const std::int64_t size_max = (depth_ + slices - 1) / slices;
    Slice slice{};
    slice.left = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(per_channel * size_max));
    slice.right = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(per_channel * size_max));
    std::vector<std::pair<Stripe, Stripe>> tiles;
    for (std::size_t i = 0; i < stripes_.size(); ++i) {
        for (std::size_t j = i; j < stripes_.size(); ++j) {
            tiles.emplace_back(stripes_[i], stripes_[j]);
        }
    }
    const auto tile_count = static_cast<std::int64_t>(tiles.size());
    const auto lags = static_cast<std::int64_t>(lags_.size());
    for (slice.begin = 0; slice.begin < depth_; slice.begin += size_max) {
        slice.size = std::min(size_max, depth_ - slice.begin);
        parallel_for(groups_ * block_, threads, [&](std::int64_t item) {
            const std::int64_t group = item / block_;
            const std::int64_t channel = item % block_;
            for (std::int64_t k = 0; k < slice.size; ++k) {
                const std::int64_t row = side == GramSide::outputs ? channel : slice.begin + k;
                const std::int64_t column = side == GramSide::outputs ? slice.begin + k : channel;
                const double* kernel = weight.data() + ((group * shape.rows + row) * shape.columns + column) * shape.kernel;
                for (std::int64_t t = 0; t < taps_; ++t) {
                    const double w = kernel[symbol.taps[static_cast<std::size_t>(t)].index];
                    const std::int64_t factor = (group * taps_ + t) * block_ * slice.size;
                    slice.left[static_cast<std::size_t>(factor + channel * slice.size + k)] = w;
                    slice.right[static_cast<std::size_t>(factor + k * block_ + channel)] = w;
                }
            }
        });
        parallel_for(groups_ * lags * tile_count, threads, [&](std::int64_t item) {
            const auto& [rows, columns] = tiles[static_cast<std::size_t>(item % tile_count)];
            add_tile(slice, item / tile_count / lags, static_cast<std::size_t>(item / tile_count % lags), rows, columns);
        });
    }
}

/// The slice's share of G_δ at rows × columns, and of its transpose, goes into the coefficients.
void LagGram::add_tile(const Slice& slice, std::int64_t group, std::size_t lag, const Stripe& rows, const Stripe& columns) {
    const bool diagonal = rows.block == columns.block && rows.first == columns.first;
    std::vector<double> above(static_cast<std::size_t>(rows.size * columns.size), 0.0);
    std::vector<double> below(lag == 0 || diagonal ? 0 : above.size(), 0.0);  // the transposed place
    add_products(slice, group, lag, rows, columns, above);
    if (!below.empty()) {
        add_products(slice, group, lag, columns, rows, below);
    }
    const std::vector<double>& mirror = diagonal ? above : below;
    const std::int64_t arrays = 1 + 2 * lag_count();
    const bool first_share = slice.begin == 0;
    const auto store = [first_share](double& target, double share) { target = first_share ? share : target + share; };
    for (std::int64_t i = 0; i < rows.size; ++i) {
        const std::int64_t row = rows.block * block_ + rows.first + i;
        const std::int64_t column = columns.block * block_ + columns.first;
        const std::int64_t row_start =
            group * triangle() + row * order_ - row * (row - 1) / 2 - row;  // entry of column 0, were it stored
        for (std::int64_t j = diagonal ? i : 0; j < columns.size;) {
            const std::int64_t entry = row_start + column + j;
            const std::int64_t in_chunk = entry % kGramChunk;
            double* chunk = coefficients_.get() + entry / kGramChunk * arrays * kGramChunk + in_chunk;
            const std::int64_t end = std::min(columns.size, j + kGramChunk - in_chunk);
            double* symmetric = chunk + static_cast<std::int64_t>(lag) * kGramChunk;
            double* skew = symmetric + lag_count() * kGramChunk;
            for (; j < end; ++j, ++symmetric, ++skew) {
                const double here = above[static_cast<std::size_t>(i * columns.size + j)];
                if (lag == 0) {
                    store(*symmetric, here);
                } else {
                    const double there = mirror[static_cast<std::size_t>(j * rows.size + i)];
                    store(*symmetric, here + there);
                    store(*skew, here - there);
                }
            }
        }
    }
}

/// sum += the slice's share of G_δ at rows × columns.
void LagGram::add_products(const Slice& slice, std::int64_t group, std::size_t lag, const Stripe& rows, const Stripe& columns,
                           std::vector<double>& sum) const {
    std::vector<double> product;
    for (const TapProduct& item : lags_[lag].products) {
        if (item.row_block != rows.block || item.column_block != columns.block) {
            continue;
        }
        const double* left =
            slice.left.get() + ((group * taps_ + static_cast<std::int64_t>(item.left)) * block_ + rows.first) * slice.size;
        const double* right =
            slice.right.get() + (group * taps_ + static_cast<std::int64_t>(item.right)) * block_ * slice.size + columns.first;
        if (rows.size * columns.size * slice.size <= kNaiveProduct) {
            for (std::int64_t i = 0; i < rows.size; ++i) {
                for (std::int64_t k = 0; k < slice.size; ++k) {
                    for (std::int64_t j = 0; j < columns.size; ++j) {
                        sum[static_cast<std::size_t>(i * columns.size + j)] += left[i * slice.size + k] * right[k * block_ + j];
                    }
                }
            }
            continue;
        }
        product.resize(sum.size());
        gemm(rows.size, columns.size, slice.size, {left, slice.size}, {right, block_}, {product.data(), columns.size},
             LeftFactor::as_is, 1);
        std::transform(product.begin(), product.end(), sum.begin(), sum.begin(), [](double x, double y) { return x + y; });
    }
}

}  // namespace

std::unique_ptr<GramSource> make_lag_gram(const Symbol& symbol, const GroupShape& shape, GramSide side,
                                          std::span<const double> weight, int threads) {
    return std::make_unique<LagGram>(symbol, shape, side, weight, threads);
}

}  // namespace qbound::internal
