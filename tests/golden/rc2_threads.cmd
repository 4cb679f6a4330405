qbound examples/typed.json --threads 0
