qbound examples/typed.json --bits 3 --methods gonon-2023 --format json >"$SCRATCH/base.json" &&
qbound compare "$SCRATCH/base.json" "$SCRATCH/base.json" --methods jiont
