qbound examples/lenet.json --bits 8 --fail-above 1e3
