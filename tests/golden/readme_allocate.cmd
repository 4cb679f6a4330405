qbound allocate examples/lenet.json --budget 6 -o "$SCRATCH/map.json" && cat "$SCRATCH/map.json"
