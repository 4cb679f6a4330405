qbound allocate examples/mlp5.json --budget 1kB -o "$SCRATCH/map.json"; code=$?; ls "$SCRATCH"; exit $code
