qbound convert examples/typed.json -o "$SCRATCH/net.bin"
