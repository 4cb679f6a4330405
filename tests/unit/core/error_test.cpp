// SPDX-License-Identifier: Apache-2.0
#include "qbound/error.hpp"
#include "support/catch.hpp"

#include <string>

using namespace qbound;

TEST_CASE("an error reads place, reason, hint", "[error]") {
    const Error full(ErrorKind::unsupported, "a.onnx: node 'Clip_12'", "upper limit is not a constant", "fold constants first");
    CHECK(std::string(full.what()) == "a.onnx: node 'Clip_12': upper limit is not a constant; hint: fold constants first");
    CHECK(full.kind() == ErrorKind::unsupported);
    CHECK(full.place() == "a.onnx: node 'Clip_12'");
    CHECK(full.reason() == "upper limit is not a constant");
    CHECK(full.hint() == "fold constants first");
    CHECK(std::string(Error(ErrorKind::malformed, "", "empty file").what()) == "empty file");
    CHECK(std::string(Error(ErrorKind::malformed, "a.json", "empty file").what()) == "a.json: empty file");
    CHECK(std::string(Error(ErrorKind::usage, "", "no model", "name one").what()) == "no model; hint: name one");
}

TEST_CASE("a caller adds the place that it knows", "[error]") {
    const Error inner(ErrorKind::malformed, "node 'c1'", "weight is missing", "look at tensors");
    const Error outer = inner.within("net.json");
    CHECK(std::string(outer.what()) == "net.json: node 'c1': weight is missing; hint: look at tensors");
    CHECK(outer.kind() == ErrorKind::malformed);
    CHECK(std::string(Error(ErrorKind::malformed, "", "empty file").within("net.json").what()) == "net.json: empty file");
    CHECK(std::string(inner.within("").what()) == inner.what());
}
