// SPDX-License-Identifier: Apache-2.0
#include "loader_support.hpp"

using namespace std::string_literals;

TEST_CASE("load_model: the format is found from the content") {
    CHECK(load("\xEF\xBB\xBF\r\n\t {\"fc.weight\": [[1]]}").format == "weight-dump");
    CHECK(load(R"({"layers": [{"weight": [[1]]}]})").format == "layer-list");
    // Fields of a weight dump that are called like those of other formats.
    CHECK(load(R"({"layers": {"0": {"weight": [[1]]}}})").format == "weight-dump");
}

TEST_CASE("load_model: files that are no network are refused in one line") {
    const std::string hint = "; hint: network manifest, layer list or weight dump in JSON, NPZ, or safetensors";
    check_malformed("", "the file is empty");
    check_malformed(std::string(100, '\0'), "the file is in no format that qbound reads (it begins with bytes 00 00 00 00)" + hint);
    check_malformed("#!", "the file is in no format that qbound reads (it begins with bytes 23 21)" + hint);
    check_malformed(" \n ", "the file is in no format that qbound reads (it begins with bytes 20 0a 20)" + hint);
    check_malformed("[[1, 2]]", "the JSON document is an array of numbers, not an object");
    check_malformed("[{}]", "the JSON document is a list, not an object");
    check_malformed(std::string(100'000, '['), "JSON nested deeper than 64 levels");
    check_malformed("{}", "JSON object without tensors");
    check_malformed("{", "JSON ends at byte 1 before its value is complete");
    check_malformed(text_of(qbound::write_npy({{1}, {1}})),
                    "one NPY array is not a network; hint: give the folder of .npy files, an NPZ archive or a manifest");
}
