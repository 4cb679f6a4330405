// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "qbound/attack.hpp"
#include "qbound/loader.hpp"
#include "qbound/lower.hpp"
#include "qbound/quantize.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// Groups of options that several commands share: each is the texts that the user gave, a function that adds them to a command, and
/// functions that turn them into what the library takes. Errors: Error{usage} naming the option.
namespace qbound::internal {

/// --order, --input-shape, --input, --output, --bn-eps, --topology, --weights-only
struct ModelOptions {
    std::string order;
    std::vector<std::string> input_shape;
    std::string input;
    std::string output_value;
    std::string bn_epsilon;
    std::string topology;
    bool weights_only = false;

    void add_to(CLI::App& app);
    /// Reads the file of --topology. Errors: Error{usage}, Error{malformed} naming the option or the file.
    [[nodiscard]] LoadOptions load_options() const;
};

/// --input-range, --around, --radius, --clip
struct BoxOptions {
    std::vector<std::string> input_range;
    std::string around;
    std::string radius;
    std::string clip;

    void add_to(CLI::App& app);
    /// Checks what can be checked without the model. `around_data`: --radius and --clip are also for boxes around data.
    void check(bool around_data = false) const;
    /// The box for a model with the input shape `shape` (without batch): nothing if the file's own is to be used.
    /// For --around, [x − R, x + R] rounded outwards, then cut to --clip.
    [[nodiscard]] std::optional<Box> box(const Shape& shape) const;
    /// [x − R, x + R] likewise, R = 0 if --radius is not given. Errors: Error{malformed} at `place` where nothing of it is within
    /// --clip.
    [[nodiscard]] Box box_around(std::span<const double> x, const std::string& place) const;
};

/// --budget, --seed: how long to search for a large error, and with which random numbers.
struct SearchOptions {
    std::string budget;
    std::string seed = "1";

    void add_to(CLI::App& app);
    /// Checks what can be checked without the model.
    void check() const;
    /// What to search with; a budget in seconds counts from this call.
    [[nodiscard]] AttackOptions attack_options(const Network& network, int threads) const;
};

/// --bits, --rounding, --ties, --granularity, --asymmetric, --eta, --quantize-biases, --bits-map, --quantized
struct QuantizerOptions {
    std::string bits;
    std::string rounding = "round";
    std::string ties = "even";
    std::string granularity = "tensor";
    std::string eta;
    std::string bits_map;
    std::string quantized;
    bool asymmetric = false;
    bool quantize_biases = false;

    /// `rule_only`: not --bits, --eta, --bits-map and --quantized, which say what a command chooses by itself.
    void add_to(CLI::App& app, bool rule_only = false);
    /// How to round, whatever the bits.
    [[nodiscard]] Quantizer rule() const;
    [[nodiscard]] Quantizer rule(Rounding one) const;
    /// Whether the user asked for a quantized network at all.
    [[nodiscard]] bool given() const;
    /// One quantizer per bit width (8 if none is given); none with --quantized. Reads the file of --bits-map. `several_roundings`:
    /// --rounding may be a list, for the roundings of each bit width.
    [[nodiscard]] std::vector<Quantizer> quantizers(bool several_roundings = false) const;
};

/// --threads, -q, -h
struct CommonOptions {
    std::string threads;
    bool quiet = false;

    void add_to(CLI::App& app, Console& console);
    /// -q and -h alone, for commands with nothing to compute.
    void add_quiet(CLI::App& app, Console& console);
    /// All that the hardware has, if the user does not say.
    [[nodiscard]] int thread_count() const;
};

/// Adds an option whose value is kept as text and not empty; `placeholder` stands for it in the help.
void add_text(CLI::App& app, const std::string& name, std::string& value, const std::string& placeholder, const std::string& help,
              const std::string& group);

/// Adds the positional MODEL list, at least one.
CLI::Option* add_models(CLI::App& app, std::vector<std::string>& models);

}  // namespace qbound::internal
