// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace qbound::internal {

/// Random numbers that are the same on every platform (the standard engines are, the standard distributions are not).
class AttackRandom {
  public:
    /// Independent streams for one seed.
    AttackRandom(std::uint64_t seed, std::uint64_t stream) : engine_(mix(mix(seed) + stream)) {}

    /// Uniform in [0, 1), 53 bits.
    double unit() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
    bool chance(double probability) { return unit() < probability; }
    /// Uniform in 0..n−1, n ≥ 1 (up to n·2^−64).
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }

  private:
    /// SplitMix64's finaliser: neighbouring seeds give unrelated streams.
    static std::uint64_t mix(std::uint64_t z) {
        z += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

    std::mt19937_64 engine_;
};

}  // namespace qbound::internal
