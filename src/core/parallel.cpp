// SPDX-License-Identifier: Apache-2.0
#include "core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace qbound::internal {

void parallel_for(std::int64_t tiles, int threads, const std::function<void(std::int64_t)>& work) {
    const auto count = static_cast<int>(std::min<std::int64_t>(std::max(threads, 1), tiles));
    if (count <= 1) {
        for (std::int64_t i = 0; i < tiles; ++i) {
            work(i);
        }
        return;
    }
    std::atomic<std::int64_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto run = [&] {
        try {
            for (std::int64_t i = next++; i < tiles; i = next++) {
                work(i);
            }
        } catch (...) {
            next = tiles;
            const std::scoped_lock lock(failure_mutex);
            if (!failure) {
                failure = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> helpers;
        helpers.reserve(static_cast<std::size_t>(count - 1));
        for (int t = 1; t < count; ++t) {
            helpers.emplace_back(run);
        }
        run();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

int default_threads() noexcept { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

}  // namespace qbound::internal
