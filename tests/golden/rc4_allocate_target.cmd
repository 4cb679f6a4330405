qbound allocate examples/mlp5.json --target 1e-3 -o "$SCRATCH/map.json"; code=$?; ls "$SCRATCH"; exit $code
