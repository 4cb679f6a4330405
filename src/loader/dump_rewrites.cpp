// SPDX-License-Identifier: Apache-2.0
// Dumps whose tensors are not the weights themselves: reparametrizations, other frameworks' layouts, observers, and what is
// refused.
#include "loader/text.hpp"
#include "loader/weight_dump.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace qbound::internal {
namespace {

bool has_component(std::string_view name, std::string_view component) {
    for (std::size_t at = name.find(component); at != std::string_view::npos; at = name.find(component, at + 1)) {
        const std::size_t end = at + component.size();
        const auto separates = [](char c) { return c == '.' || c == '/'; };
        if ((at == 0 || separates(name[at - 1])) && (end == name.size() || separates(name[end]))) {
            return true;
        }
    }
    return false;
}

void note_list(std::vector<std::string>& notes, std::string_view what, const std::vector<std::string>& names) {
    if (names.empty()) {
        return;
    }
    std::string text = std::string(what) + ": " + in_quotes(names.front());
    text += names.size() > 1 ? " and " + std::to_string(names.size() - 1) + " more" : "";
    notes.push_back(std::move(text));
}

/// Observers and fake quantizers of quantization-aware training hold ranges and steps, no parameters.
void leave_out_observers(NamedTensors& tensors, std::vector<std::string>& notes) {
    constexpr std::array<std::string_view, 5> kParts{"activation_post_process", "weight_fake_quant", "fake_quant", "observer",
                                                     "act_fake_quant"};
    std::unordered_set<std::string> names;
    for (const auto& [name, tensor] : tensors) {
        names.insert(name);
    }
    // A step and a zero point of one module; a scale alone would be a parameter.
    const auto is_half_of_pair = [&](const std::string& name, std::string_view ending, std::string_view other) {
        return name.ends_with(ending) && names.contains(name.substr(0, name.size() - ending.size()) + std::string(other));
    };
    std::vector<std::string> left_out;
    std::erase_if(tensors, [&](auto& entry) {
        const std::string& name = entry.first;
        const bool part = std::ranges::any_of(kParts, [&](std::string_view p) { return has_component(name, p); });
        const bool step = entry.second->size() == 1 &&
                          (is_half_of_pair(name, ".scale", ".zero_point") || is_half_of_pair(name, ".zero_point", ".scale"));
        if (part || step) {
            left_out.push_back(name);
        }
        return part || step;
    });
    note_list(notes, "quantization observers left out", left_out);
}

[[noreturn]] void refuse(const std::string& name, std::string_view reason) {
    fail_unsupported("tensor " + in_quotes(name), std::string(reason), "describe the network in a manifest or as ONNX");
}

/// Tensors that look like weights of a dense layer and are something else.
void refuse_other_layers(const NamedTensors& tensors) {
    for (const auto& [name, tensor] : tensors) {
        const auto contains = [&name = name](std::string_view part) { return name.find(part) != std::string::npos; };
        if (contains("_packed_params")) {
            refuse(name, "packed parameters of a quantized module");
        }
        if (contains("in_proj_weight") || contains("in_proj_bias")) {
            refuse(name, "attention is not supported");
        }
        if (contains("weight_ih_l") || contains("weight_hh_l") || contains("recurrent_kernel")) {
            refuse(name, "recurrent layers are not supported");
        }
        for (const std::string_view part :
             {"embedding", "embeddings", "embed", "wte", "wpe", "pos_embed", "cls_token", "embed_tokens"}) {
            if (has_component(name, part)) {
                refuse(name, "an embedding is not supported");
            }
        }
    }
}

/// Tensors by name, with the means to put one in another's place.
class Table {
  public:
    explicit Table(NamedTensors& tensors) : tensors_(tensors) {
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            index_.emplace(tensors[i].first, i);
        }
    }

    [[nodiscard]] const Tensor* find(const std::string& name) const {
        const auto found = index_.find(name);
        return found == index_.end() ? nullptr : tensors_[found->second].second.get();
    }
    /// Puts `tensor` under `name` where `at` was; the tensors `gone` are left out.
    void replace(const std::string& at, const std::string& name, Tensor tensor, const std::vector<std::string>& gone) {
        auto& entry = tensors_[index_.at(at)];
        entry = {name, std::make_shared<const Tensor>(std::move(tensor))};
        for (const std::string& other : gone) {
            if (other != at) {
                tensors_[index_.at(other)].second = nullptr;
            }
        }
    }
    void finish() {
        std::erase_if(tensors_, [](const auto& entry) { return entry.second == nullptr; });
    }

  private:
    NamedTensors& tensors_;
    std::unordered_map<std::string, std::size_t> index_;
};

/// v·g/‖v‖, the norm over all axes but the first, or over all where g is one number (PyTorch's weight_norm).
Tensor weight_norm(const Tensor& g, const Tensor& v, const std::string& place) {
    const std::size_t groups = g.data.size();
    const bool fits = !v.shape.empty() && (groups == 1 || static_cast<std::int64_t>(groups) == v.shape.front());
    if (!fits || v.data.size() % groups != 0) {
        fail_malformed("tensor " + in_quotes(place),
                       "its weight norm has " + std::to_string(groups) + " magnitudes for shape " + to_string(v.shape));
    }
    const std::size_t length = v.data.size() / groups;
    Tensor result = v;
    for (std::size_t i = 0; i < groups; ++i) {
        double square = 0;
        for (std::size_t k = i * length; k < (i + 1) * length; ++k) {
            square += v.data[k] * v.data[k];
        }
        for (std::size_t k = i * length; k < (i + 1) * length; ++k) {
            result.data[k] = v.data[k] * (g.data[i] / std::sqrt(square));
        }
    }
    return result;
}

/// W/σ with σ = uᵀWv, W as a matrix of u's and v's lengths (PyTorch's spectral_norm in evaluation).
Tensor spectral_norm(const Tensor& weight, const Tensor& u, const Tensor& v, const std::string& place) {
    const bool rows_first = !weight.shape.empty() && static_cast<std::int64_t>(u.data.size()) == weight.shape.front() &&
                            u.data.size() * v.data.size() == weight.data.size();
    if (!rows_first) {
        fail_unsupported("tensor " + in_quotes(place),
                         "a spectral norm with vectors of " + std::to_string(u.data.size()) + " and " +
                             std::to_string(v.data.size()) + " entries for shape " + to_string(weight.shape),
                         "remove the parametrization before saving");
    }
    double sigma = 0;
    for (std::size_t i = 0; i < u.data.size(); ++i) {
        double row = 0;
        for (std::size_t j = 0; j < v.data.size(); ++j) {
            row += weight.data[i * v.data.size() + j] * v.data[j];
        }
        sigma += u.data[i] * row;
    }
    Tensor result = weight;
    std::ranges::for_each(result.data, [sigma](double& w) { w /= sigma; });
    return result;
}

void multiply_mask(Tensor& weight, const Tensor& mask, const std::string& place) {
    if (mask.shape != weight.shape) {
        fail_malformed("tensor " + in_quotes(place),
                       "its mask has shape " + to_string(mask.shape) + " instead of " + to_string(weight.shape));
    }
    for (std::size_t i = 0; i < weight.data.size(); ++i) {
        weight.data[i] *= mask.data[i];
    }
}

/// The parts of one parametrized tensor "P.weight": names of what is there.
struct Parts {
    std::string prefix;  ///< "P."
    std::string target;  ///< "P.weight"
};

std::optional<Parts> parts_of(std::string_view name, std::string_view ending, std::string_view target) {
    if (!name.ends_with(ending)) {
        return std::nullopt;
    }
    const std::string prefix(name.substr(0, name.size() - ending.size()));
    if (!prefix.empty() && prefix.back() != '.') {
        return std::nullopt;
    }
    return Parts{prefix, prefix + std::string(target)};
}

void rebuild_parametrizations(NamedTensors& tensors, std::vector<std::string>& notes) {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors) {
        names.push_back(name);
    }
    Table table(tensors);
    std::vector<std::string> weight_norms;
    std::vector<std::string> spectral_norms;
    std::vector<std::string> masks;
    for (const std::string& name : names) {
        const auto both = [&](const Parts& p, std::string_view a, std::string_view b) {
            return std::pair{p.prefix + std::string(a), p.prefix + std::string(b)};
        };
        if (const auto p = parts_of(name, "weight_g", "weight")) {
            const auto [g, v] = both(*p, "weight_g", "weight_v");
            if (table.find(v) != nullptr) {
                table.replace(name, p->target, weight_norm(*table.find(g), *table.find(v), name), {g, v});
                weight_norms.push_back(p->target);
            }
        } else if (const auto q = parts_of(name, "parametrizations.weight.original0", "weight")) {
            const auto [g, v] = both(*q, "parametrizations.weight.original0", "parametrizations.weight.original1");
            if (table.find(v) != nullptr) {
                table.replace(name, q->target, weight_norm(*table.find(g), *table.find(v), name), {g, v});
                weight_norms.push_back(q->target);
            }
        } else if (const auto s = parts_of(name, "parametrizations.weight.original", "weight")) {
            const auto [u, v] = both(*s, "parametrizations.weight.0._u", "parametrizations.weight.0._v");
            if (table.find(u) == nullptr || table.find(v) == nullptr) {
                refuse(name, "a parametrization that is neither a weight norm nor a spectral norm");
            }
            table.replace(name, s->target, spectral_norm(*table.find(name), *table.find(u), *table.find(v), name), {u, v});
            spectral_norms.push_back(s->target);
        } else if (const auto o = parts_of(name, "weight_orig", "weight")) {
            const auto [u, v] = both(*o, "weight_u", "weight_v");
            const std::string mask = o->prefix + "weight_mask";
            if (table.find(mask) != nullptr) {
                Tensor weight = *table.find(name);
                multiply_mask(weight, *table.find(mask), name);
                table.replace(name, o->target, std::move(weight), {mask});
                masks.push_back(o->target);
            } else if (table.find(u) != nullptr && table.find(v) != nullptr) {
                table.replace(name, o->target, spectral_norm(*table.find(name), *table.find(u), *table.find(v), name), {u, v});
                spectral_norms.push_back(o->target);
            }
        } else if (const auto b = parts_of(name, "bias_orig", "bias")) {
            const std::string mask = b->prefix + "bias_mask";
            if (table.find(mask) != nullptr) {
                Tensor bias = *table.find(name);
                multiply_mask(bias, *table.find(mask), name);
                table.replace(name, b->target, std::move(bias), {mask});
                masks.push_back(b->target);
            }
        }
    }
    table.finish();
    note_list(notes, "weight norm multiplied out, in double", weight_norms);
    note_list(notes, "spectral norm divided out, in double, with the stored vectors", spectral_norms);
    note_list(notes, "pruning mask multiplied in", masks);
}

/// Entries with the axes in another order.
Tensor with_axes(const Tensor& tensor, const std::vector<std::size_t>& axes) {
    Tensor result{.shape = {}, .data = std::vector<double>(tensor.data.size())};
    std::vector<std::size_t> strides(tensor.shape.size(), 1);
    for (std::size_t k = strides.size(); k-- > 1;) {
        strides[k - 1] = strides[k] * static_cast<std::size_t>(tensor.shape[k]);
    }
    for (const std::size_t axis : axes) {
        result.shape.push_back(tensor.shape[axis]);
    }
    std::vector<std::int64_t> index(axes.size(), 0);
    for (double& value : result.data) {
        std::size_t from = 0;
        for (std::size_t k = 0; k < axes.size(); ++k) {
            from += static_cast<std::size_t>(index[k]) * strides[axes[k]];
        }
        value = tensor.data[from];
        for (std::size_t k = axes.size(); k-- > 0;) {
            if (++index[k] < result.shape[k]) {
                break;
            }
            index[k] = 0;
        }
    }
    return result;
}

/// A channels-last kernel [positions…, in, out] as [out, in, positions…]; a depthwise one [h, w, c, multiplier] as [c·multiplier,
/// 1, h, w].
Tensor channels_first(const Tensor& kernel, bool depthwise, const std::string& name) {
    switch (kernel.shape.size()) {
        case 2:
            return with_axes(kernel, {1, 0});
        case 3:
            return with_axes(kernel, {2, 1, 0});
        case 4: {
            if (!depthwise) {
                return with_axes(kernel, {3, 2, 0, 1});
            }
            Tensor result = with_axes(kernel, {2, 3, 0, 1});
            result.shape = {result.shape[0] * result.shape[1], 1, result.shape[2], result.shape[3]};
            return result;
        }
        default:
            refuse(name, "a kernel of shape " + to_string(kernel.shape));
    }
}

struct Renaming {
    std::string_view ending;
    std::string_view name;
};

/// Keras and Flax: kernels have their channels last, names end in ":0" or begin with a collection.
bool to_channels_first(NamedTensors& tensors, std::vector<std::string>& notes) {
    constexpr std::array<Renaming, 3> kFlax{{{"scale", "weight"}, {"mean", "running_mean"}, {"var", "running_var"}}};
    const auto split_name = [](const std::string& name) {
        const std::size_t at = name.find_last_of("./");
        return at == std::string::npos ? std::pair{std::string(), name} : std::pair{name.substr(0, at + 1), name.substr(at + 1)};
    };
    std::size_t kernels = 0;
    for (auto& [name, tensor] : tensors) {
        if (name.ends_with(":0")) {
            name.resize(name.size() - 2);
        }
        bool collection = false;
        for (const std::string_view prefix : {"params/", "params.", "batch_stats/", "batch_stats."}) {
            if (name.starts_with(prefix)) {
                name.erase(0, prefix.size());
                collection = true;
                break;
            }
        }
        auto [path, last] = split_name(name);
        if (collection) {
            for (const Renaming& flax : kFlax) {
                if (last == flax.ending) {
                    name = path + std::string(flax.name);
                }
            }
        }
        if (last == "kernel" || last == "depthwise_kernel" || last == "pointwise_kernel") {
            const std::string part = last == "depthwise_kernel" ? "depthwise." : last == "pointwise_kernel" ? "pointwise." : "";
            tensor = std::make_shared<const Tensor>(channels_first(*tensor, last == "depthwise_kernel", name));
            name = path + part + "weight";
            ++kernels;
        }
    }
    if (kernels > 0) {
        notes.push_back(std::to_string(kernels) + " kernels with their channels last transposed to channels first");
    }
    return kernels > 0;
}

}  // namespace

bool rewrite_tensors(NamedTensors& tensors, std::vector<std::string>& notes) {
    leave_out_observers(tensors, notes);
    rebuild_parametrizations(tensors, notes);
    const bool channels_last = to_channels_first(tensors, notes);
    refuse_other_layers(tensors);
    return channels_last;
}

}  // namespace qbound::internal
