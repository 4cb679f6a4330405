// SPDX-License-Identifier: Apache-2.0
// Nodes that move or pool entries, on tensors of balls (docs/theory.md E7, E8).
#include "measure/word_nodes.hpp"

#include "core/parallel.hpp"
#include "network/geometry.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace qbound::internal {

namespace {

std::size_t index(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

/// work(output, input) for every real entry of every window, window by window, one channel per tile.
template <class Work>
void for_each_tap(const Axes& axes, const Dims& in, const Dims& out, int threads, const Work& work) {
    parallel_for(out.channels, out.size() < (1 << 14) ? 1 : threads, [&](std::int64_t channel) {
        for (std::int64_t oh = 0; oh < axes[0].out; ++oh) {
            const TapRange rows = real_tap_range(axes[0], oh);
            for (std::int64_t ow = 0; ow < axes[1].out; ++ow) {
                const TapRange columns = real_tap_range(axes[1], ow);
                const std::size_t to = index((channel * out.height + oh) * out.width + ow);
                for (std::int64_t kh = rows.begin; kh < rows.end; ++kh) {
                    const std::int64_t row = (channel * in.height + axes[0].source(oh, kh)) * in.width;
                    for (std::int64_t kw = columns.begin; kw < columns.end; ++kw) {
                        work(to, index(row + axes[1].source(ow, kw)));
                    }
                }
            }
        }
    });
}

/// E1 c.
bool middle_is_less(const Words& words, std::size_t i, std::size_t j) {
    for (const std::vector<std::int32_t>& word : words.digits) {
        if (word[i] != word[j]) {
            return word[i] < word[j];
        }
    }
    return false;
}

}  // namespace

Words concat_words(const Concat& concat, const std::vector<const Words*>& inputs, const std::vector<Dims>& in, const Dims& out,
                   const WordFormat& format) {
    const Dims& first = in.front();
    const std::int64_t blocks = concat.axis == 0 ? 1 : (concat.axis == 1 ? first.channels : first.channels * first.height);
    const std::int64_t block_length = out.size() / blocks;
    Sums sums(format, index(out.size()), positions_of(inputs, format));
    std::int64_t begin = 0;  // of the current input in each block
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::int64_t length = in[k].size() / blocks;
        std::vector<std::int64_t> source(index(out.size()), -1);
        for (std::int64_t block = 0; block < blocks; ++block) {
            for (std::int64_t i = 0; i < length; ++i) {
                source[index(block * block_length + begin + i)] = block * length + i;
            }
        }
        sums.add(*inputs[k], source);
        begin += length;
    }
    return std::move(sums).finish();
}

Words select_words(const Select& select, const Dims& in, const Dims& out, const Words& t, const WordFormat& format) {
    std::vector<std::int64_t> source;
    source.reserve(index(out.size()));
    if (select.separable()) {
        for (const std::int64_t channel : select.maps[0]) {
            for (const std::int64_t row : select.maps[1]) {
                for (const std::int64_t column : select.maps[2]) {
                    const bool constant = channel < 0 || row < 0 || column < 0;
                    source.push_back(constant ? -1 : (channel * in.height + row) * in.width + column);
                }
            }
        }
    } else {
        source = select.entries;
    }
    if (select.constant == 0) {
        return gather(t, source, format);
    }
    const Words constant = from_doubles(std::span(&select.constant, 1), format.bits, format.words + 2);
    const std::array<const Words*, 2> terms{&t, &constant};
    Sums sums(format, source.size(), positions_of(terms, format));
    sums.add(t, source);
    std::ranges::transform(source, source.begin(), [](std::int64_t from) { return from < 0 ? 0 : -1; });
    sums.add(constant, source);
    return std::move(sums).finish();
}

Words max_pool_words(const MaxPool& pool, const Dims& in, const Dims& out, const Words& t, const WordFormat& format) {
    std::vector<std::int64_t> largest(index(out.size()), -1);
    std::vector<double> radii(largest.size(), 0.0);
    for_each_tap(pool.axes, in, out, format.threads, [&](std::size_t to, std::size_t from) {
        if (largest[to] < 0 || middle_is_less(t, index(largest[to]), from)) {
            largest[to] = static_cast<std::int64_t>(from);
        }
        radii[to] = std::max(radii[to], t.radii.value(from));
    });
    Words result = gather(t, largest, format);
    result.radii = Radii(std::move(radii), t.radii.exponent());
    return result;
}

Words average_pool_words(const AveragePool& pool, const Dims& in, const Dims& out, const Words& t, const WordFormat& format) {
    Sums sums(format, index(out.size()), t.digits.empty() ? Positions{0, 0} : Positions{t.bottom(), t.top});
    sums.radii().raise_exponent(t.radii.exponent());
    std::vector<std::vector<std::int64_t>*> rows;
    for (std::size_t k = 0; k < t.digits.size(); ++k) {
        rows.push_back(&sums.row(t.top - static_cast<std::int64_t>(k)));
    }
    for_each_tap(pool.axes, in, out, format.threads, [&](std::size_t to, std::size_t from) {
        for (std::size_t k = 0; k < rows.size(); ++k) {
            (*rows[k])[to] += t.digits[k][from];
        }
        sums.radii().add(to, t.radii.value(from), t.radii.exponent());
    });
    const auto divisor = [&](std::size_t i) {
        const std::size_t position = i % index(out.positions());
        return pool.divisors[0][position / index(out.width)] * pool.divisors[1][position % index(out.width)];
    };
    const std::int64_t largest = *std::ranges::max_element(pool.divisors[0]) * *std::ranges::max_element(pool.divisors[1]);
    return divide(std::move(sums).finish(), divisor, largest, format);
}

}  // namespace qbound::internal
