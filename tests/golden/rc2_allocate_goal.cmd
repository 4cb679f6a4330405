qbound allocate examples/mlp5.json --budget 6 --target 1; qbound allocate examples/mlp5.json
