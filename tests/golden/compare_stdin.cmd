qbound examples/typed.json --bits 3 --methods fast --format json >"$SCRATCH/base.json" &&
qbound examples/typed.json --bits 3 --methods default --format json |
qbound compare "$SCRATCH/base.json" - --changed --max-regress 5% --methods gonon-2023,joint
