qbound examples/typed.json --bits 2,8 --fail-above 1 -q --methods houache-general
