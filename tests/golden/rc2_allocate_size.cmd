qbound allocate examples/mlp5.json --budget 100; qbound allocate examples/mlp5.json --budget 3parsec
