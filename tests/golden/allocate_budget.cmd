qbound allocate examples/mlp5.json --budget 6
