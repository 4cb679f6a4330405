qbound examples/typed.json --bits 3 --budget 200 --fail-gap-above 1 --print best
