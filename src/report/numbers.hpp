// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/reached.hpp"
#include "qbound/rounding.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Decimals of reports. Independent of the locale.
namespace qbound::internal {

/// The shortest decimal of at least 15 digits' precision that is ≥ x and reads back as x. x is not NaN.
[[nodiscard]] std::string round_trip_up(double x);

/// The same ≤ x.
[[nodiscard]] std::string round_trip_down(double x);

/// The shortest decimal that reads back as x: for numbers that are exact (a step, a limit), not bounds.
[[nodiscard]] std::string shortest(double x);

/// x as printf's %a writes it, whatever the locale.
[[nodiscard]] std::string hexadecimal(double x);

/// An integer with thousands separated by commas.
[[nodiscard]] std::string grouped_thousands(std::int64_t n);

/// log10 rounded up to two places; "-inf" for zero, "inf" for infinity.
[[nodiscard]] std::string log10_text(Upper value);

/// log10 of what was reached, rounded down to two places; "-inf" for zero.
[[nodiscard]] std::string log10_text(const Reached& reached);

/// Decades between two printed logarithms, e.g. "2.55"; empty where one of them is infinite.
[[nodiscard]] std::string gain_text(Upper above, Upper below);

/// power^(1/n) for display, rounded up; nothing for n ≤ 0.
[[nodiscard]] std::optional<double> root_up(Upper power, std::int64_t n);

/// part/whole as "99.25%", to nearest: for counts, which are exact.
[[nodiscard]] std::string percent(std::int64_t part, std::int64_t whole);

}  // namespace qbound::internal
