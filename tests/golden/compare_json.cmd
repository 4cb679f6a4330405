qbound examples/typed.json --bits 3 --methods gonon-2023 --format json >"$SCRATCH/base.json" &&
qbound examples/typed.json --bits 4 --methods gonon-2023 --format json | sed "s/\"bits\": 4/\"bits\": 3/" >"$SCRATCH/new.json" &&
qbound compare "$SCRATCH/base.json" "$SCRATCH/new.json" --max-regress 5 --format json
