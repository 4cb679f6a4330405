qbound convert examples/typed.json -o "$SCRATCH/net.json" --dtype float32
