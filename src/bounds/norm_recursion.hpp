// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"
#include "qbound/network.hpp"
#include "qbound/rounding.hpp"

#include <vector>

namespace qbound::internal {

/// Upper bounds of one norm at one node over the box: of x, of x' and of x − x'.
struct NodeNorms {
    Upper x;
    Upper y;
    Upper d;
};

/// The two norms of one node.
struct NormPair {
    NodeNorms inf;  ///< largest magnitude of an entry
    NodeNorms two;  ///< Euclidean norm
};

/// Norm domains of docs/theory.md G1–G4, G7: one transfer function per node kind except weight layers, the input, and products in
/// the 2-norm, which are lost here.
[[nodiscard]] NodeNorms propagate_inf(const Network& network, const Node& node, const std::vector<const NodeNorms*>& inputs);
[[nodiscard]] NodeNorms propagate_two(const Network& network, const Node& node, const std::vector<const NodeNorms*>& inputs);

/// The entrywise product of u and v in both norms (G7); for Product nodes in place of propagate_two, which knows one norm only.
[[nodiscard]] NormPair product_norms(const NormPair& u, const NormPair& v);

/// Weight layer, entry by entry: norms of each output channel from the row sums of W, W' and W − W' and the input's ∞-norms (G1),
/// or from the rows' 2-norms and the input's 2-norms (G2). The smaller telescoping per row.
[[nodiscard]] std::vector<NodeNorms> layer_rows_inf(const WeightLayer& layer, const LayerNorms& norms,
                                                    const std::vector<double>& quantized_bias, const NodeNorms& in);
[[nodiscard]] std::vector<NodeNorms> layer_rows_two(const WeightLayer& layer, const LayerSpectralNorms& norms,
                                                    const std::vector<double>& quantized_bias, const NodeNorms& in);

/// Weight layer, 2-norm, from the operators' spectral norms (G2).
[[nodiscard]] NodeNorms layer_two(const Node& node, const WeightLayer& layer, const LayerSpectralNorms& norms,
                                  const std::vector<double>& quantized_bias, const NodeNorms& in);

/// Componentwise minimum; componentwise maximum over rows.
[[nodiscard]] NodeNorms smaller(const NodeNorms& a, const NodeNorms& b);
[[nodiscard]] NodeNorms largest(const std::vector<NodeNorms>& rows);

/// Norms of the input box.
[[nodiscard]] NormPair input_norms(const Network& network);

/// |b − b'| in real arithmetic, rounded up.
[[nodiscard]] Upper bias_delta_up(double b, double b_quantized) noexcept;

/// How much each operator can enlarge a difference in the ∞-norm: 1 for pools, sums per edge, …; the weight layers' gain is the
/// caller's, and so is that of a product, which depends on the other factor.
[[nodiscard]] Upper inf_gain(const Node& node);

}  // namespace qbound::internal
