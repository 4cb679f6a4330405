// SPDX-License-Identifier: Apache-2.0
// K(ω) and its square at each frequency: cheaper than lags when the kernel has many taps for the frequencies asked for (S6).
#include "core/gemm.hpp"
#include "norms/spectral_gram.hpp"
#include "norms/spectral_kernels.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>

namespace qbound::internal {

namespace {

constexpr std::int64_t kRowsPerTile = 64;

class TransferGram final : public GramSource {
  public:
    TransferGram(const Symbol& symbol, const GroupShape& shape, GramSide side, std::span<const double> weight)
        : symbol_(symbol), shape_(shape), side_(side), weight_(weight) {
        order_ = side == GramSide::outputs ? shape.rows : shape.columns * symbol.phases;
        depth_ = side == GramSide::outputs ? shape.columns * symbol.phases : shape.rows;
        groups_ = shape.groups;
    }

    void sample(const FrequencyGrid& grid, std::span<const Frequency> frequencies, bool real, GramSamples& out) const override {
        const auto size = static_cast<std::size_t>(groups_ * triangle());
        out.re.resize(kFrequenciesPerTile);
        out.im.resize(kFrequenciesPerTile);
        Workspace work;
        for (std::size_t f = 0; f < frequencies.size(); ++f) {
            out.re[f].resize(size);
            out.im[f].resize(real ? 0 : size);
            for (std::int64_t group = 0; group < groups_; ++group) {
                load(grid, frequencies[f], group, real, work);
                const std::int64_t at = group * triangle();
                square(work.right, work.right_transposed, real ? depth_ : 2 * depth_, out.re[f].data() + at, work.product);
                if (!real) {
                    square(work.turned, work.right_transposed, 2 * depth_, out.im[f].data() + at, work.product);
                }
            }
        }
    }

    [[nodiscard]] double relative_error_up() const noexcept override {
        const double entries = gamma_up(static_cast<std::int64_t>(symbol_.taps.size())) + 2 * kTwiddleError;
        return next_up(2 * (gamma_up(2 * depth_) + 2 * entries));
    }

  private:
    struct Workspace {
        std::vector<double> right;             ///< F = [Re K | Im K], order × 2·depth (K or its transpose)
        std::vector<double> turned;            ///< [Im K | −Re K]
        std::vector<double> right_transposed;  ///< Fᵀ
        std::vector<double> product;
    };

    void load(const FrequencyGrid& grid, const Frequency& frequency, std::int64_t group, bool real, Workspace& work) const {
        std::vector<UnitRoot> roots;
        for (const Tap& tap : symbol_.taps) {
            roots.push_back(twiddle(grid, frequency, tap.offset));
        }
        const std::int64_t width = real ? depth_ : 2 * depth_;
        work.right.resize(static_cast<std::size_t>(order_ * width));
        work.turned.resize(real ? 0 : work.right.size());
        work.right_transposed.resize(work.right.size());
        const std::vector<std::int64_t> taps_per_phase = symbol_.taps_per_phase();
        for (std::int64_t row = 0; row < shape_.rows; ++row) {
            for (std::int64_t column = 0; column < shape_.columns; ++column) {
                const double* kernel = weight_.data() + ((group * shape_.rows + row) * shape_.columns + column) * shape_.kernel;
                std::size_t t = 0;
                for (std::int64_t phase = 0; phase < symbol_.phases; ++phase) {
                    double re = 0;
                    double im = 0;
                    for (const std::size_t end = t + static_cast<std::size_t>(taps_per_phase[static_cast<std::size_t>(phase)]);
                         t < end; ++t) {
                        const double w = kernel[symbol_.taps[t].index];
                        re += w * roots[t].cosine;
                        im += w * roots[t].sine;
                    }
                    const std::int64_t in_phase = phase * shape_.columns + column;
                    const std::int64_t i = side_ == GramSide::outputs ? row : in_phase;
                    const std::int64_t k = side_ == GramSide::outputs ? in_phase : row;
                    work.right[static_cast<std::size_t>(i * width + k)] = re;
                    work.right_transposed[static_cast<std::size_t>(k * order_ + i)] = re;
                    if (!real) {
                        work.right[static_cast<std::size_t>(i * width + depth_ + k)] = im;
                        work.right_transposed[static_cast<std::size_t>((depth_ + k) * order_ + i)] = im;
                        work.turned[static_cast<std::size_t>(i * width + k)] = im;
                        work.turned[static_cast<std::size_t>(i * width + depth_ + k)] = -re;
                    }
                }
            }
        }
    }

    /// Upper triangle of left·right, packed.
    void square(const std::vector<double>& left, const std::vector<double>& right, std::int64_t width, double* packed,
                std::vector<double>& product) const {
        for (std::int64_t row = 0; row < order_; row += kRowsPerTile) {
            const std::int64_t rows = std::min(kRowsPerTile, order_ - row);
            const std::int64_t columns = order_ - row;
            product.resize(static_cast<std::size_t>(rows * columns));
            gemm(rows, columns, width, {left.data() + row * width, width}, {right.data() + row, order_}, {product.data(), columns},
                 LeftFactor::as_is, 1);
            for (std::int64_t i = 0; i < rows; ++i) {
                packed = std::copy_n(product.data() + i * columns + i, columns - i, packed);
            }
        }
    }

    const Symbol& symbol_;
    GroupShape shape_;
    GramSide side_;
    std::span<const double> weight_;
    std::int64_t depth_ = 0;
};

}  // namespace

std::unique_ptr<GramSource> make_transfer_gram(const Symbol& symbol, const GroupShape& shape, GramSide side,
                                               std::span<const double> weight) {
    return std::make_unique<TransferGram>(symbol, shape, side, weight);
}

}  // namespace qbound::internal
