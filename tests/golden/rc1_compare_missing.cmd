qbound examples/typed.json --bits 3,4 --methods fast --format json >"$SCRATCH/base.json" &&
qbound examples/typed.json --bits 3,5 --methods fast --format json >"$SCRATCH/new.json" &&
qbound compare "$SCRATCH/base.json" "$SCRATCH/new.json" --max-regress 1e9% --changed --format tsv >/dev/null
