// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "qbound/bounds.hpp"
#include "qbound/network.hpp"
#include "qbound/norms.hpp"
#include "qbound/quantize.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qbound {

/// The version of qbound, e.g. "0.1.0".
[[nodiscard]] std::string_view version() noexcept;

/// One row of the per-layer table.
struct LayerReport {
    std::string name;
    std::string op;
    Shape shape;                    ///< of the weight, m × c/groups × kh × kw; a dense layer's is m × n
    std::int64_t fan_in = 0;        ///< grouped
    std::int64_t fan_in_paper = 0;  ///< c_in·p², as printed in [HAT]
    Upper norm_inf;
    Upper norm_inf_quantized;
    Upper delta_norm_inf;
    std::vector<double> etas;       ///< one, or one per channel; empty where θ' came from a file
    int bits = 0;                   ///< 0 where θ' came from a file or from a given step
    double max_abs_delta = 0;       ///< ≥ max|W − W'|
    double max_abs_bias_delta = 0;  ///< ≥ max|b − b'|
    std::optional<Upper> norm_2;    ///< spectral norms, where a method needed them
    std::optional<Upper> delta_norm_2;
    std::optional<double> share;  ///< of the best bound, where it was asked for: approx_layer_shares
};

/// Bounds for one quantizer.
struct Result {
    std::optional<Quantizer> quantizer;  ///< empty: θ' from a file
    FanInConvention convention = FanInConvention::grouped;
    double delta = 0;  ///< ≥ max|θ − θ'| over weights and biases of all weight layers
    PathConstants constants;
    std::vector<Bound> bounds;          ///< loosest first
    std::optional<std::size_t> best;    ///< the smallest finite certified bound
    std::vector<std::string> left_out;  ///< methods over the operation budget
    std::vector<LayerReport> layers;
};

struct ModelSummary {
    std::string name;
    std::string file;  ///< as the user named it
    std::string format;
    std::string sha256;  ///< of the file's bytes; empty if nobody asked for it
    std::int64_t parameters = 0;
    std::int64_t weight_layers = 0;
    std::int64_t depth = 0;      ///< L
    std::int64_t max_width = 0;  ///< N
    Shape input_shape;
    double D = 0;
    std::string input_box;  ///< in words: "[0, 255]" or "per channel, within [-2.12, 2.64]"
    std::string topology;   ///< "chain", "graph", "assumed-chain"
    std::vector<std::string> notes;
};

/// Everything that is printed about one model: schema qbound.report/1.
struct Report {
    ModelSummary model;
    std::vector<Result> results;
};

/// Multiply-adds up to which a method is part of `--methods default`, so that a table comes within seconds.
inline constexpr double kDefaultOperationBudget = 2e11;

/// Multiply-adds up to which the layers' shares of the best bound are computed: one evaluation of its method per layer.
inline constexpr double kShareOperationBudget = 2e12;

/// Methods to evaluate, and those of the registry that the budget left out.
struct MethodSelection {
    std::vector<const Method*> methods;
    std::vector<std::string> left_out;
};

/// `request`: "default" (within kDefaultOperationBudget), "fast", "all", or names separated by commas.
/// Errors: Error{usage} for an unknown name, which lists the known ones.
[[nodiscard]] MethodSelection select_methods(std::string_view request, const Network& network);

struct EvaluateOptions {
    FanInConvention convention = FanInConvention::grouped;
    bool assumed_chain = false;
    int threads = 1;
    bool shares = false;  ///< each layer's share of the best bound, within kShareOperationBudget
};

/// Norms of every layer once, then every selected bound. Same result for any number of threads.
///
/// `theta_norms` keeps the spectral norms of θ's layers between bit widths of one network: empty at first, filled on the way.
[[nodiscard]] Result evaluate(const WeightPair& pair, const MethodSelection& selection, const EvaluateOptions& options,
                              std::vector<Upper>& theta_norms);

/// What a report says of the network itself. `file`, `format`, `sha256` and `notes` are the caller's to fill in; depth and width
/// are those of the main path.
[[nodiscard]] ModelSummary summarise(const Network& network, bool assumed_chain);

enum class Format { table, json, ndjson, csv, tsv, markdown };
/// Errors: Error{usage} for another name.
[[nodiscard]] Format parse_format(std::string_view name);

struct RenderOptions {
    bool layers = false;  ///< per-layer table: added to table and markdown, in place of the bounds in csv and tsv
    bool color = false;
    bool header = true;      ///< table and markdown: what stands above the table
    bool constants = false;  ///< table and markdown: the constants of the papers
    std::string sort;        ///< per-layer table: a column of layer_columns(), empty = network order
    std::size_t top = 0;     ///< per-layer table: at most that many rows, 0 = all
};

/// Names that RenderOptions::sort accepts; numbers sort from the largest, texts from A.
[[nodiscard]] std::vector<std::string> layer_columns();

/// Writes reports one after the other as one document.
///
/// The document is the concatenation of what add() returned for each report and of finish(); it ends in a newline. A JSON document
/// is an array if `several`, also when only one report arrives, else an object; without any report it is empty. Same bytes whatever
/// the locale and the number of threads. Errors: Error{usage} for an unknown column in `options.sort`.
class ReportWriter {
  public:
    ReportWriter(Format format, RenderOptions options, bool several);
    [[nodiscard]] std::string add(const Report& report);
    [[nodiscard]] std::string finish();

  private:
    Format format_;
    RenderOptions options_;
    bool several_;
    bool empty_ = true;
};

/// The whole document for `reports` (JSON: an object for one report, an array for several).
[[nodiscard]] std::string render(const std::vector<Report>& reports, Format format, const RenderOptions& options);

}  // namespace qbound
