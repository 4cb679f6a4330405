// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace qbound::internal {

/// Calls work(i) for i = 0..tiles−1 on `threads` threads (the caller is one of them). Tiles are fixed by the caller and each is
/// computed whole by one thread, so results do not depend on `threads`. The first exception is rethrown after all have stopped.
void parallel_for(std::int64_t tiles, int threads, const std::function<void(std::int64_t)>& work);

/// Threads to use when the user does not say: the hardware's, at least 1.
[[nodiscard]] int default_threads() noexcept;

}  // namespace qbound::internal
