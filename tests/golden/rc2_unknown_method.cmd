qbound examples/typed.json --methods gonon
