qbound examples/typed.json --bits 3 -q --methods gonon-2023
