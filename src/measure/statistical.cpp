// SPDX-License-Identifier: Apache-2.0
#include "qbound/statistical.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>

namespace qbound {

namespace {

/// The distribution's functions are good to some units in the last place; what is asked of them is this much more, relatively.
constexpr double kSlack = 1e-10;

using Binomial = boost::math::binomial_distribution<double>;

/// P(Bin(n, p) ≥ r), r ≥ 1: the chance that the r-th smallest is no upper limit of the share p.
double miss(std::int64_t n, double p, std::int64_t r) {
    return cdf(complement(Binomial(static_cast<double>(n), p), static_cast<double>(r - 1)));
}

}  // namespace

std::optional<std::int64_t> tolerance_rank(std::int64_t n, double coverage, double confidence) {
    const double allowed = (1 - confidence) * (1 - kSlack);
    if (!(miss(n, coverage, n) <= allowed)) {
        return std::nullopt;
    }
    std::int64_t too_small = 0;
    std::int64_t enough = n;
    while (enough - too_small > 1) {
        const std::int64_t middle = too_small + (enough - too_small) / 2;
        (miss(n, coverage, middle) <= allowed ? enough : too_small) = middle;
    }
    return enough;
}

std::int64_t least_draws(double coverage, double confidence) {
    auto n = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::log1p(-confidence) / std::log(coverage)));
    while (n > 1 && tolerance_rank(n - 1, coverage, confidence)) {
        --n;
    }
    while (!tolerance_rank(n, coverage, confidence)) {
        ++n;
    }
    return n;
}

Proportion clopper_pearson(std::int64_t k, std::int64_t n, double confidence) {
    const double half = (1 - confidence) / 2;
    const auto draws = static_cast<double>(n);
    const auto hits = static_cast<double>(k);
    // find_lower_bound_on_p(n, 0) and find_upper_bound_on_p(n, n) are 0 and 1.
    return {.lower = std::max(0.0, Binomial::find_lower_bound_on_p(draws, hits, half) * (1 - kSlack)),
            .upper = std::min(1.0, Binomial::find_upper_bound_on_p(draws, hits, half) * (1 + kSlack))};
}

}  // namespace qbound
