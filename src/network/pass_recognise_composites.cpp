// SPDX-License-Identifier: Apache-2.0
// Activations that exporters write as several nodes: Silu, HardSwish, HardSigmoid, Gelu and Mish.
#include "network/attributes.hpp"
#include "network/naming.hpp"
#include "network/passes.hpp"
#include "network/producers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace qbound::internal {

namespace {

/// The graph around a value.
class Graph {
  public:
    explicit Graph(const Model& model) : model_(model), producers_(model) {}

    /// The node that computes the value, if it is of this operator.
    [[nodiscard]] const ModelNode* producer(const std::string& value, std::string_view op) const {
        const auto found = producers_.of(value);
        return found && model_.nodes[*found].op == op ? &model_.nodes[*found] : nullptr;
    }

    /// The constant of one entry behind the value.
    [[nodiscard]] std::optional<double> scalar(const std::string& value) const {
        const auto found = model_.tensors.find(value);
        // A constant of higher rank could give the result more axes than x has.
        if (found == model_.tensors.end() || !found->second || found->second->data.size() != 1 || found->second->shape.size() > 1) {
            return std::nullopt;
        }
        return found->second->data.front();
    }

    /// The other operand of a node of two, if one is the constant `constant` or that number rounded to float32.
    [[nodiscard]] std::optional<std::string> beside(const ModelNode* node, double constant) const {
        if (node == nullptr || node->inputs.size() != 2) {
            return std::nullopt;
        }
        for (const std::size_t i : {0U, 1U}) {
            if (is(scalar(node->inputs[i]), constant)) {
                return node->inputs[1 - i];
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] static bool is(std::optional<double> value, double constant) {
        return value && (*value == constant || *value == static_cast<double>(static_cast<float>(constant)));
    }

  private:
    const Model& model_;
    Producers producers_;
};

/// A value as a product of computed values and at most one constant, read off a Mul, or a Div by a constant.
struct Product {
    std::vector<std::string> factors;
    std::vector<double> multipliers;
    std::vector<double> divisors;
};

/// Takes the value apart, except what is among `whole`, which may itself be a product. `seen` gets every value on the way.
void collect(const Graph& graph, const std::string& value, int depth, const std::vector<std::string>& whole, Product& product,
             std::vector<std::string>& seen) {
    seen.push_back(value);
    const bool divisible = depth > 0 && std::ranges::find(whole, value) == whole.end();
    const ModelNode* mul = divisible ? graph.producer(value, "Mul") : nullptr;
    const ModelNode* div = divisible ? graph.producer(value, "Div") : nullptr;
    if (mul != nullptr && mul->inputs.size() == 2) {
        for (const std::string& input : mul->inputs) {
            if (const auto constant = graph.scalar(input)) {
                product.multipliers.push_back(*constant);
            } else {
                collect(graph, input, depth - 1, whole, product, seen);
            }
        }
        return;
    }
    if (div != nullptr && div->inputs.size() == 2 && graph.scalar(div->inputs[1])) {
        product.divisors.push_back(*graph.scalar(div->inputs[1]));
        collect(graph, div->inputs[0], depth - 1, whole, product, seen);
        return;
    }
    product.factors.push_back(value);
}

bool has_coefficient(const Product& product, double numerator, double denominator) {
    if (product.multipliers.size() + product.divisors.size() != (numerator == denominator ? 0U : 1U)) {
        return false;
    }
    if (!product.divisors.empty()) {
        return numerator == 1 && product.divisors.front() == denominator;
    }
    return product.multipliers.empty() || Graph::is(product.multipliers.front(), numerator / denominator);
}

/// x if `value` is Clip(x + 3, 0, 6).
std::optional<std::string> shifted_relu6(const Graph& graph, const std::string& value) {
    const ModelNode* clip = graph.producer(value, "Clip");
    if (clip == nullptr || clip->inputs.empty()) {
        return std::nullopt;
    }
    const auto limit = [&](std::size_t i, const std::string& name) -> std::optional<double> {
        if (i < clip->inputs.size() && !clip->inputs[i].empty()) {
            return graph.scalar(clip->inputs[i]);
        }
        return has_attribute(*clip, name) ? std::optional(limit_attribute(*clip, name, 0)) : std::nullopt;
    };
    if (!Graph::is(limit(1, "min"), 0) || !Graph::is(limit(2, "max"), 6)) {
        return std::nullopt;
    }
    return graph.beside(graph.producer(clip->inputs[0], "Add"), 3);
}

/// x if `value` is 1 + Erf(x/√2).
std::optional<std::string> shifted_erf(const Graph& graph, const std::string& value) {
    const auto erf_value = graph.beside(graph.producer(value, "Add"), 1);
    const ModelNode* erf = erf_value ? graph.producer(*erf_value, "Erf") : nullptr;
    if (erf == nullptr || erf->inputs.size() != 1) {
        return std::nullopt;
    }
    const double root = std::sqrt(2.0);
    if (const ModelNode* div = graph.producer(erf->inputs[0], "Div");
        div != nullptr && div->inputs.size() == 2 && Graph::is(graph.scalar(div->inputs[1]), root)) {
        return div->inputs[0];
    }
    return graph.beside(graph.producer(erf->inputs[0], "Mul"), 1 / root);
}

/// What a gate `value` computes of x: the activation x·gate, the gate's own coefficient 1/denominator.
struct Gate {
    std::string x;
    std::string activation;
    double denominator = 1;
};

std::optional<Gate> gate_of(const Graph& graph, const std::string& value) {
    if (const ModelNode* sigmoid = graph.producer(value, "Sigmoid"); sigmoid != nullptr && sigmoid->inputs.size() == 1) {
        return Gate{sigmoid->inputs[0], "Silu"};
    }
    if (const ModelNode* hard = graph.producer(value, "HardSigmoid"); hard != nullptr && hard->inputs.size() == 1) {
        const bool sixth = Graph::is(number_attribute(*hard, "alpha", 0.2), 1.0 / 6) && number_attribute(*hard, "beta", 0.5) == 0.5;
        return sixth ? std::optional(Gate{hard->inputs[0], "HardSwish"}) : std::nullopt;
    }
    if (const auto x = shifted_relu6(graph, value)) {
        return Gate{*x, "HardSwish", 6};
    }
    if (const auto x = shifted_erf(graph, value)) {
        return Gate{*x, "Gelu", 2};
    }
    if (const ModelNode* tanh = graph.producer(value, "Tanh"); tanh != nullptr && tanh->inputs.size() == 1) {
        const ModelNode* softplus = graph.producer(tanh->inputs[0], "Softplus");
        return softplus != nullptr && softplus->inputs.size() == 1 ? std::optional(Gate{softplus->inputs[0], "Mish"})
                                                                   : std::nullopt;
    }
    return std::nullopt;
}

struct Recognised {
    std::string x;
    std::string activation;
};

std::optional<Recognised> recognise(const Graph& graph, const ModelNode& node) {
    if ((node.op != "Mul" && node.op != "Div") || node.outputs.size() != 1) {
        return std::nullopt;
    }
    constexpr int kDepth = 3;
    const std::string& output = node.outputs.front();
    Product product;
    std::vector<std::string> seen;
    collect(graph, output, kDepth, {}, product, seen);
    for (const std::string& value : seen) {
        const auto gate = gate_of(graph, value);
        if (!gate) {
            continue;
        }
        Product gated;
        std::vector<std::string> ignored;
        collect(graph, output, kDepth, {value, gate->x}, gated, ignored);
        const auto& factors = gated.factors;
        const bool only_both = factors == std::vector{value, gate->x} || factors == std::vector{gate->x, value};
        if (only_both && has_coefficient(gated, 1, gate->denominator)) {
            return Recognised{gate->x, gate->activation};
        }
    }
    if (product.factors.size() == 1 && has_coefficient(product, 1, 6)) {
        if (const auto x = shifted_relu6(graph, product.factors[0])) {
            return Recognised{*x, "HardSigmoid"};
        }
    }
    return std::nullopt;
}

/// Removes the nodes among `candidates` that nothing reads any more, last ones first.
void remove_unread(Model& model, const std::set<std::string>& candidates) {
    std::set<std::string> read(model.outputs.begin(), model.outputs.end());
    std::vector<ModelNode> kept;
    for (std::size_t i = model.nodes.size(); i-- > 0;) {
        ModelNode& node = model.nodes[i];
        const bool unread = std::ranges::none_of(node.outputs, [&](const std::string& output) { return read.contains(output); });
        if (unread && candidates.contains(node.name)) {
            continue;
        }
        read.insert(node.inputs.begin(), node.inputs.end());
        kept.push_back(std::move(node));
    }
    std::ranges::reverse(kept);
    model.nodes = std::move(kept);
}

}  // namespace

void recognise_composites(Model& model, Log& log) {
    static constexpr std::array<std::string_view, 8> kParts{"Mul", "Div", "Add", "Clip", "Sigmoid", "HardSigmoid", "Erf", "Tanh"};
    std::vector<std::pair<std::size_t, Recognised>> found;
    std::set<std::string> parts;
    {
        const Graph graph(model);
        for (std::size_t i = 0; i < model.nodes.size(); ++i) {
            if (auto recognised = recognise(graph, model.nodes[i])) {
                found.emplace_back(i, *std::move(recognised));
            }
            if (std::ranges::find(kParts, model.nodes[i].op) != kParts.end() || model.nodes[i].op == "Softplus") {
                parts.insert(model.nodes[i].name);
            }
        }
    }
    for (auto& [i, recognised] : found) {
        ModelNode& node = model.nodes[i];
        log.folds.push_back(
            fmt::format("{} {} with the nodes before it read as {}", node.op, quoted(node.name), recognised.activation));
        node.op = recognised.activation;
        node.inputs = {recognised.x};
        node.attributes.clear();
        if (node.op == "HardSigmoid") {
            node.attributes = {{"alpha", 1.0 / 6}, {"beta", 0.5}};
        }
    }
    if (!found.empty()) {
        log.notes.emplace_back(
            "activations written as several nodes are read as the exact functions: constants such as 1/6 are not rounded");
        remove_unread(model, parts);
    }
}

}  // namespace qbound::internal
