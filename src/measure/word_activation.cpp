// SPDX-License-Identifier: Apache-2.0
// Activations on tensors of balls (docs/theory.md E9).
#include "measure/word_nodes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace qbound::internal {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Side : std::uint8_t { above, below };

/// On which side of c each middle is taken to lie, and the radii about max(t, c) and min(t, c), as the side has it, for balls that
/// have points on both sides (0 elsewhere).
struct Sides {
    std::vector<Side> side;
    Radii undecided;

    /// The entries of `t` on that side, 0 elsewhere, without the radii of those that are undecided.
    [[nodiscard]] Words part(Words t, Side wanted, const WordFormat& format) const {
        for_blocks(side.size(), format.threads, [&](std::size_t begin, std::size_t end) {
            for (std::vector<std::int32_t>& word : t.digits) {
                for (std::size_t i = begin; i < end; ++i) {
                    word[i] = side[i] == wanted ? word[i] : 0;
                }
            }
            for (std::size_t i = begin; i < end; ++i) {
                if (side[i] != wanted || undecided.value(i) > 0) {
                    t.radii.set(i, 0);
                }
            }
        });
        t.radii.normalise();
        return t;
    }
};

/// E9.
Sides sides_of(const Words& t, double c, const WordFormat& format) {
    Sides result;
    result.side.resize(t.entries());
    std::vector<double> undecided(t.entries(), 0.0);
    const std::int64_t unit = c == 0 ? t.radii.exponent() : std::max<std::int64_t>(t.radii.exponent(), std::ilogb(c));
    for_blocks(t.entries(), format.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const double radius = t.radii.value(i);
            if (c == 0) {
                result.side[i] = middle_is_negative(t, i) ? Side::below : Side::above;
                if (radius > 0) {
                    const Interval at = ends(t, i, format.bits).interval;
                    undecided[i] = at.lower >= 0 || at.upper <= 0 ? 0 : radius;
                }
                continue;
            }
            const Interval at = to_interval(ends(t, i, format.bits));
            if (at.lower >= c || at.upper <= c) {
                result.side[i] = at.lower >= c ? Side::above : Side::below;
                continue;
            }
            const Interval middle = to_interval(middle_ends(t, i, format.bits));
            result.side[i] = middle.upper >= c ? Side::above : Side::below;
            const double beyond = middle.upper >= c ? next_up(c - middle.lower) : 0;  // the middle may lie so far below c
            undecided[i] = add_up(scale_up(radius, t.radii.exponent() - unit), beyond > 0 ? scale_up(beyond, -unit) : 0);
        }
    });
    result.undecided = Radii(std::move(undecided), unit);
    return result;
}

/// t + c.
Words shifted(const Words& t, double c, const WordFormat& format) {
    if (c == 0) {
        return t;
    }
    const Words constant = from_doubles(std::span(&c, 1), format.bits, format.words + 2);
    const std::array<const Words*, 2> terms{&t, &constant};
    Sums sums(format, t.entries(), positions_of(terms, format));
    sums.add(t);
    sums.add(constant, std::vector<std::int64_t>(t.entries(), 0));
    return std::move(sums).finish();
}

/// t where it is on side `keep` of c, else c: max(t, c) for `above`, min(t, c) for `below`.
Words bounded(Words t, double c, Side keep, const WordFormat& format) {
    const Sides sides = sides_of(t, c, format);
    const bool all_kept = std::ranges::all_of(sides.side, [keep](Side s) { return s == keep; });
    if (all_kept && sides.undecided.all_zero()) {
        return t;
    }
    Words result = sides.part(std::move(t), keep, format);
    if (c == 0 || all_kept) {
        result.radii.add(sides.undecided);
        result.radii.normalise();
        return result;
    }
    const Words constant = from_doubles(std::span(&c, 1), format.bits, format.words + 2);
    std::vector<std::int64_t> replaced(sides.side.size());
    std::ranges::transform(sides.side, replaced.begin(), [keep](Side s) { return s == keep ? -1 : 0; });
    const std::array<const Words*, 2> terms{&result, &constant};
    Sums sums(format, result.entries(), positions_of(terms, format));
    sums.add(result);
    sums.add(constant, replaced);
    sums.radii().add(sides.undecided);
    return std::move(sums).finish();
}

Words clipped(Words t, double lower, double upper, const WordFormat& format) {
    if (lower > -kInfinity) {
        t = bounded(std::move(t), lower, Side::above, format);
    }
    return upper < kInfinity ? bounded(std::move(t), upper, Side::below, format) : t;
}

std::vector<double> slopes_of(const Activation& activation, const Dims& dims) {
    std::vector<double> slopes;
    for (std::int64_t channel = 0; channel < dims.channels; ++channel) {
        slopes.push_back(activation_slope(activation, channel));
    }
    return slopes;
}

Words leaky_relu(const Activation& activation, const Dims& dims, const Words& t, const WordFormat& format) {
    const Sides sides = sides_of(t, 0, format);
    const std::vector<double> slopes = slopes_of(activation, dims);
    const Words positive = sides.part(t, Side::above, format);
    const Words negative = diagonal_words(slopes, {}, dims, sides.part(t, Side::below, format), format);
    std::vector<double> undecided = sides.undecided.values();
    for (std::size_t i = 0; i < undecided.size(); ++i) {
        const double slope = std::fabs(slopes[i / static_cast<std::size_t>(dims.positions())]);
        undecided[i] = slope <= 1 ? undecided[i] : multiply_up(slope, undecided[i]);
    }
    const std::array<const Words*, 2> terms{&positive, &negative};
    Sums sums(format, t.entries(), positions_of(terms, format));
    sums.add(positive);
    sums.add(negative);
    sums.radii().add(Radii(std::move(undecided), sides.undecided.exponent()));
    return std::move(sums).finish();
}

/// t·min(max(t + 3, 0), 6)/6.
Words hard_swish(const Words& t, const WordFormat& format) {
    const Words gate = clipped(shifted(t, 3, format), 0, 6, format);
    return divide(
        product(t, gate, format), [](std::size_t) { return 6; }, 6, format);
}

/// By the activation's enclosure in double.
Words enclosed(const Activation& activation, const Dims& dims, const Words& t, const WordFormat& format) {
    const ActivationRow& row = activation_row(activation.function);
    std::vector<double> middles(t.entries());
    std::vector<double> radii(t.entries());
    const auto positions = static_cast<std::size_t>(dims.positions());
    for_blocks(t.entries(), format.threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const double slope = activation_slope(activation, static_cast<std::int64_t>(i / positions));
            const Interval range = to_interval(ends(t, i, format.bits));
            const Interval value = enclose_range(activation, slope, row.facts(activation, slope), range);
            const double middle = value.lower / 2 + value.upper / 2;
            const bool bounded = std::isfinite(value.lower) && std::isfinite(value.upper);
            middles[i] = bounded ? middle : 0;
            const double radius = std::max(value.upper - middle, middle - value.lower);
            radii[i] = !bounded ? kInfinity : radius == 0 ? 0 : next_up(radius);
        }
    });
    const Words middle = from_doubles(middles, format.bits, format.words + 2);
    const std::array<const Words*, 1> terms{&middle};
    Sums sums(format, t.entries(), positions_of(terms, format));
    sums.add(middle);
    sums.radii().add(Radii(std::move(radii), 0));
    return std::move(sums).finish();
}

}  // namespace

Words activation_words(const Activation& activation, const Dims& dims, Words t, const WordFormat& format) {
    using enum ActivationFunction;
    switch (activation.function) {
        case relu:
            return bounded(std::move(t), 0, Side::above, format);
        case clip:
            return clipped(std::move(t), activation.lower, activation.upper, format);
        case leaky_relu:
        case prelu:
            return internal::leaky_relu(activation, dims, t, format);
        case hard_sigmoid: {
            const std::vector<double> scale(static_cast<std::size_t>(dims.channels), activation.alpha);
            const std::vector<double> shift(static_cast<std::size_t>(dims.channels), activation.beta);
            return clipped(diagonal_words(scale, shift, dims, t, format), 0, 1, format);
        }
        case hard_swish:
            return internal::hard_swish(t, format);
        case sigmoid:
        case ActivationFunction::tanh:
        case softplus:
        case softsign:
        case elu:
        case selu:
        case ActivationFunction::erf:
        case silu:
        case gelu:
        case gelu_tanh:
        case mish:
            break;
    }
    return enclosed(activation, dims, t, format);
}

}  // namespace qbound::internal
