qbound measure examples/typed.json --bits 3 --budget 100 --format json
