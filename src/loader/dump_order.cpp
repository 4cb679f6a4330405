// SPDX-License-Identifier: Apache-2.0
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <numeric>

namespace qbound::internal {
namespace {

using Order = std::vector<std::size_t>;

constexpr std::size_t kMaxLayersToSearch = 512;
constexpr std::size_t kMaxSteps = 200'000;

/// Looks for all orders in which each layer fits what the one before gives, and stops at the second.
class ChainSearch {
  public:
    ChainSearch(const std::vector<DumpLayer>& layers, const std::optional<Shape>& input)
        : layers_(layers), input_(input), used_(layers.size(), false) {}

    /// The one order there is; nothing if there is none, more than one, or too much to search.
    [[nodiscard]] std::optional<Order> unique() {
        if (layers_.size() > kMaxLayersToSearch) {
            return std::nullopt;
        }
        if (input_) {
            extend(*input_, false);
        } else {
            for (std::size_t first = 0; first < layers_.size() && !stop(); ++first) {
                place(first, input_for(layers_[first]), false);
            }
        }
        return found_ == 1 && steps_ <= kMaxSteps ? std::optional(order_) : std::nullopt;
    }

  private:
    [[nodiscard]] bool stop() const noexcept { return found_ > 1 || steps_ > kMaxSteps; }

    void extend(const Shape& shape, bool may_pool) {
        if (prefix_.size() == layers_.size()) {
            ++found_;
            order_ = prefix_;
            return;
        }
        for (std::size_t next = 0; next < layers_.size() && !stop(); ++next) {
            if (!used_[next]) {
                place(next, shape, may_pool);
            }
        }
    }

    void place(std::size_t next, const Shape& shape, bool may_pool) {
        ++steps_;
        const DumpLayer& layer = layers_[next];
        if (const std::optional<Fit> step = fit(shape, layer, may_pool)) {
            used_[next] = true;
            prefix_.push_back(next);
            extend(step->out, layer.kind == DumpKind::normalization ? may_pool : layer.kind == DumpKind::convolution);
            prefix_.pop_back();
            used_[next] = false;
        }
    }

    const std::vector<DumpLayer>& layers_;
    const std::optional<Shape>& input_;
    std::vector<bool> used_;
    Order prefix_;
    Order order_;
    std::size_t found_ = 0;
    std::size_t steps_ = 0;
};

void reorder(std::vector<DumpLayer>& layers, const Order& order) {
    std::vector<DumpLayer> ordered;
    ordered.reserve(layers.size());
    for (const std::size_t index : order) {
        ordered.push_back(std::move(layers[index]));
    }
    layers = std::move(ordered);
}

/// The layer that `name` means: a layer's name, or the name of one of its tensors. A name that ends in one of these, after a dot,
/// is that name with a prefix which was taken off.
std::optional<std::size_t> find_layer(const std::vector<DumpLayer>& layers, std::string_view name) {
    const auto means = [name](std::string_view candidate) {
        return name == candidate ||
               (name.size() > candidate.size() && name.ends_with(candidate) && name[name.size() - candidate.size() - 1] == '.');
    };
    std::optional<std::size_t> found;
    std::size_t length = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const auto consider = [&](std::string_view candidate) {
            if (means(candidate) && candidate.size() > length) {
                found = i;
                length = candidate.size();
            }
        };
        consider(layers[i].name);
        for (const auto& [role, entry] : layers[i].tensors) {
            consider(entry.first);
        }
    }
    return found;
}

Order order_by_names(const std::vector<DumpLayer>& layers, const std::vector<std::string>& names) {
    Order order;
    std::vector<bool> named(layers.size(), false);
    for (const std::string& name : names) {
        const auto index = find_layer(layers, name);
        if (!index) {
            throw Error(ErrorKind::usage, "--order", "no layer or tensor is named " + in_quotes(name));
        }
        if (named[*index]) {
            throw Error(ErrorKind::usage, "--order", "layer " + in_quotes(layers[*index].name) + " is named twice");
        }
        named[*index] = true;
        order.push_back(*index);
    }
    const auto missing = std::ranges::find(named, false);
    if (missing != named.end()) {
        throw Error(ErrorKind::usage, "--order",
                    "layer " + in_quotes(layers[static_cast<std::size_t>(missing - named.begin())].name) + " is not named");
    }
    return order;
}

/// True if the weight layers stand in natural order of their names; a BatchNormalization has no say (bn1 sorts before conv1).
bool is_natural(const std::vector<DumpLayer>& layers, const Order& order) {
    const DumpLayer* last = nullptr;
    for (const std::size_t index : order) {
        const DumpLayer& layer = layers[index];
        if (layer.kind == DumpKind::normalization) {
            continue;
        }
        if (last != nullptr && !natural_less(last->name, layer.name)) {
            return false;
        }
        last = &layer;
    }
    return true;
}

}  // namespace

void order_layers(std::vector<DumpLayer>& layers, StoredOrder stored, const std::optional<Shape>& input, const LoadOptions& options,
                  std::vector<std::string>& notes) {
    if (!options.order.empty()) {
        reorder(layers, order_by_names(layers, options.order));
        notes.emplace_back("layers in the order of --order");
        return;
    }
    if (stored == StoredOrder::as_written || layers.size() == 1) {
        return;
    }
    const auto order = ChainSearch(layers, input).unique();
    if ((!order || !is_natural(layers, *order)) && options.sketch) {
        std::ranges::stable_sort(layers, natural_less, &DumpLayer::name);
        notes.emplace_back("to mend: the tensors were sorted by name; the layers stand in natural order of their names");
        return;
    }
    if (!order || !is_natural(layers, *order)) {
        fail_malformed(
            "", "the tensors are sorted by name, and their shapes do not chain in exactly one way that agrees with the names",
            "name the layers in order, as in --order conv1,bn1,fc, or describe the graph with --topology");
    }
    reorder(layers, *order);
    notes.emplace_back("layers in natural order of their names, the only one in which their shapes chain");
}

}  // namespace qbound::internal
