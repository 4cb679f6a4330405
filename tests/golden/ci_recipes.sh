#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ci_recipes.sh QBOUND SOURCE_DIR: runs the commands of examples/ci/*.yml as a service would, in a copy of the examples: every script
# must exit 0, and every gate must exit 1 when it is tightened. What is marked (network) is skipped, and said to be.
set -u
qbound=$1
source_dir=$2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/tree" "$scratch/steps"
ln -s "$qbound" "$scratch/bin/qbound"
PATH=$scratch/bin:$PATH
NO_COLOR=1
GITHUB_STEP_SUMMARY=$scratch/summary
export PATH NO_COLOR GITHUB_STEP_SUMMARY
failed=0
ran=0
tightened=0

complain() {
    echo "FAILED: $*"
    failed=1
}

# One file FOLDER/NN of shell commands for each step or job, FOLDER/NN.name beside it.
extract() { # FORMAT FILE FOLDER
    mkdir -p "$3"
    awk -v format="$1" -v folder="$3" '
        function indent(line) { match(line, /^ */); return RLENGTH }
        function start(title) {
            ++count
            file = sprintf("%s/%02d", folder, count)
            print title > (file ".name")
            printf "" > file
        }
        /^ *#/ || /^ *$/ { next }
        inside && indent($0) > inside_indent { line = $0; sub(/^ *(- )?/, "", line); print line > file; next }
        { inside = 0 }
        format == "github" && /^ *- name: / { name = $0; sub(/^ *- name: */, "", name) }
        format == "github" && /^ *- uses: / { name = $0; sub(/^ *- /, "", name) }
        format == "github" && /^ *run: \|$/ { start(name); inside = 1; inside_indent = indent($0); next }
        format == "github" && /^ *run: / { start(name); line = $0; sub(/^ *run: */, "", line); print line > file; next }
        format == "gitlab" && /^[^ ].*:$/ { name = substr($0, 1, length($0) - 1) }
        format == "gitlab" && /^  script:$/ { start(name); inside = 1; inside_indent = indent($0); next }
        format == "gitlab" && /^  before_script:/ { start(name " before_script" (/\(network\)/ ? " (network)" : ""))
                                                    inside = 1; inside_indent = indent($0); next }
    ' "$2"
}

# The gate in a script made so tight that the same command must fail; nothing if there is no gate in it.
tighten() { # FILE
    if grep -q -e --fail-above "$1"; then
        sed 's/--fail-above [0-9.e]*/--fail-above 1/' "$1"
    elif grep -q -e --fail-gap-above "$1"; then
        sed 's/--fail-gap-above [0-9.e]*/--fail-gap-above 0/' "$1"
    elif grep -q -e --fail-accuracy-drop "$1"; then
        sed 's/--bits 8/--bits 2/' "$1"
    elif grep -q 'qbound compare' "$1"; then
        sed 's|examples/ci/baseline.json|../tighter.json|' "$1"
    fi
}

# A baseline that no report meets: the bounds of more bits.
cd "$source_dir" || exit 1
qbound examples/lenet.json --bits 10 --format json | sed 's/"bits": 10/"bits": 8/' >"$scratch/tighter.json"

for recipe in github:github-actions.yml gitlab:gitlab-ci.yml; do
    format=${recipe%%:*}
    recipe=${recipe#*:}
    steps=$scratch/steps/$format
    extract "$format" "$source_dir/examples/ci/$recipe" "$steps"
    rm -rf "$scratch/tree"
    mkdir "$scratch/tree"
    cp -R "$source_dir/examples" "$scratch/tree/examples"
    cd "$scratch/tree" || exit 1
    for name_file in "$steps"/*.name; do
        step=${name_file%.name}
        name=$(cat "$name_file")
        if grep -q '(network)' "$name_file"; then
            echo "$recipe: $name: skipped"
            continue
        fi
        echo "$recipe: $name"
        sh -e "$step" >"$scratch/out" 2>&1
        status=$?
        ran=$((ran + 1))
        if [ $status != 0 ]; then
            cat "$step" "$scratch/out"
            complain "$recipe: $name: exit $status"
        fi
        tighten "$step" >"$step.tight"
        if [ -s "$step.tight" ]; then
            cmp -s "$step" "$step.tight" && complain "$recipe: $name: nothing to tighten in $(cat "$step")"
            sh -e "$step.tight" >"$scratch/out" 2>&1
            status=$?
            tightened=$((tightened + 1))
            if [ $status != 1 ]; then
                cat "$step.tight" "$scratch/out"
                complain "$recipe: $name, tightened: exit $status in place of 1"
            fi
        elif grep -q -e --fail -e --max-regress "$step"; then
            complain "$recipe: $name: a gate that this test does not know how to tighten"
        fi
    done
done

# The recipes were read at all, and the summary has both reports.
[ $ran -ge 5 ] && [ $tightened -ge 4 ] || complain "only $ran scripts and $tightened gates were found"
grep -q '^## lenet' "$scratch/summary" && grep -q '^## Comparison of bounds' "$scratch/summary" || complain "the summary lacks a report"
echo "$ran scripts run, $tightened gates tightened"
exit $failed
