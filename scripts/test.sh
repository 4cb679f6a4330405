#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, then builds and runs every test twice: optimised, and under the address and undefined-behaviour sanitizers.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
jobs=$(nproc)
for preset in release asan; do
    cmake --preset "$preset" -DQBOUND_BUILD_TESTS=ON
    cmake --build --preset "$preset"
    ctest --preset "$preset" -j "$jobs"
done
