qbound examples/typed.json --bits 8..2
