#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what qbound needs to be built and tested on Debian or Ubuntu. Does nothing where everything is present.
set -eu
packages="cmake g++ make ninja-build pkg-config libeigen3-dev libcli11-dev nlohmann-json3-dev libfmt-dev libzip-dev zlib1g-dev
libssl-dev libhwy-dev libprotobuf-dev protobuf-compiler catch2 libboost-dev"

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup.sh: not a Debian or Ubuntu system; install by hand: $(echo $packages)" >&2
    exit 0
fi
missing=
for package in $packages; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "setup.sh: installing$missing" >&2
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo apt-get update -q
# shellcheck disable=SC2086
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
