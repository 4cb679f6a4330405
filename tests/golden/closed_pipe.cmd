{ qbound examples/mlp5.json --bits 2..32 --format json --methods gonon-2023; echo "status $?" >&2; } | head -n 1
