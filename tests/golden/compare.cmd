qbound examples/typed.json --bits 3,4 --methods fast --export-json "$SCRATCH/base.json" --print bits >"$SCRATCH/bits" &&
qbound examples/typed.json --bits 4,3 --methods fast --format ndjson >"$SCRATCH/new.json" &&
qbound compare "$SCRATCH/base.json" "$SCRATCH/new.json" --max-regress 0
