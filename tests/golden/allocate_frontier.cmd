qbound allocate examples/mlp5.json --frontier --points 8 --format csv
