qbound examples/typed.json --bits 3 --asymmetric --layers --methods houache-general
