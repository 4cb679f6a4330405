// SPDX-License-Identifier: Apache-2.0
/// The program's operator new: large blocks ask the kernel for huge pages, and freed ones stay in the heap for the next tensor.
/// Tensors are written once and read a few times, so mapping their 4 KiB pages one by one, and anew for each tensor, can take
/// longer than computing on them. Only the program does so: a library has no business replacing its user's allocator.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif
#include <sys/mman.h>

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kLarge = std::size_t{1} << 20;

#ifdef M_MMAP_THRESHOLD
/// Large blocks come from the heap, which grows in steps of kStep and gives back what exceeds kKept, not from mappings of their
/// own.
constexpr int kStep = 32 << 20;
constexpr int kKept = 128 << 20;
[[maybe_unused]] const bool kHeapKept =
    mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1 && mallopt(M_TOP_PAD, kStep) == 1 && mallopt(M_TRIM_THRESHOLD, kKept) == 1;
#endif

void* allocate(std::size_t size) noexcept {
    void* block = std::malloc(size == 0 ? 1 : size);
#ifdef MADV_HUGEPAGE
    if (block != nullptr && size >= kLarge) {
        // Whole pages around the block, without its ends: those may belong to a neighbour, who loses nothing by the wish either.
        const auto begin = reinterpret_cast<std::uintptr_t>(block);
        const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
        madvise(reinterpret_cast<void*>(first), (begin + size - first) / kPage * kPage, MADV_HUGEPAGE);
    }
#endif
    return block;
}

}  // namespace

void* operator new(std::size_t size) {
    for (;;) {
        if (void* block = allocate(size)) {
            return block;
        }
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) {
            throw std::bad_alloc();
        }
        handler();
    }
}

void operator delete(void* block) noexcept {
    std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
