// SPDX-License-Identifier: Apache-2.0
#include "qbound/activation.hpp"

#include "network/activation_rows.hpp"

namespace qbound {
const std::vector<ActivationRow>& activation_table() noexcept {
    using namespace internal;
    // In the order of ActivationFunction.
    static const std::vector<ActivationRow> table = {
        relu_row(),         clip_row(),     leaky_relu_row(), prelu_row(),     sigmoid_row(), tanh_row(),
        hard_sigmoid_row(), softplus_row(), softsign_row(),   elu_row(),       selu_row(),    erf_row(),
        hard_swish_row(),   silu_row(),     gelu_row(),       gelu_tanh_row(), mish_row(),
    };
    return table;
}

const ActivationRow& activation_row(ActivationFunction function) noexcept {
    return activation_table()[static_cast<std::size_t>(function)];
}

double activation_slope(const Activation& activation, std::int64_t channel) noexcept {
    if (activation.function != ActivationFunction::prelu) return activation.alpha;
    return activation.slopes[activation.slopes.size() == 1 ? 0 : static_cast<std::size_t>(channel)];
}

std::optional<std::string> activation_defect(const Activation& activation) {
    return activation_row(activation.function).defect(activation);
}

Interval enclose_range(const Activation& activation, double slope, const ActivationFacts& facts, Interval range) {
    if (!(range.lower <= range.upper)) return {-internal::kInfinity, internal::kInfinity};
    const auto enclose = activation_row(activation.function).enclose;
    const Interval at_lower = enclose(activation, slope, range.lower);
    const Interval at_upper = enclose(activation, slope, range.upper);
    switch (facts.monotonicity) {
        case Monotonicity::rising:
            return {at_lower.lower, at_upper.upper};
        case Monotonicity::falling:
            return {at_upper.lower, at_lower.upper};
        case Monotonicity::valley:
            break;
    }
    const bool may_turn = range.lower <= facts.turn_upper && range.upper >= facts.turn_lower;
    return {may_turn ? facts.minimum : std::max(facts.minimum, std::min(at_lower.lower, at_upper.lower)),
            std::max(at_lower.upper, at_upper.upper)};
}

}  // namespace qbound
