qbound measure examples/typed.json --bits 3 --budget 200
