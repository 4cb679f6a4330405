qbound examples/mlp5.json examples/mlp7.json examples/mlp9.json examples/mlp11.json --bits 8 \
    --methods gonon-2023,houache-general --format csv
