sed 's/-1.25/-1/; s/0.75/1/; s/-0.625/-0.5/' examples/typed.json >"$SCRATCH/theirs.json" &&
qbound examples/typed.json --quantized "$SCRATCH/theirs.json" --methods houache-general
