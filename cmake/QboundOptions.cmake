# SPDX-License-Identifier: Apache-2.0
# Compile options of every target of this project. The proofs need IEEE double arithmetic as written: no contraction into fused
# multiply-adds that the source does not ask for, no reassociation.
add_library(qbound_options INTERFACE)
target_compile_features(qbound_options INTERFACE cxx_std_20)
target_compile_options(qbound_options INTERFACE
  -ffp-contract=off -fno-fast-math
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # false positives of GCC 12 in std::string
if(QBOUND_WERROR)
  target_compile_options(qbound_options INTERFACE -Werror)
endif()
if(QBOUND_SANITIZE)
  # The instrumented code confuses GCC's flow analysis.
  target_compile_options(qbound_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(qbound_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(qbound_options INTERFACE -fsanitize=address,undefined)
endif()
install(TARGETS qbound_options EXPORT qboundTargets)

# qbound_library(FOLDER LINKS…): the static library of src/FOLDER, from every .cpp in it, allowed to see only LINKS.
function(qbound_library folder)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(NOT sources)
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/empty.cpp" "")
    set(sources "${CMAKE_CURRENT_BINARY_DIR}/empty.cpp")
  endif()
  add_library(qbound_${folder} STATIC ${sources})
  target_include_directories(qbound_${folder}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(qbound_${folder} PUBLIC ${ARGN} PRIVATE $<BUILD_INTERFACE:qbound_options>)
endfunction()
