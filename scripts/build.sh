#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing and builds the program: build/qbound.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
cmake --preset release -DQBOUND_BUILD_TESTS=OFF
cmake --build --preset release --target qbound
