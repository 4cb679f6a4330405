#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golden.sh QBOUND SOURCE_DIR NAME: runs tests/golden/NAME.cmd in the source tree and compares standard output, standard error and exit
# status with NAME.out, NAME.err and NAME.rc. In a command, `qbound` is the program under test and $SCRATCH an empty folder.
# With QBOUND_GOLDEN_REWRITE=1 the expectations are written instead.
#
# Before comparing, decimal fractions are cut to nine significant digits and hexadecimal doubles are masked: their last digits may differ
# between instruction sets.
set -u
qbound=$1
source_dir=$2
name=$3
expected=$source_dir/tests/golden/$name
SCRATCH=$(mktemp -d) || exit 1
trap 'chmod -R u+w "$SCRATCH"; rm -rf "$SCRATCH"' EXIT
export SCRATCH
actual=$SCRATCH/.golden
mkdir "$actual" "$actual/bin"
ln -s "$qbound" "$actual/bin/qbound"
PATH=$actual/bin:$PATH
NO_COLOR=1
export PATH NO_COLOR

cd "$source_dir" || exit 1
sh "$expected.cmd" >"$actual/raw.out" 2>"$actual/raw.err" </dev/null
echo $? >"$actual/rc"
for stream in out err; do
    sed -E -e 's/0x[01](\.[0-9a-f]+)?p[+-][0-9]+/0xHEX/g' -e "s|$SCRATCH|SCRATCH|g" "$actual/raw.$stream" | awk '
        # Cuts every decimal fraction so that at most nine significant digits are left.
        {
            rest = $0
            line = ""
            while (match(rest, /[0-9]+\.[0-9]+/)) {
                number = substr(rest, RSTART, RLENGTH)
                line = line substr(rest, 1, RSTART - 1)
                rest = substr(rest, RSTART + RLENGTH)
                digits = 0
                kept = ""
                fraction = 0
                for (i = 1; i <= length(number); ++i) {
                    c = substr(number, i, 1)
                    if (c == ".") fraction = 1
                    else if (digits > 0 || c != "0") ++digits
                    if (!fraction || digits <= 9) kept = kept c
                }
                line = line kept
            }
            print line rest
        }' >"$actual/$stream"
done

failed=0
for part in out err rc; do
    if [ "${QBOUND_GOLDEN_REWRITE:-0}" = 1 ]; then
        cp "$actual/$part" "$expected.$part"
    elif ! diff -u "$expected.$part" "$actual/$part"; then
        failed=1
    fi
done
exit $failed
