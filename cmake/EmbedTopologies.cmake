# SPDX-License-Identifier: Apache-2.0
# cmake -DOUTPUT=FILE.cpp -DINPUTS=A.json,B.json,… -P EmbedTopologies.cmake
# Writes the C++ source of shipped_topologies(): each file's bytes, under its name without ending.
string(REPLACE "," ";" inputs "${INPUTS}")
set(arrays "")
set(rows "")
set(index 0)
foreach(input ${inputs})
  file(READ "${input}" bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(name "${input}" NAME_WLE)
  string(APPEND arrays "constexpr char kText${index}[] = {${bytes}};\n")
  string(APPEND rows "    ShippedTopology{\"${name}\", {kText${index}, sizeof(kText${index})}},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUTPUT}" "// Made by cmake/EmbedTopologies.cmake from topologies/*.json.
#include \"loader/topology.hpp\"

#include <array>

namespace qbound::internal {
namespace {

${arrays}
constexpr std::array kTopologies{
${rows}};

}  // namespace

std::span<const ShippedTopology> shipped_topologies() noexcept {
    return kTopologies;
}

}  // namespace qbound::internal
")
