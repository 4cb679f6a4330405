// SPDX-License-Identifier: Apache-2.0
#include "qbound/bounds.hpp"
#include "report/methods_report.hpp"
#include "support/catch.hpp"

#include <fstream>
#include <iterator>
#include <regex>
#include <string>

using namespace qbound;

namespace {

std::string read(const std::string& name) {
    std::ifstream file(QBOUND_SOURCE_DIR "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The manual page without the backslashes that keep its hyphens.
std::string manual() {
    std::string text = read("docs/qbound.1");
    std::erase(text, '\\');
    return text;
}

}  // namespace

TEST_CASE("README: the table of methods is the registry's") {
    const std::string readme = read("README.md");
    const std::string begin = "<!-- methods -->\n";
    const std::size_t from = readme.find(begin);
    const std::size_t to = readme.find("<!-- end of methods -->");
    REQUIRE(from != std::string::npos);
    REQUIRE(to != std::string::npos);
    CHECK(readme.substr(from + begin.size(), to - from - begin.size()) == internal::methods_markdown());
}

TEST_CASE("manual page: every method") {
    const std::string page = manual();
    for (const Method& method : methods()) {
        CAPTURE(method.name);
        CHECK(page.find(".B " + std::string(method.name)) != std::string::npos);
    }
}

TEST_CASE("manual page: every option of the help texts") {
    const std::string page = manual();
    const std::regex option(R"(--[a-z][a-z0-9-]*)");
    std::size_t found = 0;
    for (const char* help : {"help", "help_allocate", "help_compare", "help_convert", "help_inspect", "help_measure", "help_methods", "help_run"}) {
        const std::string text = read(std::string("tests/golden/") + help + ".out");
        REQUIRE_FALSE(text.empty());
        for (auto match = std::sregex_iterator(text.begin(), text.end(), option); match != std::sregex_iterator();
             ++match, ++found) {
            CAPTURE(help, match->str());
            CHECK(std::regex_search(page, std::regex(match->str() + "[^a-z0-9-]")));
        }
    }
    CHECK(found > 50);
}
