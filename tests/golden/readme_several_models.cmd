qbound examples/mlp5.json examples/mlp7.json --bits 4,8
