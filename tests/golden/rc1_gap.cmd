qbound examples/typed.json --bits 3 --budget 200 --fail-gap-above 0.01 --methods gonon-2023 -q
