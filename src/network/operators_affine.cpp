// SPDX-License-Identifier: Apache-2.0
// BatchNormalization and Scale: diagonal affine maps.
#include "network/attributes.hpp"
#include "network/channel_values.hpp"
#include "network/naming.hpp"
#include "network/operator_table.hpp"
#include "qbound/error.hpp"

#include <fmt/format.h>

#include <cmath>

namespace qbound::internal {

namespace {

/// The parameter as one value per channel of `in`.
std::vector<double> per_channel(Translator& t, const ModelNode& node, std::size_t i, std::string_view role, const Shape& in,
                                bool may_repeat) {
    const TensorPtr tensor = t.constant(node, i, role);
    auto values = channel_values(*tensor, in);
    const std::int64_t channels = dims_of(in).channels;
    const bool repeated = may_repeat || (!in.empty() && in.front() == 1);
    if (!values || (values->size() == 1 && channels != 1 && !repeated)) {
        throw Error(ErrorKind::malformed, node_place(node.name),
                    fmt::format("{} {} has shape {} for an input of shape {}", role, quoted(node.inputs[i]),
                                to_string(tensor->shape), to_string(in)));
    }
    if (values->size() == 1) {
        t.spend(channels, node);
        values->resize(static_cast<std::size_t>(channels), values->front());
    }
    return *std::move(values);
}

}  // namespace

void translate_batch_normalization(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const auto gamma = per_channel(t, node, 1, "scale", in, false);
    const auto beta = per_channel(t, node, 2, "bias", in, false);
    const auto mean = per_channel(t, node, 3, "mean", in, false);
    const auto variance = per_channel(t, node, 4, "variance", in, false);
    const double epsilon = number_attribute(node, "epsilon", 1e-5);
    Diagonal diagonal{std::vector<double>(gamma.size()), std::vector<double>(gamma.size())};
    for (std::size_t c = 0; c < gamma.size(); ++c) {
        const double spread = variance[c] + epsilon;
        if (!(spread > 0)) {
            throw Error(ErrorKind::malformed, node_place(node.name),
                        fmt::format("variance {} + epsilon {} is not positive in channel {}", variance[c], epsilon, c));
        }
        diagonal.scale[c] = gamma[c] / std::sqrt(spread);
        diagonal.shift[c] = beta[c] - diagonal.scale[c] * mean[c];
    }
    t.emit_like(node, std::move(diagonal), id);
}

void translate_scale(Translator& t, const ModelNode& node) {
    const NodeId id = t.source(node, 0);
    const Shape in = t.shape(id);
    const auto parameter = [&](std::size_t i, std::string_view role, double absent) {
        if (Translator::has_input(node, i)) {
            return per_channel(t, node, i, role, in, true);
        }
        const std::int64_t channels = dims_of(in).channels;
        t.spend(channels, node);
        return std::vector<double>(static_cast<std::size_t>(channels), absent);
    };
    Diagonal diagonal{parameter(1, "scale", 1), parameter(2, "shift", 0)};
    t.emit_like(node, std::move(diagonal), id);
}

}  // namespace qbound::internal
