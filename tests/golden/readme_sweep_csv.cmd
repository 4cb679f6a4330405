qbound examples/mlp5.json --bits 2..8 --format csv
