// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measure/gradient.hpp"
#include "qbound/attack.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

namespace qbound::internal {

/// The largest finite |d_i| of a difference d = R_θ(x) − R_θ'(x), and its sign. An entry that overflowed counts for nothing.
struct Peak {
    double value = 0;
    std::size_t output = 0;
    double sign = 1;
};
[[nodiscard]] Peak peak_of(std::span<const double> difference) noexcept;

/// Which output to drive, and in which direction.
struct Target {
    std::size_t output = 0;
    double sign = 1;
};

/// What an attack maximises, with the box it may move in.
class Objective {
  public:
    Objective(const Network& network, const Parameters& theta, const Parameters& quantized);

    [[nodiscard]] std::size_t input_size() const noexcept { return lower_.size(); }
    [[nodiscard]] std::size_t output_size() const noexcept;
    [[nodiscard]] std::span<const double> lower() const noexcept { return lower_; }
    [[nodiscard]] std::span<const double> upper() const noexcept { return upper_; }
    /// Entries whose limits differ.
    [[nodiscard]] const std::vector<std::size_t>& free_entries() const noexcept { return free_; }

    /// R_θ(x) − R_θ'(x), empty if a value overflows.
    [[nodiscard]] std::vector<double> difference(std::span<const double> x) const;

    /// The difference at x, and the gradient of target.sign · d[target.output] for the target that `choose` picks from it. Both are
    /// empty if a value overflows.
    struct Slope {
        std::vector<double> difference;
        Target target;
        std::vector<double> gradient;
    };
    [[nodiscard]] Slope slope(std::span<const double> x, const std::function<Target(std::span<const double>)>& choose) const;

  private:
    const Network& network_;
    const Parameters& theta_;
    const Parameters& quantized_;
    ReverseMode reverse_theta_;
    ReverseMode reverse_quantized_;
    std::vector<double> lower_;
    std::vector<double> upper_;
    std::vector<std::size_t> free_;
};

/// Tells searches on several threads whether the caller wants to stop, asking it one at a time.
class StopSignal {
  public:
    explicit StopSignal(const std::function<bool()>& stop) : stop_(stop) {}
    [[nodiscard]] bool raised();

  private:
    const std::function<bool()>& stop_;
    std::mutex mutex_;
    std::atomic<bool> raised_{false};
};

}  // namespace qbound::internal
