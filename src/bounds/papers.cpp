// SPDX-License-Identifier: Apache-2.0
#include "bounds/papers.hpp"

namespace qbound::internal {

namespace {

/// A count as an Upper; beyond 2^53 the nearest double may lie below it.
Upper count_up(std::int64_t count) noexcept {
    const double nearest = static_cast<double>(count);
    return Upper::exactly(nearest < 0x1p53 ? nearest : next_up(nearest));
}

Bound on_main_path(const char* method, const PathConstants& c, Upper value) {
    return {method, value, c.violated.empty() ? Guarantee::certified : Guarantee::conditional, c.violated};
}

Upper radius(const PathConstants& c) noexcept {
    return Upper::exactly(c.D);
}
Upper radius_or_one(const PathConstants& c) noexcept {
    return max(radius(c), Upper::exactly(1.0));
}
Upper delta(const PathConstants& c) noexcept {
    return Upper::exactly(c.delta);
}

}  // namespace

Bound gonon_2023(const BoundInput& input) {
    const PathConstants c = path_constants(input);
    if (c.L == 0) {
        return on_main_path("gonon-2023", c, {});  // no weights: the networks are equal
    }
    const Upper N = count_up(c.N);
    const Upper L = count_up(c.L);
    Upper factor = N * L * L;
    if (c.biases_change) {
        factor = max(factor, N * count_up(c.L * (c.L + 1) / 2) + L);
    }
    return on_main_path("gonon-2023", c, radius_or_one(c) * factor * pow_up(c.r, c.L - 1) * delta(c));
}

Bound houache_general(const BoundInput& input) {
    const PathConstants c = path_constants(input);
    const Upper widths = count_up(c.width_sum + (c.biases_change ? c.L : 0));
    return on_main_path("houache-general", c, radius_or_one(c) * widths * c.r_mean_power * delta(c));
}

Bound houache_conv(const BoundInput& input) {
    const PathConstants c = path_constants(input);
    const std::int64_t fan_ins = input.convention == FanInConvention::grouped ? c.fan_in_sum : c.fan_in_sum_paper;
    const Upper sum = count_up(fan_ins + (c.biases_change ? c.L : 0));
    const Upper scale = c.has_bias ? radius_or_one(c) * c.r_mean_power : radius(c) * c.r_conv_power;
    return on_main_path("houache-conv", c, scale * sum * delta(c));
}

}  // namespace qbound::internal
