// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "unit/network/model_builder.hpp"

using namespace qbound;
using namespace qbound::test;

namespace {

TensorPtr values(Shape shape, std::vector<double> data) {
    return std::make_shared<Tensor>(Tensor{std::move(shape), std::move(data)});
}

/// Two channels of two entries.
ModelBuilder with_box(TensorPtr lower, TensorPtr upper) {
    ModelBuilder builder({2, 1, 2});
    builder.model.inputs[0].lower = std::move(lower);
    builder.model.inputs[0].upper = std::move(upper);
    return builder;
}

std::string error_of(const ModelBuilder& builder, const LowerOptions& options = {}) {
    return message_of([&] { (void)lower(builder.model, options); });
}

}  // namespace

TEST_CASE("one interval for all becomes one per channel") {
    const Network network = with_box(values({}, {-1}), values({}, {3})).network();
    CHECK(network.box().lower == std::vector<double>{-1, -1});
    CHECK(network.box().upper == std::vector<double>{3, 3});
    CHECK(network.box().radius() == 3);
}

TEST_CASE("intervals per channel") {
    for (const Shape& shape : {Shape{2}, Shape{2, 1, 1}, Shape{1, 2, 1, 1}}) {
        const Network network = with_box(values(shape, {-1, -4}), values({}, {3})).network();
        CHECK(network.box().lower == std::vector<double>{-1, -4});
        CHECK(network.box().upper == std::vector<double>{3, 3});
        CHECK(network.box().radius() == 4);
    }
}

TEST_CASE("the finer of two limits decides") {
    const Network network = with_box(values({2}, {-1, -4}), values({2, 1, 2}, {1, 2, 3, 4})).network();
    CHECK(network.box().lower == std::vector<double>{-1, -1, -4, -4});
    CHECK(network.box().upper == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("a vector's channels are its entries") {
    ModelBuilder builder({3});
    builder.model.inputs[0].lower = values({3}, {1, 2, 3});
    builder.model.inputs[0].upper = values({1, 3}, {1, 2, 4});
    CHECK(builder.network().box().upper == std::vector<double>{1, 2, 4});
}

TEST_CASE("a box given beside the file replaces its own") {
    const auto builder = with_box(values({}, {-1}), values({}, {3}));
    CHECK(lower(builder.model, {.box = Box{{0}, {1}}}).network.box().upper == std::vector<double>{1, 1});
    CHECK(lower(builder.model, {.box = Box{{0, 1}, {1, 2}}}).network.box().upper == std::vector<double>{1, 2});
    CHECK(lower(builder.model, {.box = Box{{0, 0, 0, 0}, {1, 2, 3, 4}}}).network.box().upper == std::vector<double>{1, 2, 3, 4});
    CHECK(error_of(builder, {.box = Box{{0, 0, 0}, {1, 1, 1}}}) ==
          "input 'x': the lower limits have shape 3; one for all, one per channel or one per entry of 2x1x2 is needed");
    CHECK(error_of(builder, {.box = Box{{2}, {1}}}) == "input 'x': lower limit 2 exceeds upper limit 1 at index 0");
    CHECK(kind_of_error([&] { (void)lower(builder.model, {.box = Box{{2}, {1}}}); }) == ErrorKind::usage);
    CHECK(kind_of_error([&] { (void)with_box(values({}, {2}), values({}, {1})).network(); }) == ErrorKind::malformed);
}

TEST_CASE("no box") {
    const auto builder = with_box({}, {});
    CHECK(error_of(builder) == "input 'x': the file does not say in which box it lies; hint: give --input-range LO,HI");
    const Lowered lowered = lower(builder.model, {.box = {}, .require_box = false});
    CHECK(lowered.network.box().lower == std::vector<double>{-1, -1});
    CHECK(lowered.network.box().upper == std::vector<double>{1, 1});
    CHECK(lowered.notes == std::vector<std::string>{"the file has no input box; [-1, 1] is assumed"});
}

TEST_CASE("boxes that are none") {
    CHECK(error_of(with_box(values({}, {0}), {})) == "input 'x': it has lower limits but no upper ones");
    CHECK(error_of(with_box({}, values({}, {0}))) == "input 'x': it has upper limits but no lower ones");
    CHECK(error_of(with_box(values({}, {1}), values({}, {0}))) == "input 'x': lower limit 1 exceeds upper limit 0 at index 0");
    CHECK(error_of(with_box(values({}, {kNaN}), values({}, {0}))) == "input 'x': limits nan and 0 at index 0 are not finite");
    CHECK(error_of(with_box(values({}, {0}), values({}, {kInf}))) == "input 'x': limits 0 and inf at index 0 are not finite");
    CHECK(error_of(with_box(values({2, 1}, {0, 0}), values({}, {1}))) ==
          "input 'x': the lower limits have shape 2x1; one for all, one per channel or one per entry of 2x1x2 is needed");
}
