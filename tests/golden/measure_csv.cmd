qbound measure examples/typed.json --bits 2,3 --budget 100 --format csv
