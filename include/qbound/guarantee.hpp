// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace qbound {

/// What a number is worth.
enum class Guarantee {
    certified,    ///< ≥ err(θ, θ') in real arithmetic, every hypothesis checked on this network
    conditional,  ///< the formula, although a hypothesis fails; the reasons say which
    lower,        ///< ≤ err(θ, θ') in real arithmetic: an enclosure at a point of the box proves it
    measured,     ///< reached in double arithmetic; no rounding is covered
    statistical,  ///< holds with the stated confidence over the draw of the data
};
[[nodiscard]] std::string_view to_string(Guarantee guarantee) noexcept;

}  // namespace qbound
