qbound allocate examples/mlp5.json --target 5e3 --uniform --format csv
