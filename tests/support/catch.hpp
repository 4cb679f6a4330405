// SPDX-License-Identifier: Apache-2.0
#pragma once
// Catch2 2.13 and 3.x under one name.
#ifdef QBOUND_CATCH3
#include <catch2/catch_all.hpp>
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
#else
#include <catch2/catch.hpp>
inline auto ContainsSubstring(const std::string& text) {
    return Catch::Contains(text);
}
#endif
