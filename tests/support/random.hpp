// SPDX-License-Identifier: Apache-2.0
#pragma once
// Seeded random numbers, the same on every platform (the standard distributions are not).

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace qbound::test {

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// Uniform in lowest..highest.
    std::int64_t integer(std::int64_t lowest, std::int64_t highest) {
        // Without a sign, so that the width may be 2^63 or more; less than 2^64.
        const std::uint64_t width = static_cast<std::uint64_t>(highest) - static_cast<std::uint64_t>(lowest) + 1;
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(lowest) + engine_() % width);
    }
    bool coin() { return (engine_() & 1U) != 0; }
    /// Uniform in [0, 1), 53 bits.
    double unit() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
    double uniform(double lowest, double highest) { return lowest + (highest - lowest) * unit(); }
    /// Sign and mantissa random, exponent uniform in the given range; subnormal where the exponent is below −1022.
    double spread(int lowest_exponent, int highest_exponent) {
        const double mantissa = std::ldexp(1 + unit(), static_cast<int>(integer(lowest_exponent, highest_exponent)));
        return coin() ? mantissa : -mantissa;
    }
    std::vector<double> vector(std::size_t size, double lowest, double highest) {
        std::vector<double> result(size);
        for (double& x : result) {
            x = uniform(lowest, highest);
        }
        return result;
    }

  private:
    std::mt19937_64 engine_;
};

}  // namespace qbound::test
