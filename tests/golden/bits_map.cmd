echo '{"hidden": 2}' >"$SCRATCH/map.json" &&
qbound examples/typed.json --bits 4 --bits-map "$SCRATCH/map.json" --layers --methods houache-general
