// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "norms/spectral_symbol.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace qbound::internal {

/// A weight tensor as groups of rows × columns matrices, `kernel` of them (taps) interleaved: groups·rows × columns × kernel in
/// memory.
struct GroupShape {
    std::int64_t groups = 1;
    std::int64_t rows = 1;     ///< output channels of a group
    std::int64_t columns = 1;  ///< input channels of a group
    std::int64_t kernel = 1;   ///< taps as stored
};

/// The side on which K is squared: K Kᴴ (outputs) or KᴴK (inputs).
enum class GramSide { outputs, inputs };

/// G(ω) of every group at some frequencies, upper triangles packed by rows, one group after the other.
struct GramSamples {
    std::vector<std::vector<double>> re;
    std::vector<std::vector<double>> im;
};

/// Computes Ĝ(ω) ≈ G(ω) = K(ω)K(ω)ᴴ, or KᴴK, or the conjugate of one of them: the spectrum is the same.
class GramSource {
  public:
    GramSource() = default;
    GramSource(const GramSource&) = delete;
    GramSource& operator=(const GramSource&) = delete;
    virtual ~GramSource() = default;

    /// Samples at one to kFrequenciesPerTile frequencies of `grid`. With `real` all of them must be real, and `im` is left alone.
    virtual void sample(const FrequencyGrid& grid, std::span<const Frequency> frequencies, bool real, GramSamples& out) const = 0;

    /// τ ≥ 0 with ‖Ĝ(ω) − G(ω)‖_2 ≤ τ·‖A‖_F² + 2^−800 for every sample and group, A = [Σ_{taps of p}|W_tap|]_p the group's absolute
    /// sums.
    [[nodiscard]] virtual double relative_error_up() const noexcept = 0;

    [[nodiscard]] std::int64_t order() const noexcept { return order_; }
    [[nodiscard]] std::int64_t groups() const noexcept { return groups_; }
    /// Packed entries of one group.
    [[nodiscard]] std::int64_t triangle() const noexcept { return order_ * (order_ + 1) / 2; }

  protected:
    std::int64_t order_ = 0;
    std::int64_t groups_ = 1;
};

/// How to compute the samples of a layer, from the shapes alone.
struct GramPlan {
    GramSide side = GramSide::outputs;
    bool by_lags = true;  ///< coefficients of the trigonometric polynomial G once, or K(ω) and its square at every frequency
    std::int64_t order = 0;
    double operations = 0;  ///< multiply-adds in all, with the Cholesky factorisations
};

/// The cheapest plan.
[[nodiscard]] GramPlan plan_gram(const Symbol& symbol, const GroupShape& shape, const FrequencyGrid& grid);

/// The plan carried out. `weight` must outlive the result; |entries| < 2^101.
[[nodiscard]] std::unique_ptr<GramSource> make_gram(const GramPlan& plan, const Symbol& symbol, const GroupShape& shape,
                                                    std::span<const double> weight, int threads);

/// ±ε-accurate e^{2πi·numerator/points}: exact at multiples of a quarter turn, else within kRootError per component.
struct UnitRoot {
    double cosine;
    double sine;
};
[[nodiscard]] UnitRoot unit_root(std::int64_t numerator, std::int64_t points) noexcept;

/// e^{i⟨ω, offset⟩}, each component within kTwiddleError (docs/theory.md S7).
[[nodiscard]] UnitRoot twiddle(const FrequencyGrid& grid, const Frequency& frequency,
                               const std::array<std::int64_t, 2>& offset) noexcept;
inline constexpr double kTwiddleError = 0x1p-42;

/// The two implementations, for make_gram and tests.
[[nodiscard]] std::unique_ptr<GramSource> make_lag_gram(const Symbol& symbol, const GroupShape& shape, GramSide side,
                                                        std::span<const double> weight, int threads);
[[nodiscard]] std::unique_ptr<GramSource> make_transfer_gram(const Symbol& symbol, const GroupShape& shape, GramSide side,
                                                             std::span<const double> weight);

}  // namespace qbound::internal
