qbound examples/typed.json --bits 4 --methods fast --format json | sed "s/\"bits\": 4/\"bits\": 3/" >"$SCRATCH/base.json" &&
qbound examples/typed.json --bits 3 --methods fast --format json >"$SCRATCH/new.json" &&
qbound compare "$SCRATCH/base.json" "$SCRATCH/new.json" --max-regress 5% --methods gonon-2023,best -q
