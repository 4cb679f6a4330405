// SPDX-License-Identifier: Apache-2.0
#include "report/words.hpp"

#include "report/numbers.hpp"

#include <fmt/format.h>

namespace qbound::internal {

std::string_view word(Rounding rounding) noexcept {
    return rounding == Rounding::floor ? "floor" : "round";
}

std::string_view word(Ties ties) noexcept {
    return ties == Ties::away ? "away" : "even";
}

std::string_view word(Granularity granularity) noexcept {
    switch (granularity) {
        case Granularity::tensor:
            return "tensor";
        case Granularity::channel:
            return "channel";
        case Granularity::network:
            return "network";
    }
    return "tensor";
}

std::string_view word(FanInConvention convention) noexcept {
    return convention == FanInConvention::paper ? "paper" : "grouped";
}

std::string describe(const Quantizer& quantizer) {
    const std::string rounding =
        quantizer.rounding == Rounding::floor
            ? std::string("round down (floor)")
            : fmt::format("round to nearest (ties {})", quantizer.ties == Ties::even ? "to even" : "away from 0");
    return fmt::format("{}, {}", rounding, describe_grid(quantizer));
}

std::string describe_grid(const Quantizer& quantizer) {
    const std::string step = quantizer.eta ? fmt::format("given step {}", shortest(*quantizer.eta))
                                           : fmt::format("one step per {}", word(quantizer.granularity));
    return fmt::format("{}, {}, biases {}", quantizer.symmetric ? "symmetric" : "asymmetric", step,
                       quantizer.quantize_biases ? "quantized" : "kept");
}

}  // namespace qbound::internal
