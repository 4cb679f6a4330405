// SPDX-License-Identifier: Apache-2.0
#include "norms/spectral_certify.hpp"

#include "core/parallel.hpp"
#include "norms/spectral_cholesky.hpp"
#include "norms/spectral_kernels.hpp"
#include "norms/spectral_lanczos.hpp"
#include "qbound/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>

namespace qbound::internal {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRelativeMargin = 1e-9;  // between an eigenvalue's estimate and the shift that is tried first
constexpr double kTypicalGap = 1e-2;      // relative distance of the second eigenvalue that the first shift reckons with
constexpr double kMarginGrowth = 8;
constexpr std::size_t kFirstRoundTiles = 2;
constexpr std::size_t kMaxRoundTiles = 256;

/// What one thread needs for a tile.
struct Workspace {
    GramSamples samples;
    ShiftedCholesky cholesky;
    Lanczos lanczos;
};

/// Workspaces for as many threads as ever run at once.
class WorkspacePool {
  public:
    [[nodiscard]] std::unique_ptr<Workspace> take() {
        const std::scoped_lock lock(mutex_);
        if (free_.empty()) {
            return std::make_unique<Workspace>();
        }
        std::unique_ptr<Workspace> workspace = std::move(free_.back());
        free_.pop_back();
        return workspace;
    }
    void give_back(std::unique_ptr<Workspace> workspace) {
        const std::scoped_lock lock(mutex_);
        free_.push_back(std::move(workspace));
    }

  private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Workspace>> free_;
};

struct Tile {
    std::vector<Frequency> frequencies;
    bool real = false;
};

/// Real frequencies first, then the others far from their neighbours, so that an early round meets values near the maximum.
std::vector<Tile> make_tiles(const FrequencyGrid& grid) {
    const std::vector<Frequency> frequencies = grid.half();
    const auto first_complex =
        std::find_if(frequencies.begin(), frequencies.end(), [&](const Frequency& f) { return !grid.is_real(f); });
    const auto reals = static_cast<std::size_t>(first_complex - frequencies.begin());
    const std::size_t rest = frequencies.size() - reals;
    std::size_t step = std::max<std::size_t>(1, static_cast<std::size_t>(static_cast<double>(rest) * 0.6180339887498949));
    while (rest > 0 && std::gcd(step, rest) != 1) {
        ++step;
    }
    std::vector<Tile> tiles;
    const auto add = [&](const Frequency& frequency, bool real) {
        if (tiles.empty() || tiles.back().real != real ||
            tiles.back().frequencies.size() == static_cast<std::size_t>(kFrequenciesPerTile)) {
            tiles.push_back({{}, real});
        }
        tiles.back().frequencies.push_back(frequency);
    };
    for (std::size_t i = 0; i < reals; ++i) {
        add(frequencies[i], true);
    }
    for (std::size_t i = 0; i < rest; ++i) {
        add(frequencies[reals + i * step % rest], false);
    }
    return tiles;
}

/// ‖H‖_F² of a packed Hermitian matrix, rounded up; NaN gives +∞.
double frobenius_squared_up(std::int64_t n, const double* re, const double* im) {
    const std::int64_t size = n * (n + 1) / 2;
    const double upper = sum_of_squares(size, re) + (im != nullptr ? sum_of_squares(size, im) : 0);
    return inflate_sum_up(2 * upper, 4 * size + 2);  // the diagonal counted twice
}

/// Certifies one Hermitian matrix: the result is `known` if λ_max(H) ≤ `known` up to the slack of S8, otherwise a larger value.
double certify(std::int64_t n, const double* re, const double* im, double known, Workspace& work) {
    if (n == 1) {
        return re[0] <= known ? known : (re[0] < kInfinity ? re[0] : kInfinity);
    }
    const double frobenius = next_up(std::sqrt(frobenius_squared_up(n, re, im)));
    if (frobenius <= known) {
        return known;
    }
    if (!(frobenius < kInfinity)) {
        return kInfinity;
    }
    if (known > 0 && work.cholesky.succeeds(n, re, im, known)) {
        return known;
    }
    const EigenvalueEstimate estimate = work.lanczos.approx_largest_eigenvalue(n, re, im);
    if (!(estimate.value > 0)) {
        return frobenius;
    }
    const double relative = estimate.residual / estimate.value;
    double margin = kRelativeMargin + 2 * cholesky_slack_up(n, im != nullptr) + relative * relative / kTypicalGap;
    for (double shift = estimate.value * (1 + margin); shift < frobenius; shift = estimate.value * (1 + margin)) {
        if (shift > known && work.cholesky.succeeds(n, re, im, shift)) {
            return shift;
        }
        margin *= kMarginGrowth;
    }
    return frobenius;
}

}  // namespace

double largest_eigenvalue_up(const GramSource& gram, const FrequencyGrid& grid, double limit, int threads) {
    const std::vector<Tile> tiles = make_tiles(grid);
    WorkspacePool pool;
    double known = 0;
    std::vector<double> found;
    std::size_t round = kFirstRoundTiles;
    for (std::size_t begin = 0; begin < tiles.size();) {
        const std::size_t count = std::min(round, tiles.size() - begin);
        found.assign(count, known);
        parallel_for(static_cast<std::int64_t>(count), threads, [&](std::int64_t item) {
            std::unique_ptr<Workspace> work = pool.take();
            const Tile& tile = tiles[begin + static_cast<std::size_t>(item)];
            double& bound = found[static_cast<std::size_t>(item)];
            gram.sample(grid, tile.frequencies, tile.real, work->samples);
            for (std::size_t f = 0; f < tile.frequencies.size(); ++f) {
                for (std::int64_t group = 0; group < gram.groups(); ++group) {
                    const std::int64_t at = group * gram.triangle();
                    const double* im = tile.real ? nullptr : work->samples.im[f].data() + at;
                    bound = certify(gram.order(), work->samples.re[f].data() + at, im, bound, *work);
                }
            }
            pool.give_back(std::move(work));
        });
        known = *std::max_element(found.begin(), found.end());
        if (known > limit) {
            return kInfinity;
        }
        begin += count;
        round = std::min(2 * round, kMaxRoundTiles);
    }
    return known;
}

}  // namespace qbound::internal
