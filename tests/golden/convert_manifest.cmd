qbound convert examples/typed.json -o "$SCRATCH/typed.json" && cat "$SCRATCH/typed.json" && (cd "$SCRATCH" && ls typed) &&
qbound examples/typed.json --bits 4 --print best >"$SCRATCH/before" && qbound "$SCRATCH/typed.json" --bits 4 --print best >"$SCRATCH/after" &&
cmp "$SCRATCH/before" "$SCRATCH/after"
