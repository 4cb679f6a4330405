// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include "cli/command.hpp"
#include "cli/data_file.hpp"
#include "qbound/error.hpp"
#include "qbound/rounding.hpp"
#include "scratch_folder.hpp"
#include "support/catch.hpp"

#include <cmath>

using namespace qbound;
using namespace qbound::internal;
using qbound::test::ScratchFolder;

namespace {

std::string write_array(const ScratchFolder& folder, std::string_view name, Shape shape, std::vector<double> data) {
    const auto bytes = write_npy(Tensor{std::move(shape), std::move(data)});
    return folder.write(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

TEST_CASE("quantizers from options") {
    QuantizerOptions options;
    REQUIRE(options.quantizers().size() == 1);
    CHECK(options.quantizers()[0].bits == 8);
    CHECK_FALSE(options.given());

    options.bits = "2..4";
    options.rounding = "floor";
    options.granularity = "channel";
    options.asymmetric = true;
    const auto all = options.quantizers();
    REQUIRE(all.size() == 3);
    CHECK(all[2].bits == 4);
    CHECK(all[2].rounding == Rounding::floor);
    CHECK(all[2].granularity == Granularity::channel);
    CHECK_FALSE(all[2].symmetric);

    options.eta = "0.5";
    CHECK_THROWS_WITH(options.quantizers(),
                      "--eta: excludes --bits, --bits-map and --asymmetric; hint: a given step has no bit width");
    options = {};
    options.eta = "0";
    CHECK_THROWS_WITH(options.quantizers(), "--eta: is not positive");
    options.eta = "0.5";
    CHECK(options.quantizers()[0].eta == 0.5);
    options = {};
    options.quantized = "other.json";
    CHECK(options.quantizers().empty());
    options.bits = "8";
    CHECK_THROWS_WITH(options.quantizers(),
                      "--quantized: excludes the options of a quantizer; hint: the file says what the quantized weights are");
}

TEST_CASE("the box of --input-range") {
    BoxOptions options;
    CHECK_FALSE(options.box({3, 2, 2}));
    options.input_range = {"0,1", "-1,2"};
    options.check();
    const auto box = options.box({2, 2, 2});
    REQUIRE(box);
    CHECK(box->lower == std::vector<double>{0, -1});
    CHECK(box->upper == std::vector<double>{1, 2});
    options.around = "x.npy";
    CHECK_THROWS_WITH(options.check(), "--around: excludes --input-range");
}

TEST_CASE("the box of --around is rounded outwards") {
    const ScratchFolder folder;
    BoxOptions options;
    options.around = write_array(folder, "x.npy", {3}, {0.1, 0.5, -1e20});
    options.radius = "0.3";
    options.check();
    const auto box = options.box({3});
    REQUIRE(box);
    // The doubles 0.1 and 0.3 add up to a little more than the double 0.4 and less than the next.
    CHECK(0.1 + 0.3 == 0.4);
    CHECK(box->upper[0] >= 0.4);
    CHECK(box->upper[0] <= next_up(0.4));
    const auto exactly = [](double a, double b) { return static_cast<long double>(a) + static_cast<long double>(b); };
    CHECK(static_cast<long double>(box->upper[0]) >= exactly(0.1, 0.3));
    CHECK(static_cast<long double>(box->lower[0]) <= exactly(0.1, -0.3));
    CHECK(static_cast<long double>(next_down(box->upper[0])) < exactly(0.1, 0.3));
    CHECK(box->lower[2] == next_down(-1e20));
    CHECK(box->upper[2] == next_up(-1e20));

    options.radius = "0.25";  // 0.5 ± 0.25 are doubles: no rounding, no widening
    CHECK(options.box({3})->lower[1] == 0.25);
    CHECK(options.box({3})->upper[1] == 0.75);

    options.around = write_array(folder, "y.npy", {1, 2}, {0.1, 0.9});
    options.clip = "0,1";
    CHECK(options.box({2})->lower == std::vector<double>{0, 0.9 - 0.25});
    CHECK(options.box({2})->upper[1] == 1);
    options.clip = "2,3";
    CHECK_THROWS_WITH(options.box({2}), ContainsSubstring("whose box lies outside --clip"));
}

TEST_CASE("--around and what goes with it") {
    BoxOptions options;
    options.around = "x.npy";
    CHECK_THROWS_WITH(options.check(), "--around: goes with --radius");
    options.radius = "-1";
    CHECK_THROWS_WITH(options.check(), "--radius: is negative");
    options = {};
    options.clip = "0,1";
    CHECK_THROWS_WITH(options.check(), "--clip: goes with --around");
    const ScratchFolder folder;
    options = {};
    options.radius = "1";
    options.around = write_array(folder, "x.npy", {2, 3}, {1, 2, 3, 4, 5, 6});
    CHECK_THROWS_WITH(options.box({3}), options.around + ": holds 2 inputs; hint: --around takes one");
    CHECK_THROWS_WITH(options.box({3, 2}), options.around +
                                               ": has shape 2x3, the model's input is 3x2; hint: one input, or several "
                                               "stacked along a first axis");
}

TEST_CASE("samples are one input or several") {
    const ScratchFolder folder;
    const Samples one = read_samples(write_array(folder, "one", {1, 2, 2}, {1, 2, 3, 4}), {1, 2, 2});
    CHECK(one.count == 1);
    CHECK_FALSE(one.stacked);
    const Samples three = read_samples(write_array(folder, "three", {3, 2}, {1, 2, 3, 4, 5, 6}), {2});
    CHECK(three.count == 3);
    CHECK(three.stacked);
    CHECK(three.sample(2)[0] == 5);
    // Extents of 1 and flat shapes do not move an entry.
    CHECK(read_samples(folder / "three", {2, 1, 1}).count == 3);
    CHECK(read_samples(write_array(folder, "images", {3, 1, 2, 2}, std::vector<double>(12, 1)), {4}).count == 3);
    CHECK(read_samples(folder / "images", {1, 2, 2}).stacked);
    CHECK_FALSE(read_samples(folder / "one", {4}).sample(0).empty());
    // Channels last is another order.
    write_array(folder, "nhwc", {1, 2, 2, 3}, std::vector<double>(12, 1));
    CHECK_THROWS_WITH(read_samples(folder / "nhwc", {3, 2, 2}), ContainsSubstring("has shape 1x2x2x3, the model's input is 3x2x2"));
    write_array(folder, "none", {0, 2}, {});
    CHECK_THROWS_AS(read_samples(folder / "none", {2}), Error);
}

TEST_CASE("options of weight dumps") {
    ModelOptions options;
    options.order = "a,b";
    options.input_shape = {"3,8,8", "x:1,3,4,4"};
    options.bn_epsilon = "1e-3";
    const LoadOptions load = options.load_options();
    CHECK(load.order == std::vector<std::string>{"a", "b"});
    CHECK(load.input_shape == Shape{3, 8, 8});
    CHECK(load.input_shapes.at("x") == Shape{1, 3, 4, 4});
    CHECK(load.bn_epsilon == 1e-3);
    options.bn_epsilon = "-1";
    CHECK_THROWS_WITH(options.load_options(), "--bn-eps: is negative");
}

TEST_CASE("commands are found by name") {
    CHECK(find_command("inspect") != nullptr);
    CHECK(find_command("./inspect") == nullptr);
}
