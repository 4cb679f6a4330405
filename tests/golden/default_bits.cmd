qbound examples/typed.json --methods gonon-2023
