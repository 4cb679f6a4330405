// SPDX-License-Identifier: Apache-2.0
#include "measure/attack_search.hpp"

#include <algorithm>
#include <cmath>

namespace qbound::internal {

namespace {

constexpr double kMomentum = 0.75;
/// The last step of an ascent is this part of its first.
constexpr double kStepDecay = 0.01;
/// Inputs with at most this many free entries are polished entry by entry.
constexpr std::size_t kPolishedEntries = 64;

/// Adds g/‖g‖₁ to the momentum; false if there is no direction in it.
bool accumulate(std::vector<double>& momentum, const std::vector<double>& g) {
    double norm = 0;
    for (const double v : g) {
        norm += std::isfinite(v) ? std::abs(v) : 0;
    }
    if (!(norm > 0 && std::isfinite(norm))) {  // also where the gradient is empty
        return false;
    }
    for (std::size_t i = 0; i < g.size(); ++i) {
        momentum[i] = kMomentum * momentum[i] + (std::isfinite(g[i]) ? g[i] / norm : 0);
    }
    return true;
}

}  // namespace

void Search::consider(const std::vector<double>& x, const Peak& peak) {
    if (peak.value > best_.peak.value || best_.x.empty()) {
        best_ = {x, peak};
    }
}

std::optional<Peak> Search::evaluate(std::vector<double> x) {
    if (exhausted()) {
        return std::nullopt;
    }
    ++used_;
    const Peak peak = peak_of(objective_.difference(x));
    consider(x, peak);
    return peak;
}

std::vector<double> Search::random_corner() {
    std::vector<double> x(objective_.lower().begin(), objective_.lower().end());
    for (const std::size_t i : objective_.free_entries()) {
        x[i] = random_.chance(0.5) ? objective_.upper()[i] : x[i];
    }
    return x;
}

std::vector<double> Search::uniform_sample() {
    std::vector<double> x(objective_.lower().begin(), objective_.lower().end());
    for (const std::size_t i : objective_.free_entries()) {
        const double t = random_.unit();
        x[i] =
            std::clamp((1 - t) * objective_.lower()[i] + t * objective_.upper()[i], objective_.lower()[i], objective_.upper()[i]);
    }
    return x;
}

std::vector<double> Search::perturbed(std::vector<double> x) {
    const auto& free = objective_.free_entries();
    const auto throw_entry = [&](std::size_t i) { x[i] = random_.chance(0.5) ? objective_.upper()[i] : objective_.lower()[i]; };
    const double share = std::exp2(-1 - 6 * random_.unit());
    if (random_.chance(0.5)) {
        const auto length = std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(free.size())));
        const std::size_t begin = random_.below(free.size());
        for (std::size_t k = 0; k < length; ++k) {
            throw_entry(free[(begin + k) % free.size()]);
        }
    } else {
        throw_entry(free[random_.below(free.size())]);
        for (const std::size_t i : free) {
            if (random_.chance(share)) {
                throw_entry(i);
            }
        }
    }
    return x;
}

void Search::climb(std::vector<double> start, std::optional<Target> fixed, int steps, double first_step) {
    std::vector<double> x = sign_ascent(std::move(start), fixed, steps, first_step);
    x = block_moves(std::move(x));
    if (objective_.free_entries().size() <= kPolishedEntries) {
        polish_entries(std::move(x));
    }
}

/// Steps by the sign of the gradient with momentum, each a part of the box's width that shrinks geometrically; returns the best
/// point on the way.
std::vector<double> Search::sign_ascent(std::vector<double> x, std::optional<Target> fixed, int steps, double first_step) {
    const auto choose = [&](std::span<const double> difference) {
        const Peak peak = peak_of(difference);
        return fixed.value_or(Target{peak.output, peak.sign});
    };
    std::vector<double> momentum(x.size(), 0.0);
    Record record{x, {}};
    for (int k = 0; k < steps && !exhausted(); ++k) {
        used_ += 2;
        const Objective::Slope slope = objective_.slope(x, choose);
        const Peak peak = peak_of(slope.difference);
        consider(x, peak);
        if (peak.value > record.peak.value) {
            record = {x, peak};
        }
        if (!accumulate(momentum, slope.gradient)) {
            break;
        }
        const double step = first_step * std::pow(kStepDecay, static_cast<double>(k) / steps);
        for (const std::size_t i : objective_.free_entries()) {
            const double direction = momentum[i] > 0 ? 1 : momentum[i] < 0 ? -1 : 0;
            const double width = objective_.upper()[i] - objective_.lower()[i];
            x[i] = std::clamp(x[i] + step * direction * width, objective_.lower()[i], objective_.upper()[i]);
        }
    }
    return record.x;
}

/// Moves the entries that promise most by the gradient to their limits, as many as keep raising the error; ends where not even a
/// small block does.
std::vector<double> Search::block_moves(std::vector<double> x) {
    struct Move {
        std::size_t entry;
        double to;
        double promise;
    };
    std::size_t block = objective_.free_entries().size();
    while (!exhausted()) {
        used_ += 2;
        const Objective::Slope slope = objective_.slope(x, [](std::span<const double> difference) {
            const Peak peak = peak_of(difference);
            return Target{peak.output, peak.sign};
        });
        const Peak peak = peak_of(slope.difference);
        consider(x, peak);
        if (slope.gradient.empty()) {
            return x;
        }
        std::vector<Move> moves;
        for (const std::size_t i : objective_.free_entries()) {
            const double g = slope.gradient[i];
            const double to = g > 0 ? objective_.upper()[i] : objective_.lower()[i];
            const double promise = std::abs(g) * std::abs(to - x[i]);
            if (promise > 0 && std::isfinite(promise)) {
                moves.push_back({i, to, promise});
            }
        }
        std::sort(moves.begin(), moves.end(),
                  [](const Move& a, const Move& b) { return a.promise != b.promise ? a.promise > b.promise : a.entry < b.entry; });
        // Twice the block that worked last time, then halves of it.
        block = std::min(2 * block, moves.size());
        bool raised = false;
        for (; block > 0 && !raised; block = raised ? block : block / 2) {
            std::vector<double> next = x;
            for (std::size_t k = 0; k < block; ++k) {
                next[moves[k].entry] = moves[k].to;
            }
            const std::optional<Peak> reached = evaluate(next);
            if (!reached) {
                return x;
            }
            raised = reached->value > peak.value;
            if (raised) {
                x = std::move(next);
            }
        }
        if (!raised) {
            return x;
        }
    }
    return x;
}

/// Each free entry in turn to its limits and by shrinking steps, whatever raises the error is kept; until a sweep raises nothing.
void Search::polish_entries(std::vector<double> x) {
    std::optional<Peak> reached = evaluate(x);
    double step = 1;
    while (reached && step > 1e-3) {
        bool raised = false;
        for (const std::size_t i : objective_.free_entries()) {
            const double lower = objective_.lower()[i];
            const double upper = objective_.upper()[i];
            for (const double direction : {-step, step}) {
                const double before = x[i];
                x[i] = std::clamp(before + direction * (upper - lower), lower, upper);
                const std::optional<Peak> peak = x[i] == before ? reached : evaluate(x);
                if (!peak) {
                    return;
                }
                if (peak->value > reached->value) {
                    reached = peak;
                    raised = true;
                } else {
                    x[i] = before;
                }
            }
        }
        step = raised ? step : step / 4;
    }
}

}  // namespace qbound::internal
