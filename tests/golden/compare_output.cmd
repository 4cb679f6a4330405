qbound examples/typed.json --bits 3 --format json >"$SCRATCH/base.json" &&
qbound compare "$SCRATCH/base.json" "$SCRATCH/base.json" --methods best --format csv -q -o "$SCRATCH/compare.csv" && cat "$SCRATCH/compare.csv" && ls "$SCRATCH"
